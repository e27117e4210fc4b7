/** What would break the promises of a change: one order, one entry, no effect lost. */
import type { Mutant } from './mutant.ts'

/** Slow, since it fails every call in every way, but it ends with the first broken invariant. */
const faults = ['test/ledger/faults.test.ts']

export const ledgerMutants: Mutant[] = [
  {
    name: 'the outbox is marked before the effect',
    file: 'src/ledger/act.ts',
    find: "  const events = due.filter((debt) => debt.kind === 'deliver')\n",
    replace:
      "  const events = due.filter((debt) => debt.kind === 'deliver')\n  await settleDebts(desk.db, desk.ledger, due)\n",
    tests: faults,
  },
  {
    name: 'no alarm looks after a change',
    file: 'src/ledger/turn.ts',
    find: '    await book.arm()\n',
    replace: '',
    tests: faults,
  },
  {
    name: 'the alarm is armed after the commit',
    file: 'src/ledger/turn.ts',
    find: '    await book.arm()\n    const committed = await commit(book, changes, standing)\n',
    replace: '    const committed = await commit(book, changes, standing)\n    await book.arm()\n',
    tests: faults,
  },
  {
    name: 'the alarm throws',
    file: 'src/ledger/ledger.ts',
    find: "logError('ledger.alarm-failed', { error: reasonOf(error) })",
    replace: 'throw error',
    tests: ['test/ledger/sweep.test.ts'],
  },
  {
    name: 'no guard on the sequence',
    file: 'migrations/0001_first_slice.sql',
    find: ',\n  UNIQUE (ledger, sequence)',
    replace: '',
    tests: ['test/ledger/concurrency.test.ts'],
  },
  {
    name: 'the entries are written after the batch',
    file: 'src/ledger/turn.ts',
    find: 'const results = (await runBatch(db, batch.statements)) as FeatureVersion[][]',
    replace: `const [entry, ...rest] = batch.statements
    const results = [[], ...(await runBatch(db, rest))] as FeatureVersion[][]
    if (entry !== undefined) await runBatch(db, [entry])`,
    tests: faults,
  },
  {
    name: 'an event takes its bytes from the latest state',
    file: 'src/storage/delivery-claims.ts',
    find: '      body: eventBodies.body,\n',
    replace: `      body: sql<string>\`(SELECT latest.body FROM event_bodies AS latest
        JOIN events AS newer ON newer.id = latest.event_id
        WHERE newer.environment_id IS \${events.environmentId} AND latest.format = \${deliveries.format}
        ORDER BY newer.rowid DESC LIMIT 1)\`.as('body'),\n`,
    tests: ['test/delivery/attempt.test.ts'],
  },
]
