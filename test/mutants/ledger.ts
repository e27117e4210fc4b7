/** What would break the promises of a change: one order, one entry, no effect lost. */
import type { Mutant } from './mutant.ts'

/** Slow, since it fails every call in every way, but it ends with the first broken invariant. */
const faults = 'test/ledger/faults.test.ts'

export const ledgerMutants: Mutant[] = [
  {
    name: 'the outbox is marked before the effect',
    file: 'src/ledger/act.ts',
    find: "  const events = due.filter((debt) => debt.kind === 'deliver')\n",
    replace:
      "  const events = due.filter((debt) => debt.kind === 'deliver')\n  await settleDebts(desk.db, desk.ledger, due)\n",
    test: faults,
    by: 'keeps every invariant when any one of its calls fails',
  },
  {
    name: 'no alarm looks after a change',
    file: 'src/ledger/turn.ts',
    find: '    await book.arm()\n',
    replace: '',
    test: faults,
    by: 'touches D1, KV, queue and alarm',
  },
  {
    name: 'the alarm is armed after the commit',
    file: 'src/ledger/turn.ts',
    find: '    await book.arm()\n    const committed = await commit(book, changes, standing)\n',
    replace: '    const committed = await commit(book, changes, standing)\n    await book.arm()\n',
    test: faults,
    by: 'keeps every invariant when any one of its calls fails',
  },
  {
    name: 'the alarm throws',
    file: 'src/ledger/ledger.ts',
    find: "logError('ledger.alarm-failed', { error: reasonOf(error) })",
    replace: 'throw error',
    test: 'test/ledger/sweep.test.ts',
    by: 'an alarm that fails does not throw',
  },
  {
    name: 'no guard on the sequence',
    file: 'migrations/0001_first_slice.sql',
    find: ',\n  UNIQUE (ledger, sequence)',
    replace: '',
    test: 'test/ledger/concurrency.test.ts',
    by: 'keeps one order when two live objects work for the same ledger',
  },
  {
    name: 'the entries are written after the batch',
    file: 'src/ledger/turn.ts',
    find: 'const results = (await runBatch(db, batch.statements)) as FeatureVersion[][]',
    replace: `const [entry, ...rest] = batch.statements
    const results = [[], ...(await runBatch(db, rest))] as FeatureVersion[][]
    if (entry !== undefined) await runBatch(db, [entry])`,
    test: faults,
    by: 'keeps every invariant when any one of its calls fails',
  },
  {
    name: 'an event takes its bytes from the latest state',
    file: 'src/storage/assignments.ts',
    find: '      body: eventBodies.body,\n',
    replace: `      body: sql<string>\`(SELECT latest.body FROM deliveries AS newer
        JOIN event_bodies AS latest
          ON latest.event_id = newer.event_id AND latest.format = newer.format
        WHERE newer.webhook_id = \${deliveries.webhookId} ORDER BY newer.sequence DESC LIMIT 1)\`.as('body'),\n`,
    test: 'test/delivery/attempt.test.ts',
    by: 'still sends what was frozen for it',
  },
]
