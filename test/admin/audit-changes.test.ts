/** What entries tell of changes, and how a spreadsheet reads them: without a database. */
import { describe, expect, it } from 'vitest'
import { changeDetails, changeTypeOf, patchOf } from '../../src/admin/audit-changes.ts'
import { csvCell, csvHead, csvRow } from '../../src/admin/audit-csv.ts'

describe('change details', () => {
  const kind = { action: 'x.updated', resourceType: 'ENVIRONMENT' }

  it('are the scalars that changed, without what only keeps time or versions', () => {
    const before = { name: 'a', on: true, list: [1], version: 1, updated_at: 1, live_from: 1 }
    const after = {
      name: 'b',
      on: true,
      list: [2],
      version: 2,
      updated_at: 2,
      live_from: 2,
      new: 0,
    }
    expect(changeDetails(kind, { before, after })).toEqual([
      { field: 'name', old: 'a', new: 'b' },
      { field: 'new', old: null, new: 0 },
    ])
  })

  it('and the type follow from what there is before and after', () => {
    const [some, none] = [{ id: 1 }, null]
    expect(changeTypeOf('x.created', { before: none, after: some })).toBe('CREATE')
    expect(changeTypeOf('x.updated', { before: some, after: some })).toBe('UPDATE')
    expect(changeTypeOf('x.deleted', { before: some, after: none })).toBe('DELETE')
    expect(changeTypeOf('session.created', { before: none, after: none })).toBe('UNKNOWN')
    const order = { before: { priority: 1 }, after: { priority: 2 } }
    expect(changeTypeOf('feature-segment.reordered', order)).toBe('UNKNOWN')
    const reordered = { action: 'feature-segment.reordered', resourceType: 'FEATURE' }
    expect(changeDetails(reordered, order)).toEqual([])
    expect(changeDetails(kind, { before: some, after: none })).toEqual([])
    expect(changeDetails(kind, { before: none, after: some })).toEqual([])
    const state = { action: 'feature-state.created', resourceType: 'FEATURE_STATE' }
    expect(changeDetails(state, { before: none, after: some })).toEqual([
      { field: 'id', old: null, new: 1 },
    ])
  })
})

it('a patch leads from before to after', () => {
  const before = { same: 1, gone: 'x', 'a/b~c': { deep: 1, kept: [1] }, list: [1, 2], '': null }
  const after = { same: 1, 'a/b~c': { deep: 2, kept: [1] }, list: [2], '': null, fresh: { a: 1 } }
  expect(patchOf(before, after)).toEqual([
    { op: 'remove', path: '/gone', old: 'x' },
    { op: 'replace', path: '/a~1b~0c/deep', value: 2, old: 1 },
    { op: 'replace', path: '/list', value: [2], old: [1, 2] },
    { op: 'add', path: '/fresh', value: { a: 1 } },
  ])
  expect(patchOf(after, after)).toEqual([])
})

it.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "x"', '"say ""x"""'],
  ['two\nlines', '"two\nlines"'],
  ['=1', "'=1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@a', "'@a"],
  ['\t=1', "'\t=1"],
  ['  =1', "'  =1"],
  ['＝1', "'＝1"],
  ['＠a', "'＠a"],
  ['\r=1', '"\'\r=1"'],
  ['=a,"b"', '"\'=a,""b"""'],
  ['', ''],
  [null, ''],
  [7, '7'],
])('the cell of %j is %s', (value, cell) => {
  expect(csvCell(value)).toBe(cell)
})

describe('a row of CSV', () => {
  const hostile = '=HYPERLINK("http://evil.example","x")'
  const columns = csvHead.trim().split(',')

  /** Whatever the log may hold of what people type, in every place that takes text. */
  const rowOf = (text: string) =>
    csvRow({
      sequence: 1,
      hash: text,
      record: JSON.stringify({
        time: text,
        outcome: text,
        action: text,
        actor: { kind: text, id: text, name: text },
        source: { ip: text, user_agent: text, request_id: text },
        change: text,
        resource: { type: text, id: text, uuid: text, name: text },
        project: 1,
        environment: { id: 1, name: text },
        log: text,
        before: { [text]: text },
        after: { [text]: text },
      }),
    } as Parameters<typeof csvRow>[0])

  it('has nothing that a spreadsheet would run, in whatever column', () => {
    const numbers = ['sequence', 'project', 'environment_id']
    const snapshot = JSON.stringify({ [hostile]: hostile })
    const expected = columns.map((column) => {
      if (numbers.includes(column)) return '1'
      return csvCell(column === 'before' || column === 'after' ? snapshot : hostile)
    })
    expect(columns).toHaveLength(22)
    expect(rowOf(hostile)).toBe(`${expected.join(',')}\r\n`)
    // Inside of quotes there is no formula: a cell would have to begin with it.
    expect(csvCell(snapshot)).toMatch(/^"\{/)
  })

  it.each(['\n=1', 'x"\r\n=1', 'x,=1', '","=1', '\u2028=1'])('is one row with %j', (text) => {
    const cells = /^(?:(?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,|\r\n)){22}$/
    expect(rowOf(text)).toMatch(cells)
  })
})
