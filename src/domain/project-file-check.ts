/**
 * What a project's file must keep to before it becomes rows: the same rules that hold for each of its
 * parts when they are written one by one, and the limits that the file itself sets. Pure.
 */
import { type FieldErrors, invalid, type Refusal } from '../outcome.ts'
import { normalValue } from '../storage/values.ts'
import { refuseName } from './feature-name.ts'
import { bytesOf, maxDocumentText } from './limits.ts'
import { exceedsWhole, findOptionFault } from './multivariate-options.ts'
import type { FileEnvironment, FileFeature, FileState, ProjectFile } from './project-file.ts'
import { refuseRules } from './segment-rules.ts'
import { changed } from './snapshot.ts'

/** So many messages of one kind help; more are noise. */
const shown = 20

type Complain = (message: string) => void

const fold = (name: string) => name.toLowerCase()

/** Names the first text of a refusal, wherever it stands. */
const textOf = (refusal: Refusal): string => {
  const first = (value: unknown): string =>
    typeof value === 'object' && value !== null
      ? first(Object.values(value).find((part) => JSON.stringify(part).length > 2))
      : String(value)
  return refusal.kind === 'invalid' ? first(refusal.errors) : refusal.kind
}

function checkFeatures({ project, tags, features }: ProjectFile, complain: Complain): void {
  const most = project.maxFeaturesAllowed
  if (features.length > most)
    complain(`${features.length} features; the maximum allowed is ${most}.`)
  const names = new Set<string>()
  for (const feature of features) {
    const say = (message: string) => complain(`Feature '${feature.name}': ${message}`)
    if (names.has(fold(feature.name))) say('the name stands twice (case does not count).')
    names.add(fold(feature.name))
    const badName = refuseName(project.featureNameRegex, feature.name)
    if (badName !== undefined) say(textOf(badName))
    if (new Set(feature.tags).size < feature.tags.length) say('a tag stands twice.')
    const tag = feature.tags.find((position) => position >= tags.length)
    if (tag !== undefined) say(`there is no tag ${tag} in this file.`)
    const fault = findOptionFault(feature.options)
    if (fault !== undefined) say(fault.message)
    if (feature.options.some((option) => changed(option, { ...option, ...normalValue(option) }))) {
      say('a variant has a value in another field than that of its type, or none.')
    }
    const values = [feature.initialValue, ...feature.options.map((option) => option.stringValue)]
    const longest = Math.max(...values.map(bytesOf))
    if (longest > project.maxFeatureValueBytes) {
      say(`a value of ${longest} bytes; the maximum allowed is ${project.maxFeatureValueBytes}.`)
    }
  }
}

function checkRules(
  { project, segments }: Pick<ProjectFile, 'project' | 'segments'>,
  complain: Complain,
): void {
  for (const { name, rules } of segments) {
    const refusal = refuseRules(rules, project.maxSegmentConditionsAllowed)
    if (refusal !== undefined) complain(`Segment '${name}': ${textOf(refusal)}`)
  }
}

function checkSegments({ project, features, segments }: ProjectFile, complain: Complain): void {
  const most = project.maxSegmentsAllowed
  if (segments.length > most)
    complain(`${segments.length} segments; the maximum allowed is ${most}.`)
  const names = new Set(features.map((feature) => feature.name))
  for (const { name, feature } of segments) {
    const say = (message: string) => complain(`Segment '${name}': ${message}`)
    if (feature !== null && !names.has(feature))
      say(`there is no feature '${feature}' in this file.`)
  }
  checkRules({ project, segments }, complain)
}

type Known = { file: ProjectFile; features: Map<string, FileFeature> }

function checkState({ file, features }: Known, state: FileState, say: Complain): void {
  const feature = features.get(state.feature)
  if (feature === undefined) {
    say('there is no such feature in this file.')
    return
  }
  const options = state.shares.map((share) => share.option)
  if (options.some((option) => option >= feature.options.length)) say('a share of no variant.')
  if (new Set(options).size < options.length) say('two shares of one variant.')
  if (exceedsWhole(state.shares.map((share) => share.percentageAllocation))) {
    say('the shares of its variants exceed 100%.')
  }
  const bytes = typeof state.value === 'string' ? bytesOf(state.value) : 0
  const most = file.project.maxFeatureValueBytes
  if (bytes > most) say(`a value of ${bytes} bytes; the maximum allowed is ${most}.`)
}

