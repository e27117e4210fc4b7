/** A database with a whole log and a promised tree in it, and copies of it for the tests to break. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll } from 'vitest'
import { growTree, type Tile } from '../../src/tools/fsck-tree.ts'
import { createLedger, fill } from './ledger.ts'

/** Gone when the tests of the file are over. */
export const folder = mkdtempSync(join(tmpdir(), 'burgee-fsck-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const base = join(folder, 'base.sqlite')
export const ledger = 'organisation:1'
export const now = Date.now()
type Entry = { sequence: number; hash: string }
export const leavesOf = (db: DatabaseSync) =>
  db
    .prepare('SELECT sequence, hash FROM entries WHERE ledger = ? ORDER BY sequence')
    .all(ledger) as Entry[]

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** As the server does when a checkpoint is asked for. Answers the root. */
function promise(db: DatabaseSync): string {
  const tiles: Tile[] = []
  const tree = growTree((tile) => tiles.push(tile))
  const leaves = leavesOf(db)
  for (const { hash } of leaves) tree.add(Buffer.from(hash, 'hex'))
  const tile = db.prepare('INSERT INTO tree_tiles VALUES (?, ?, ?, ?, ?)')
  for (const { level, position, root, hashes } of tiles) {
    tile.run(ledger, level, position, hexOf(root), hashes.map(hexOf).join(''))
  }
  const root = hexOf(tree.root())
  db.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, 1)').run(ledger, leaves.length, root)
  return root
}

beforeAll(async () => {
  const test = createLedger(base)
  const { organisationId, environmentId, stateIds } = await fill(test, 40)
  for (let round = 0; round < 8; round++) {
    const inputs = stateIds.map((id) => ({ environmentId, id, changes: { value: `v ${round}` } }))
    await test.together(organisationId, 'feature-state.update', inputs)
  }
  promise(test.db)
  test.db.exec(`DELETE FROM outbox;
    INSERT INTO deliveries (id, event_id, webhook_id, sequence, state, attempts, created_at)
      SELECT 'dlv_1', events.id, webhooks.id, 1, 'delivered', 2, 1 FROM events, webhooks LIMIT 1;
    INSERT INTO attempts (delivery_id, number, started_at, ended_at, outcome)
      VALUES ('dlv_1', 1, 1, 2, 'failed'), ('dlv_1', 2, 3, 4, 'delivered')`)
  test.db.exec('PRAGMA journal_mode = DELETE')
  test.db.close()
})

let copies = 0

/** A copy that may be broken: nothing guards it. */
export function copy(): { path: string; db: DatabaseSync } {
  const path = join(folder, `copy-${++copies}.sqlite`)
  copyFileSync(base, path)
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  for (const { name } of db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    .all()) {
    db.exec(`DROP TRIGGER "${name}"`)
  }
  return { path, db }
}
