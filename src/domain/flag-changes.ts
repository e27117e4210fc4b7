/**
 * A change of a whole flag in one environment: its own state, its segment overrides and their order,
 * all or nothing, as one change of the ledger. Contract admin-api §B.12.
 */
import { type FieldErrors, invalid, notFound, type Outcome, ok, type Refusal } from '../outcome.ts'
import type { FeatureSegment } from '../storage/feature-segments.ts'
import type { Project } from '../storage/projects.ts'
import { readWholeFlag } from '../storage/whole-flags.ts'
import { deleteFeatureSegment } from './feature-segments.ts'
import { changeState, type StateWithShares } from './feature-states.ts'
import type { Flag, Target } from './flag.ts'
import { planLinks } from './flag-links.ts'
import { refuseWanted, type Wanted, type WantedOverride } from './flag-refusals.ts'
import {
  findScene,
  type OverrideOfFlag,
  overrideFlag,
  type Place,
  type Scene,
  type WholeFlag,
  wholeFlag,
} from './flag-scene.ts'
import { bytesOf, refuseSegmentOverride, refuseText, refuseValue } from './limits.ts'
import { overrideFrom } from './overrides.ts'
import { snapshot } from './snapshot.ts'
import { type Context, nothingToDo, type Plan, type Write } from './write.ts'

/** Ids for the whole change in one round trip; what is not used stays a gap. */
async function withPool(
  context: Context,
  counts: Record<'feature-segment' | 'feature-state' | 'multivariate-value', number>,
): Promise<Context> {
  const next: Record<string, number> = await context.reserve(counts)
  const reserve: Context['reserve'] = async (asked) => {
    const firsts = { ...asked }
    for (const name in asked) {
      const first = next[name] ?? 0
      firsts[name] = first as (typeof asked)[typeof name]
      next[name] = first + asked[name]
    }
    return firsts
  }
  return { ...context, reserve }
}

/** An override that is there changes; a new one takes what is left out from the own state. */
async function planWish(
  context: Context,
  scene: Scene,
  at: { wish: WantedOverride; links: Map<number, FeatureSegment>; own: StateWithShares },
): Promise<Outcome<Plan<OverrideOfFlag>>> {
  const { ground, before, rows, segments } = scene
  const { segmentId, changes } = at.wish
  const link = at.links.get(segmentId)
  const segment = segments.get(segmentId)
  if (link === undefined || segment === undefined) throw new Error('an override lost its segment')
  const target: Target = { kind: 'segment', segment, link }
  const present = before.overrides.find((override) => override.link.id === link.id)
  const flag = present && overrideFlag(scene, present)
  if (flag !== undefined) {
    const planned = await changeState(context, flag, { changes, target })
    if (planned.kind !== 'ok') return planned
    return ok({ ...planned.value, result: { ...planned.value.result, link } })
  }
  const base = { ...at.own, options: rows.options }
  const planned = await overrideFrom(context, { ground, target, changes }, base)
  if (planned.kind !== 'ok') return planned
  const { result, entries, ...effects } = planned.value
  // A link that was there without a state was told when it came.
  const isThere = scene.kept.some(({ id }) => id === link.id)
  const told = entries.map((entry) => ({
    ...entry,
    after: { ...entry.after, feature_segment: snapshot(link) },
  }))
  return ok({ ...effects, result: { ...result, link }, entries: isThere ? entries : told })
}

type Text = { before: string | null; after: string | null }
type Texts = { own: Text; overrides: Text[] }

const comes = ({ before, after }: Text) => before !== after

/** Errors stand where the body has the value; values that stay are not judged again. */
function refuseValues(project: Project, { own, overrides }: Texts): Refusal | undefined {
  const errorsOf = (text: Text): FieldErrors => {
    const refusal = comes(text) ? refuseValue(project, text.after, 'value') : undefined
    return refusal?.kind === 'invalid' ? refusal.errors : {}
  }
  const isWrong = (errors: FieldErrors) => Object.keys(errors).length > 0
  const ownErrors = errorsOf(own)
  const errors = overrides.map(errorsOf)
  if (!isWrong(ownErrors) && !errors.some(isWrong)) return undefined
  return invalid({
    ...(isWrong(ownErrors) && { environment_default: ownErrors }),
    ...(errors.some(isWrong) && { segment_overrides: errors }),
  })
}

/** The text of all values that come is measured once. */
async function refuseSizes(
  { db }: Context,
  { ground, wanted, kept, removed }: Scene,
  texts: Texts,
): Promise<Refusal | undefined> {
  const { project, environment } = ground
  const held = new Set(kept.map((link) => link.segmentId))
  const fresh = wanted.overrides?.filter((wish) => !held.has(wish.segmentId)) ?? []
  const added = fresh.length - removed.length
  const full = await refuseSegmentOverride(db, project, { environmentId: environment.id, added })
  const refusal = full ?? refuseValues(project, texts)
  if (refusal !== undefined) return refusal
  const come = [texts.own, ...texts.overrides].filter(comes)
  return refuseText(
    db,
    project,
    come.reduce((sum, { after }) => sum + bytesOf(after), 0),
  )
}