function checkEnvironment(known: Known, environment: FileEnvironment, complain: Complain): void {
  const { segments, project } = known.file
  const about = `Environment '${environment.settings.name}'`
  const seen = new Set<string>()
  const check = (state: FileState, whom: string, key: unknown[]) => {
    const say = (message: string) =>
      complain(`${about}, feature '${state.feature}'${whom}: ${message}`)
    const text = JSON.stringify([state.feature, ...key])
    if (seen.has(text)) say('stands twice.')
    seen.add(text)
    checkState(known, state, say)
    return say
  }
  for (const state of environment.states) check(state, '', [])
  for (const feature of known.features.keys()) {
    if (!seen.has(JSON.stringify([feature])))
      complain(`${about}: no state of feature '${feature}'.`)
  }
  for (const override of environment.segmentOverrides) {
    const say = check(override, `, segment ${override.segment}`, ['segment', override.segment])
    const segment = segments[override.segment]
    if (segment === undefined) say('there is no such segment in this file.')
    else if (segment.feature !== null && segment.feature !== override.feature) {
      say('the segment is specific to another feature.')
    }
    const place = JSON.stringify([override.feature, 'priority', override.priority])
    if (seen.has(place)) say(`another override has the priority ${override.priority}.`)
    seen.add(place)
  }
  for (const override of environment.identityOverrides) {
    const { identifier } = override
    check(override, `, identity '${identifier}'`, ['identity', identifier])
  }
  const overrides = environment.segmentOverrides.length
  const most = project.maxSegmentOverridesAllowed
  if (overrides > most)
    complain(`${about}: ${overrides} overrides; the maximum allowed is ${most}.`)
}

/** As `refuseText` counts what is stored: the largest document that the file would make. */
function measure({ features, segments, environments }: ProjectFile): number {
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
  const ofState = ({ value }: FileState) => (typeof value === 'string' ? bytesOf(value) : 0)
  const options = features.flatMap((feature) => feature.options)
  const shared =
    sum(options.map((option) => bytesOf(option.stringValue))) +
    sum(segments.map((segment) => bytesOf(JSON.stringify(segment.rules))))
  const own = environments.map(({ states, segmentOverrides }) =>
    sum([...states, ...segmentOverrides].map(ofState)),
  )
  return shared + Math.max(0, ...own)
}

/** Its rules alone: those that are nested too deeply would not survive the way to the ledger. */
export function refuseFileRules(file: ProjectFile): Refusal | undefined {
  const messages: string[] = []
  checkRules(file, (message) => messages.push(message))
  return messages.length === 0 ? undefined : invalid({ segments: messages.slice(0, shown) })
}

/** Everything that is wrong with the file, by its lists; undefined when it can become rows. */
export function refuseFile(file: ProjectFile): Refusal | undefined {
  const errors: { [list: string]: string[] } = {}
  const complainOf = (list: string) => (message: string) => {
    errors[list] ??= []
    if (errors[list].length < shown) errors[list].push(message)
  }
  checkFeatures(file, complainOf('features'))
  checkSegments(file, complainOf('segments'))
  const features = new Map(file.features.map((feature) => [feature.name, feature]))
  const names = new Set<string>()
  for (const environment of file.environments) {
    const { name } = environment.settings
    if (names.has(name)) complainOf('environments')(`Two environments are called '${name}'.`)
    names.add(name)
    checkEnvironment({ file, features }, environment, complainOf('environments'))
  }
  const text = measure(file)
  if (text > maxDocumentText) {
    complainOf('project')(
      `An environment would hold ${text} bytes of values and rules; the maximum allowed is ${maxDocumentText}.`,
    )
  }
  return Object.keys(errors).length === 0 ? undefined : invalid(errors satisfies FieldErrors)
}
