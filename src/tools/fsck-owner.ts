/** In which ledger a row of the database is told: its organisation's, or the instance's. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { FoldTable } from '../ledger/fold-tables.ts'

/** What a row hangs on, the nearest to the organisation first. */
const parents: [column: string, table: string][] = [
  ['project_id', 'projects'],
  ['environment_id', 'environments'],
  ['feature_id', 'features'],
  ['group_id', 'groups'],
  ['invite_id', 'invites'],
  ['feature_state_id', 'feature_states'],
]

type Row = Record<string, unknown>

export function ledgerFinder(
  db: DatabaseSync,
): (table: FoldTable, row: readonly unknown[]) => string {
  const statements = new Map<string, StatementSync>()
  const parentOf = (table: string, id: unknown): Row | undefined => {
    const statement = statements.get(table) ?? db.prepare(`SELECT * FROM "${table}" WHERE id = ?`)
    statements.set(table, statement)
    return statement.get(Number(id)) as Row | undefined
  }
  function organisationOf(table: string, row: Row): unknown {
    if (table === 'organisations') return row.id
    if (row.organisation_id !== undefined) return row.organisation_id
    const [column, parent] = parents.find(([name]) => row[name] != null) ?? []
    const above = column && parent && parentOf(parent, row[column])
    return above && organisationOf(parent, above)
  }
  return (table, row) => {
    const named = Object.fromEntries(table.columns.map(({ name }, index) => [name, row[index]]))
    const id = organisationOf(table.name, named)
    return id === undefined ? 'instance' : `organisation:${id}`
  }
}
