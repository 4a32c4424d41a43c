import { bigint, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { describe, expect, test } from 'vitest'
import { instantColumn } from '../../../src/platform/db/columns.ts'
import { insertsInto, updatesOf } from '../../../src/platform/db/fragment.ts'
import { at } from '../../support/given.ts'

const things = pgTable('things', {
  organizationId: uuid('organization_id').notNull(),
  id: uuid('id').notNull(),
  accountId: uuid('account_id').notNull(),
  version: integer('version').notNull(),
  amount: bigint('amount', { mode: 'bigint' }).notNull(),
  label: text('label'),
  data: jsonb('data'),
  madeAt: instantColumn('made_at').notNull(),
})

const row = {
  organizationId: 'o',
  id: 'i',
  accountId: 'a',
  version: 2,
  amount: 2n ** 53n + 1n,
  label: null,
  data: { a: [1] },
  madeAt: at('2026-01-31'),
}
const squeezed = (sql: string) => sql.replace(/\s+/g, ' ').trim()
const shape =
  'organization_id uuid, id uuid, account_id uuid, version integer, amount bigint, label text, data jsonb, made_at timestamp(3) with time zone'

describe('rows travel as JSON', () => {
  test('with bigints as text, times as times, and without what is null', () => {
    const { name, rows } = insertsInto(things, 'account')([row])
    expect([name, rows]).toEqual([
      'new_things',
      [
        {
          organization_id: 'o',
          id: 'i',
          account_id: 'a',
          version: 2,
          amount: '9007199254740993',
          data: { a: [1] },
          made_at: '2026-01-31T00:00:00Z',
        },
      ],
    ])
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows)
  })

  test('with a placeholder only where there is one', () => {
    const made = insertsInto(things, 'account', { late: ['label'] })([
      { ...row, label: 'number:x', late: 'number:x' },
      row,
    ])
    expect(made.rows.map(({ late }) => late)).toEqual(['number:x', undefined])
  })
})

describe('an insert', () => {
  test('of an account’s rows writes those of winners only', () => {
    expect(squeezed(insertsInto(things, 'account')([row]).statement('$7', false))).toBe(
      'insert into things (organization_id, id, account_id, version, amount, label, data, made_at) ' +
        'select r.organization_id, r.id, r.account_id, r.version, r.amount, r.label, r.data, r.made_at ' +
        `from json_to_recordset($7::json) as r(${shape}) join winners w on w.id = r.account_id`,
    )
  })

  test('of an organization’s rows asks for no winner, and leaves defaults alone', () => {
    const sql = squeezed(insertsInto(things, 'organization', { omit: ['madeAt'] })([row]).statement('$1', false))
    expect(sql).not.toContain('winners')
    expect(sql).not.toContain('made_at')
  })

  test('replaces placeholders, in text and in JSON, once the commit has late values', () => {
    const late = insertsInto(things, 'account', { late: ['label', 'data'] })([row])
    expect(squeezed(late.statement('$1', false))).not.toContain('late')
    const sql = squeezed(late.statement('$1', true))
    expect(sql).toContain(
      'case when l.value is null then r.label else replace(r.label::text, l.placeholder, l.value)::text end',
    )
    expect(sql).toContain(
      'case when l.value is null then r.data else replace(r.data::text, l.placeholder, l.value)::jsonb end',
    )
    expect(sql).toMatch(
      /, late text\) join winners w on w\.id = r\.account_id left join late l on l\.placeholder = r\.late$/,
    )
  })
})

describe('an update', () => {
  test('sets what it names and the version, where the version is the one before', () => {
    const { name, rows, statement } = updatesOf(things, 'account', ['label', 'amount'])([row])
    expect([name, rows]).toEqual([
      'changed_things',
      [{ organization_id: 'o', id: 'i', account_id: 'a', version: 2, amount: '9007199254740993' }],
    ])
    expect(squeezed(statement('$2', false))).toBe(
      'update things t set version = r.version, amount = r.amount, label = r.label ' +
        'from json_to_recordset($2::json) as r(organization_id uuid, id uuid, account_id uuid, version integer, amount bigint, label text) ' +
        'join winners w on w.id = r.account_id ' +
        'where t.organization_id = r.organization_id and t.id = r.id and t.version = r.version - 1 returning 1',
    )
  })
})
