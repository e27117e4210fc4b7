/**
 * The rules of cloning an environment: settings, default states, segment overrides and all their
 * shares, under a name and a client-side key of its own. Who and what belongs to the original stays
 * with it: identities, their overrides, keys, webhooks and the grants of people.
 */
import { notFound, ok } from '../outcome.ts'
import { insertRows } from '../storage/database.ts'
import { copyEnvironment, countCopies } from '../storage/environment-clone.ts'
import { type Environment, environments } from '../storage/environments.ts'
import { grants } from '../storage/grants.ts'
import { aboutEnvironment, environmentSnapshot } from './environment-entry.ts'
import { findEnvironmentGround } from './environment-ground.ts'
import { taken } from './environments.ts'
import { planCreatorGrant } from './grants.ts'
import { randomKey } from './random-key.ts'
import { snapshot } from './snapshot.ts'
import type { Write } from './write.ts'

export const cloneEnvironment: Write<{ id: number; name: string }, Environment> = async (
  context,
  { id, name },
) => {
  const { db, now, reserve } = context
  const ground = await findEnvironmentGround(db, id)
  if (ground === undefined) return notFound()
  const { environment: source, project } = ground
  const draft: Environment = {
    ...source,
    // No other's: what it is to be called is checked before ids are reserved for it.
    id: 0,
    uuid: crypto.randomUUID(),
    name,
    apiKey: randomKey(22),
    // The commit raises it: the first published version is 1.
    version: 0,
    createdAt: now,
    updatedAt: now,
  }
  const refusal = await taken(db, draft)
  if (refusal !== undefined) return refusal
  const counts = await countCopies(db, id)
  const firsts = await reserve({
    environment: 1,
    'feature-segment': counts.featureSegments,
    'feature-state': counts.featureStates,
    'multivariate-value': counts.shares,
  })
  const clone: Environment = { ...draft, id: firsts.environment }
  const copies = copyEnvironment(db, {
    from: id,
    to: clone.id,
    now,
    firsts: {
      featureSegments: firsts['feature-segment'],
      featureStates: firsts['feature-state'],
      shares: firsts['multivariate-value'],
    },
  })
  const { organisationId, id: projectId } = project
  const place = { organisationId, projectId, environmentId: clone.id }
  const own = await planCreatorGrant(context, place)
  return ok({
    result: clone,
    statements: [db.insert(environments).values(clone), ...copies, ...insertRows(db, grants, own)],
    entries: [
      {
        ...aboutEnvironment(project, clone),
        action: 'environment.created',
        log: `New Environment created: ${name}`,
        before: null,
        after: {
          ...environmentSnapshot(clone),
          grants: own.map(snapshot),
          cloned_from: {
            id: source.id,
            name: source.name,
            feature_states: counts.featureStates,
            segment_overrides: counts.featureSegments,
          },
        },
      },
    ],
    publish: [clone.id],
    events: [],
  })
}
