import { expect } from 'vitest'
import { body, type Client, type Json } from './client.ts'
import { sql } from './sql.ts'
import type { World } from './world.ts'

/**
 * What has to be true of an organization's documents at any time (design.md, Invariants): every invoice adds up, the
 * ledger says the same as they do, numbers have no gap, and the last event of each thing shows it as the API does.
 */
export async function expectSoundBooks({ client, isBalanced }: Pick<World, 'client' | 'isBalanced'>): Promise<void> {
  await isBalanced()
  const [invoices, credits, notes, subscriptions] = await Promise.all(
    ['invoices', 'credits', 'credit_notes', 'subscriptions'].map((what) => everyOne(client, what)),
  )
  for (const invoice of invoices ?? []) expectToAddUp(invoice)
  expectNumbered(invoices ?? [])
  const due = sumBy(invoices ?? [], ({ status, balance }) => (status === 'draft' ? 0 : balance))
  const left = sumBy(credits ?? [], ({ remaining }) => -remaining)
  expect(await ledgerOf(client, 'receivable')).toEqual(due)
  expect(await ledgerOf(client, 'credit')).toEqual(left)
  const shown = [invoices, credits, notes, subscriptions].flatMap((all) => all ?? [])
  expect(await lastEvents(shown.map(({ id }) => id))).toEqual(new Map(shown.map((one) => [one.id, one])))
}

/** The events of one thing or several, in their order: their types. */
export async function eventsOf(...ids: readonly string[]): Promise<readonly string[]> {
  const rows = await sql(`select type from events where data ->> 'id' = any($1) order by id`, ids)
  return rows.map(({ type }) => type)
}

function expectToAddUp(invoice: Json): void {
  const { lines, subtotal, discount, tax, total, paid, credits_applied, credit_notes, written_off, balance } = invoice
  const sum = (name: string) => lines.reduce((all: number, line: Json) => all + line[name], 0)
  const about = JSON.stringify(invoice)
  expect([sum('amount'), sum('discount'), sum('tax')], about).toEqual([subtotal, discount, tax])
  expect(subtotal - discount + tax, about).toBe(total)
  expect(paid + credits_applied + credit_notes + written_off + balance, about).toBe(total)
  if (invoice.status === 'draft') return
  expect(balance, about).toBeGreaterThanOrEqual(0)
  expect(invoice.status === 'open', about).toBe(balance > 0)
}

/** No gap and no repeat in a series. */
function expectNumbered(invoices: readonly Json[]): void {
  const numbers = invoices.flatMap(({ number }) => number ?? [])
  for (const [prefix, series] of Map.groupBy(numbers, (number: string) => number.replace(/\d+$/, ''))) {
    const counted = series.map((number: string) => Number(number.slice(prefix.length))).toSorted((a, b) => a - b)
    expect(counted, prefix).toEqual(counted.map((_, index) => index + 1))
  }
}

function sumBy(all: readonly Json[], amount: (one: Json) => number): Json {
  const sums = [...Map.groupBy(all, ({ currency }) => currency)].map(([currency, own]) => [
    currency,
    own.reduce((sum, one) => sum + amount(one), 0),
  ])
  return Object.fromEntries(sums.filter(([, sum]) => sum !== 0))
}

async function ledgerOf(client: Client, account: string): Promise<Json> {
  const { currencies } = body(await client.get('/v1/ledger/trial_balance'))
  const balances = currencies.map(({ currency, accounts }: Json) => [
    currency,
    accounts.find(({ ledger_account }: Json) => ledger_account === account)?.balance ?? 0,
  ])
  return Object.fromEntries(balances.filter(([, balance]: Json) => balance !== 0))
}

async function lastEvents(ids: readonly string[]): Promise<ReadonlyMap<string, Json>> {
  const rows = await sql(
    `select distinct on (subject_id) data ->> 'id' as shown_id, data from events where data ->> 'id' = any($1)
     order by subject_id, id desc`,
    ids,
  )
  return new Map(rows.map(({ shown_id, data }) => [shown_id, data]))
}

async function everyOne(client: Client, what: string): Promise<readonly Json[]> {
  const all: Json[] = []
  for (let cursor = ''; ; ) {
    const page = body(await client.get(`/v1/${what}?limit=100${cursor}`))
    all.push(...page.data)
    if (!page.has_more) return all
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`
  }
}