const priorityOf = ({ link }: OverrideOfFlag) => link.priority

/** The flag as it will be: what no wish names stays, at its new place. */
function flagAfter(
  own: StateWithShares,
  { before, removed }: Scene,
  { changed, links }: { changed: OverrideOfFlag[]; links: Map<number, FeatureSegment> },
): WholeFlag {
  const touched = new Set([...removed, ...changed.map(({ link }) => link)].map((link) => link.id))
  const stayed = before.overrides
    .filter(({ link }) => !touched.has(link.id))
    .map((override) => ({
      ...override,
      link: links.get(override.link.segmentId) ?? override.link,
    }))
  const overrides = [...stayed, ...changed].sort((a, b) => priorityOf(a) - priorityOf(b))
  return { ...own, overrides }
}

type Effects = Pick<Plan<unknown>, 'statements' | 'entries' | 'events'>
type StatesPlan = { own: StateWithShares; changed: OverrideOfFlag[]; plans: Effects[] }

async function planStates(
  context: Context,
  scene: Scene,
  links: Map<number, FeatureSegment>,
): Promise<Outcome<StatesPlan>> {
  const { ground, rows, before, wanted } = scene
  const { state, shares } = before
  const { options } = rows
  const flag: Flag = { ...ground, target: { kind: 'default' }, state, shares, options }
  const own = await changeState(context, flag, { changes: wanted.own ?? {} })
  if (own.kind !== 'ok') return own
  const plans: Effects[] = [own.value]
  const changed: OverrideOfFlag[] = []
  for (const wish of wanted.overrides ?? []) {
    const planned = await planWish(context, scene, { wish, links, own: own.value.result })
    if (planned.kind !== 'ok') return planned
    plans.push(planned.value)
    changed.push(planned.value.result)
  }
  return ok({ own: own.value.result, changed, plans })
}

function textsOf(before: WholeFlag, { own, changed }: StatesPlan): Texts {
  const pasts = new Map(before.overrides.map(({ state }) => [state.id, state.stringValue]))
  return {
    own: { before: before.state.stringValue, after: own.state.stringValue },
    overrides: changed.map(({ state }) => ({
      before: pasts.get(state.id) ?? null,
      after: state.stringValue,
    })),
  }
}

/** What is left out stays; a new override starts from the environment's own state as it will be. */
export const changeFlag: Write<Place & Wanted, WholeFlag> = async (outer, input) => {
  const found = await findScene(outer, input)
  if (found.kind !== 'ok') return found
  const scene = found.value
  const { ground, rows, before, segments } = scene
  const { feature, project, environment } = ground
  const known = { projectId: project.id, featureId: feature.id, options: rows.options, segments }
  const refusal = refuseWanted(input, known)
  if (refusal !== undefined) return refusal
  const most = input.overrides?.length ?? 0
  const context = await withPool(outer, {
    'feature-segment': most,
    'feature-state': most,
    'multivariate-value': (most + 1) * rows.options.length,
  })
  const { links, plan } = await planLinks(context, scene)
  const states = await planStates(context, scene, links)
  if (states.kind !== 'ok') return states
  const tooMuch = await refuseSizes(context, scene, textsOf(before, states.value))
  if (tooMuch !== undefined) return tooMuch
  const { own, changed } = states.value
  const result = flagAfter(own, scene, { changed, links })
  const plans = [plan, ...states.value.plans]
  const entries = plans.flatMap((part) => part.entries)
  if (entries.length === 0) return ok(nothingToDo(result, [feature.id]))
  return ok({
    result,
    statements: plans.flatMap((part) => part.statements),
    entries,
    features: [feature.id],
    publish: [environment.id],
    events: plans.flatMap((part) => part.events),
  })
}

/** As deleting the link does; answers the flag that is left. */
export const deleteFlagOverride: Write<Place & { segmentId: number }, WholeFlag> = async (
  context,
  { segmentId, ...place },
) => {
  const rows = await readWholeFlag(context.db, place)
  const link = rows.links.find((candidate) => candidate.segmentId === segmentId)
  if (link === undefined) return notFound('Segment override not found.')
  const { environmentId } = place
  const planned = await deleteFeatureSegment(context, { environmentId, id: link.id })
  if (planned.kind !== 'ok') return planned
  const links = rows.links
    .filter((candidate) => candidate.id !== link.id)
    .map((candidate) => ({
      ...candidate,
      priority: candidate.priority - (candidate.priority > link.priority ? 1 : 0),
    }))
  const result = wholeFlag({ ...rows, links })
  return result === undefined ? notFound() : ok({ ...planned.value, result })
}
