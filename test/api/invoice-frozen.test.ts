import { beforeAll, describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { refusedBy, sql } from '../support/sql.ts'
import { newWorld } from '../support/world.ts'

/** An open, a paid and a draft invoice, by their numbers in the database. */
const ids: { open: string; paid: string; draft: string } = { open: '', paid: '', draft: '' }

beforeAll(async () => {
  const world = await newWorld()
  await world.plan('pro')
  const idOf = async (made: Json) => {
    const [row] = await sql(`select subject_id from events where data ->> 'id' = $1`, made.latest_invoice.id)
    return row.subject_id as string
  }
  ids.open = await idOf(await (await world.account({ card: null })).subscribes('pro'))
  ids.paid = await idOf(await (await world.account({ name: 'John' })).subscribes('pro'))
  body(await world.client.patch('/v1/settings', { tax: { engine: 'external' } }))
  ids.draft = await idOf(await (await world.account({ name: 'Ann' })).subscribes('pro'))
})

const frozen = [
  ['number', `'OTHER-0001'`],
  ['total', 'total + 1, balance = balance + 1, subtotal = subtotal + 1'],
  ['tax', 'tax + 1, subtotal = subtotal - 1'],
  ['taxes', `'[{}]'`],
  ['discount', 'discount + 1, subtotal = subtotal + 1'],
  ['currency', `'EUR'`],
  ['period_start', `period_start - interval '1 day'`],
  ['period_end', `period_end + interval '1 day'`],
  ['issued_at', `issued_at + interval '1 day'`],
  ['finalized_at', `finalized_at + interval '1 day'`],
  ['due_at', `due_at + interval '1 day'`],
  ['bill_to', `'{}'`],
  ['reason', `'renewal'`],
  ['corrects', 'id'],
  ['memo', `'Thank you'`],
  ['terms_days', '7'],
  ['account_id', 'gen_random_uuid()'],
  ['subscription_id', 'null'],
  ['id', 'gen_random_uuid()'],
  ['organization_id', 'gen_random_uuid()'],
  ['status', `'draft', finalized_at = null, number = null`],
] as const

describe('FR-054 the database refuses to change a final invoice', () => {
  test.each(frozen)('its %s', async (column, value) => {
    for (const id of [ids.open, ids.paid]) {
      expect(await refusedBy(`update invoices set ${column} = ${value} where id = $1`, id)).toBe('invoices_frozen')
    }
  })

  test('or to delete it', async () => {
    for (const id of [ids.open, ids.paid]) {
      expect(await refusedBy('delete from invoices where id = $1', id)).toBe('invoices_frozen')
    }
  })

  test('or to change, delete, move or add a line of it', async () => {
    const copied = `insert into invoice_lines select * from jsonb_populate_recordset(null::invoice_lines,
      (select jsonb_agg(to_jsonb(l) || jsonb_build_object('id', gen_random_uuid(), 'position', 1)) from invoice_lines l where invoice_id = $1))`
    for (const id of [ids.open, ids.paid]) {
      for (const change of [
        'amount = amount + 1',
        'tax = 1',
        `description = ''`,
        'position = 7',
        'discount = 1',
        'billing_key = null',
      ]) {
        expect(await refusedBy(`update invoice_lines set ${change} where invoice_id = $1`, id)).toBe(
          'invoice_lines_frozen',
        )
      }
      expect(await refusedBy('delete from invoice_lines where invoice_id = $1', id)).toBe('invoice_lines_frozen')
      expect(await refusedBy(copied, id)).toBe('invoice_lines_frozen')
    }
    const moved = 'update invoice_lines set invoice_id = $1, position = 9 where invoice_id = $2'
    expect(await refusedBy(moved, ids.open, ids.draft)).toBe('invoice_lines_frozen')
    expect(await refusedBy(moved, ids.draft, ids.open)).toBe('invoice_lines_frozen')
  })

  test('while its settlement may move, as long as it adds up', async () => {
    const settle = 'update invoices set paid = paid + $2, balance = balance - $2, version = version + 1 where id = $1'
    expect(await refusedBy(settle, ids.open, 100)).toBeNull()
    expect(await sql('select paid, balance, status from invoices where id = $1', ids.open)).toEqual([
      { paid: '100', balance: '4800', status: 'open' },
    ])
    expect(await refusedBy(settle, ids.open, -100)).toBeNull()
    expect(await refusedBy('update invoices set paid = paid + 1 where id = $1', ids.open)).toBe('invoices_balance')
    expect(await refusedBy(settle, ids.open, 4901)).toBe('invoices_not_overpaid')
    expect(await refusedBy(`update invoices set status = 'paid' where id = $1`, ids.open)).toBe('invoices_open')
    expect(await refusedBy(`update invoices set status = 'open' where id = $1`, ids.paid)).toBe('invoices_open')
  })

  test('and a draft is free, but never final without its number', async () => {
    expect(await refusedBy(`update invoices set issued_at = issued_at where id = $1`, ids.draft)).toBeNull()
    expect(await refusedBy(`update invoices set status = 'open' where id = $1`, ids.draft)).toBe('invoices_awaits')
    const waitsNoMore = `update invoices set status = 'open', awaits = null where id = $1`
    expect(await refusedBy(waitsNoMore, ids.draft)).toBe('invoices_final')
    expect(await refusedBy(`update invoices set number = 'X-1' where id = $1`, ids.draft)).toBe('invoices_final')
  })
})

describe('FR-006, FR-135 what was said stays said', () => {
  test.each(['events', 'ledger_entries', 'plan_versions'])('%s are append-only', async (table) => {
    const column = table === 'plan_versions' ? 'created_at' : 'id'
    expect(await refusedBy(`update ${table} set ${column} = ${column}`)).toBe(`${table}_append_only`)
    expect(await refusedBy(`delete from ${table}`)).toBe(`${table}_append_only`)
  })

  test('a ledger entry without its counterpart is refused', async () => {
    const copied = `insert into ledger_entries select * from jsonb_populate_recordset(null::ledger_entries,
      (select jsonb_agg(to_jsonb(l) || jsonb_build_object('id', gen_random_uuid())) from ledger_entries l where ledger_account = 'revenue'))`
    expect(await refusedBy(copied)).toBe('ledger_entries_balance')
  })

  test('what was billed is not billed again', async () => {
    expect(await refusedBy('insert into billed select * from billed')).toBe('billed_once')
    const elsewhere = `insert into billed select organization_id, subscription_id, billing_key, account_id, $1, null from billed where invoice_id = $2`
    expect(await refusedBy(elsewhere, ids.paid, ids.open)).toMatch(/^billed_/)
  })
})
