/**
 * A file becomes a project of its own, whole or not at all: one change, one entry per object. It never
 * touches a project that is there. Its environments get new client-side keys.
 */
import { notFound, ok } from '../outcome.ts'
import { insertRows } from '../storage/database.ts'
import { environments } from '../storage/environments.ts'
import { featureSegments } from '../storage/feature-segments.ts'
import { featureStates, multivariateValues } from '../storage/feature-states.ts'
import { featureTags } from '../storage/feature-tags.ts'
import { features, multivariateOptions } from '../storage/features.ts'
import { type Grant, grants } from '../storage/grants.ts'
import { findOrganisation } from '../storage/organisations.ts'
import { findProjectByName, type Project, projects } from '../storage/projects.ts'
import { segments } from '../storage/segments.ts'
import { tags } from '../storage/tags.ts'
import { environmentSnapshot } from './environment-entry.ts'
import { aboutFeature, featureSnapshot } from './feature-entry.ts'
import { refusePattern } from './feature-name.ts'
import { stateEntry, stateSnapshot } from './feature-states.ts'
import { stateLog } from './flag.ts'
import { planCreatorGrant } from './grants.ts'
import { aboutIn } from './identity-plan.ts'
import type { ProjectFile } from './project-file.ts'
import { refuseFile } from './project-file-check.ts'
import { type Imported, toRows } from './project-import-rows.ts'
import { nameTaken } from './projects.ts'
import { snapshot } from './snapshot.ts'
import { type EntryDraft, nothingToDo, type ResourceType, type Write } from './write.ts'

type Named = { id: number; uuid: string }

function toEntries(imported: Imported, own: Grant[]): EntryDraft[] {
  const { project } = imported
  const about = (type: ResourceType, { id, uuid }: Named, name: string) => ({
    resource: { type, id: String(id), uuid, name },
    organisationId: project.organisationId,
    projectId: project.id,
    environment: null,
    before: null,
  })
  return [
    {
      ...about('PROJECT', project, project.name),
      action: 'project.imported',
      log: `Project imported: ${project.name}`,
      after: { ...snapshot(project), grants: own.map(snapshot) },
    },
    ...imported.tags.map((tag) => ({
      ...about('TAG', tag, tag.label),
      action: 'tag.created',
      log: `New Tag created: ${tag.label}`,
      after: snapshot(tag),
    })),
    ...imported.features.map(({ feature, options, tags: tagged }) => ({
      ...aboutFeature(project, feature),
      action: 'feature.created',
      log: `New Flag / Remote Config created: ${feature.name}`,
      before: null,
      after: featureSnapshot({ feature, options, tags: tagged, owners: [], groupOwners: [] }),
    })),
    ...imported.segments.map((segment) => ({
      ...about('SEGMENT', segment, segment.name),
      action: 'segment.created',
      log: `New Segment created: ${segment.name}`,
      after: snapshot(segment),
    })),
    ...imported.environments.map((environment) => ({
      ...about('ENVIRONMENT', environment, environment.name),
      environment: { id: environment.id, name: environment.name },
      action: 'environment.created',
      log: `New Environment created: ${environment.name}`,
      after: environmentSnapshot(environment),
    })),
    ...imported.identities.flatMap(({ identities }, index) => {
      const environment = imported.environments[index]
      if (environment === undefined) return []
      return identities.map((identity) => ({
        ...aboutIn(
          { project, environment },
          { type: 'IDENTITY', id: identity.id, name: identity.identifier },
        ),
        action: 'identity.created',
        log: `Identity created: ${identity.identifier}`,
        before: null,
        after: snapshot(identity),
      }))
    }),
    ...imported.flags.map((flag) => {
      const { target, feature } = flag
      const isDefault = target.kind === 'default'
      const link = target.kind === 'segment' ? { feature_segment: snapshot(target.link) } : {}
      return stateEntry(flag, {
        action: 'feature-state.created',
        log: isDefault
          ? `New Flag / Remote Config created: ${feature.name}`
          : stateLog(flag, 'state'),
        before: null,
        after: { ...stateSnapshot(flag), ...link },
      })
    }),
  ]
}

/** `dryRun` answers as the import would, and changes nothing. */
export const importProject: Write<
  { organisationId: number; file: ProjectFile; dryRun: boolean },
  Project | null
> = async (context, { organisationId, file, dryRun }) => {
  const { db } = context
  const badPattern = refusePattern(file.project.featureNameRegex)
  if (badPattern !== undefined) return badPattern
  if ((await findOrganisation(db, organisationId)) === undefined) return notFound()
  if (await findProjectByName(db, organisationId, file.project.name)) return nameTaken
  const refusal = refuseFile(file)
  if (refusal !== undefined) return refusal
  if (dryRun) return ok(nothingToDo(null))
  const imported = await toRows(context, organisationId, file)
  const { project, flags } = imported
  const place = { organisationId, projectId: project.id, environmentId: null }
  const own = await planCreatorGrant(context, place)
  return ok({
    result: project,
    statements: [
      ...insertRows(db, projects, [project]),
      ...insertRows(db, grants, own),
      ...insertRows(db, tags, imported.tags),
      ...insertRows(
        db,
        features,
        imported.features.map(({ feature }) => feature),
      ),
      ...insertRows(
        db,
        featureTags,
        imported.features.flatMap(({ feature, tags: tagged }) =>
          tagged.map((tagId) => ({ featureId: feature.id, tagId })),
        ),
      ),
      ...insertRows(
        db,
        multivariateOptions,
        imported.features.flatMap(({ options }) => options),
      ),
      ...insertRows(db, segments, imported.segments),
      ...insertRows(db, environments, imported.environments),
      ...imported.identities.flatMap(({ statements }) => statements),
      ...insertRows(db, featureSegments, imported.links),
      ...insertRows(
        db,
        featureStates,
        flags.map(({ state }) => state),
      ),
      ...insertRows(
        db,
        multivariateValues,
        flags.flatMap(({ shares }) => shares),
      ),
    ],
    entries: toEntries(imported, own),
    debts: imported.identities.flatMap(({ debts }) => debts),
    publish: imported.environments.map((environment) => environment.id),
    events: [],
  })
}
