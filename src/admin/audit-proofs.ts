/**
 * `…/audit/…`: signed checkpoints of an organisation's log and proofs about
 * it (contract audit-and-webhooks §8.8), for administrators and the organisation's keys. How to check
 * them: src/AUDIT.md.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { int, pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, textAnswers } from '../http/routes.ts'
import { logKey, proveConsistency, proveInclusion, takeCheckpoint } from '../ledger/proofs.ts'
import { openDatabase } from '../storage/database.ts'
import { findLogLine } from '../storage/log-pages.ts'
import { requireLog } from './audit-logs.ts'
import { notInLog } from './audit-retention.ts'
import { createAdminRouter } from './router.ts'

/** The log contradicts what was signed before. */
const conflict = z.object({ detail: z.string(), code: z.string() }).openapi('AuditLogTampered')

/** Numbers of entries: whole, and exact as JSON. */
const count = (min: number) => int(min, Number.MAX_SAFE_INTEGER)

const inclusionSchema = z
  .object({
    sequence: z.int(),
    size: z.int(),
    leaf_hash: z.string(),
    root: z.string(),
    hashes: z.array(z.string()),
    checkpoint: z.string().nullable(),
  })
  .openapi('AuditInclusionProof')

const consistencySchema = z
  .object({
    from: z.int(),
    to: z.int(),
    from_root: z.string(),
    to_root: z.string(),
    hashes: z.array(z.string()),
  })
  .openapi('AuditConsistencyProof')

export const auditProofRoutes = createAdminRouter()

/** A C2SP checkpoint: origin, number of entries, root of their tree, and the signature. */
auditProofRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/checkpoint',
    middleware: [requireLog] as const,
    responses: textAnswers('text/plain', 'A signed note over all entries of this moment.', {
      409: conflict,
    }),
  }),
  async (c) => {
    const taken = await takeCheckpoint(c.env, c.var.log)
    return taken.kind === 'ok' ? c.text(taken.value.note, 200) : refuse(c, taken)
  },
)

/** The verifier key: whoever checks notes it once and trusts no other. */
auditProofRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/key',
    middleware: [requireLog] as const,
    responses: textAnswers('text/plain', 'The verifier key of the checkpoints.'),
  }),
  async (c) => c.text(`${await logKey(c.env, c.var.log)}\n`, 200),
)

/** RFC 6962 §2.1.1: one entry is in the tree of a size. */
auditProofRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/proof/inclusion',
    middleware: [requireLog] as const,
    request: { query: z.object({ sequence: count(1), size: count(1).optional() }) },
    responses: answers({ 200: inclusionSchema, 409: conflict }),
  }),
  async (c) => {
    const { sequence, size } = c.req.valid('query')
    const proof = await proveInclusion(c.env, c.var.log, { sequence, size })
    if (proof.kind !== 'ok') return refuse(c, proof)
    const { leaf, ...told } = proof.value
    return c.json({ ...told, leaf_hash: leaf }, 200)
  },
)

/** RFC 6962 §2.1.2: an earlier tree is the beginning of a later one. */
auditProofRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/proof/consistency',
    middleware: [requireLog] as const,
    request: { query: z.object({ from: count(0), to: count(0).optional() }) },
    responses: answers({ 200: consistencySchema, 409: conflict }),
  }),
  async (c) => {
    const { from, to } = c.req.valid('query')
    const proof = await proveConsistency(c.env, c.var.log, { from, to })
    if (proof.kind !== 'ok') return refuse(c, proof)
    const { fromRoot, toRoot, ...told } = proof.value
    return c.json({ ...told, from_root: fromRoot, to_root: toRoot }, 200)
  },
)

/** The bytes that were hashed: SHA-256 over 0x00 and them is the leaf. */
auditProofRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/leaf/{sequence}',
    middleware: [requireLog] as const,
    responses: answers({ 200: z.record(z.string(), z.unknown()) }),
  }),
  async (c) => {
    const { ledger } = c.var.log
    const sequence = pathId(c.req.param('sequence'))
    const db = openDatabase(c.env.DB)
    const line = await findLogLine(db, ledger, sequence)
    return line === undefined
      ? refuse(c, await notInLog(db, ledger, sequence))
      : c.body(line.record, 200, { 'Content-Type': 'application/json' })
  },
)
