/**
 * `audit/{entry}/revert/`: takes back an edit that the log tells of. Who may do it is who may see the
 * entry and may make the edit itself; what is done is the domain's business.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { type Asked, accessToOrganisation, accessToProject } from '../auth/access.ts'
import { requireCaller } from '../auth/require.ts'
import { may } from '../domain/permissions.ts'
import { readEdit, type Taken } from '../domain/revert-entry.ts'
import { bool, pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { notFound, type Outcome, ok } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findEntryById, findEntryOfChange } from '../storage/entries.ts'
import { findEnvironment } from '../storage/environments.ts'
import type { Project } from '../storage/projects.ts'
import { type Recorded, wholeRecord } from '../storage/records.ts'
import { accessById } from './environment-with.ts'
import { refusalOf } from './features.ts'
import { commitChange, createAdminRouter } from './router.ts'

/** Whoever does not ask for a change by name gets a dry run. */
const body = z.object({
  dry_run: bool()
    .default(true)
    .openapi({ description: 'Only `false` changes anything; without it nothing is written.' }),
  force: bool()
    .default(false)
    .openapi({ description: 'Take the old values also where somebody has changed them since.' }),
})

const revertSchema = z
  .object({
    id: z.int().openapi({ description: 'The entry that is taken back.' }),
    sequence: z.int(),
    dry_run: z.boolean(),
    resource: z.object({
      type: z.string(),
      id: z.string().nullable(),
      uuid: z.string().nullable(),
      name: z.string(),
    }),
    changes: z
      .array(z.object({ field: z.string(), old: z.unknown(), new: z.unknown() }))
      .openapi({ description: 'What changes: `old` is what is there now.' }),
    conflicts: z
      .array(z.object({ field: z.string(), expected: z.unknown(), present: z.unknown() }))
      .openapi({ description: 'What was changed again since: the entry left `expected`.' }),
    applicable: z.boolean(),
    reason: z.string().nullable().openapi({ description: 'Why it is not applicable.' }),
    new_entry: z
      .object({ id: z.int(), sequence: z.int() })
      .nullable()
      .openapi({ description: 'The entry of the change that was made; null: none was.' }),
  })
  .openapi('AuditRevert')

const conflictSchema = z
  .object({
    detail: z.string(),
    code: z.enum(['audit-revert-conflict', 'audit-revert-gone', 'audit-revert-erased']),
  })
  .openapi('AuditRevertConflict')

type Seen = { project: Project | undefined }

/**
 * As the log shows it: to who may read the log of the project. What that does not hold (of projects that
 * are gone, of the organisation, what was refused) is for who administers the organisation.
 */
async function requireSight(c: Asked, told: Recorded): Promise<Outcome<Seen>> {
  const { outcome, project: projectId, organisation: organisationId } = told
  if (outcome === 'ok' && projectId !== null) {
    const access = await accessToProject(c, projectId, 'VIEW_AUDIT_LOG')
    if (access.kind !== 'not-found') return access
  }
  const access = await accessToOrganisation(c, organisationId ?? 0, 'ADMINISTER_ORGANISATION')
  return access.kind === 'ok' ? ok({ project: undefined }) : notFound()
}

type Allowed = { areOptionsFixed: boolean }

const allowed: Outcome<Allowed> = ok({ areOptionsFixed: false })

/** What the edit itself takes. Of what is gone nobody needs anything: the write says that it is. */
async function requireEdit(c: Asked, taken: Taken): Promise<Outcome<Allowed>> {
  const { edit, projectId, environmentId, isOfSegment } = taken
  switch (edit) {
    case 'segment.updated': {
      const access = await accessToProject(c, projectId, 'MANAGE_SEGMENTS')
      return access.kind === 'ok' ? allowed : access
    }
    case 'feature.updated': {
      const access = await accessToProject(c, projectId, 'CREATE_FEATURE')
      if (access.kind !== 'ok') return access
      return ok({ areOptionsFixed: !may(access.value.standing, 'ADMINISTER_PROJECT') })
    }
    case 'feature-state.updated':
    case 'feature-segment.reordered': {
      const isOverride = isOfSegment || edit === 'feature-segment.reordered'
      if ((await findEnvironment(openDatabase(c.env.DB), environmentId)) === undefined) {
        return allowed
      }
      const permission = isOverride ? 'MANAGE_SEGMENT_OVERRIDES' : 'UPDATE_FEATURE_STATE'
      const access = await accessById(c, environmentId, permission)
      return access.kind === 'ok' ? allowed : access
    }
  }
}

export const auditRevertRoutes = createAdminRouter()

auditRevertRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/audit/{entry}/revert',
    description:
      'Takes back an edit: of a feature state or an override, of a segment, of a feature, of the order ' +
      'of segment overrides. What the entry changed goes back to what it was before, nothing else does, ' +
      'and the change has an entry of its own, which says so (`reverts`). Without `"dry_run": false` it ' +
      'tells what would change and writes nothing. What was changed again since is a conflict (409, ' +
      '`audit-revert-conflict`) unless `force` is set; what is gone is `audit-revert-gone`. Creations ' +
      'and deletions are no edits (400), also where an edit tells of options that came or went.',
    middleware: [requireCaller] as const,
    request: { body: jsonBody(body) },
    responses: answers({ 200: revertSchema, 409: conflictSchema }),
  }),
  async (c) => {
    const { dry_run: isDryRun, force } = c.req.valid('json')
    const db = openDatabase(c.env.DB)
    const entry = await findEntryById(db, pathId(c.req.param('entry')))
    if (entry === undefined) return refuse(c, notFound())
    const told = wholeRecord(entry)
    const seen = await requireSight(c, told)
    if (seen.kind !== 'ok') return refuse(c, seen)
    const taken = readEdit(told)
    if (taken.kind !== 'ok') return refuse(c, taken)
    const edit = seen.value.project === undefined ? allowed : await requireEdit(c, taken.value)
    if (edit.kind !== 'ok') return refuse(c, edit)
    const outcome = await commitChange(c, told.organisation ?? 0, {
      write: 'audit.revert',
      input: { id: entry.id, isDryRun, force, ...edit.value },
    })
    if (outcome.kind !== 'ok') return refuse(c, refusalOf(c, outcome))
    const { result, change } = outcome.value
    const { id, sequence } = entry
    const newEntry = isDryRun ? undefined : await findEntryOfChange(db, change)
    const { resource } = told
    const view = { id, sequence, dry_run: isDryRun, resource, ...result }
    return c.json({ ...view, new_entry: newEntry ?? null }, 200)
  },
)
