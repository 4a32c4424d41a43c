import { beforeAll, expect, test } from 'vitest'
import { listOperations, pathWith } from '../support/api-document.ts'
import { body, type Json } from '../support/client.ts'
import { contests, newUuid } from '../support/dispute.ts'
import { sql } from '../support/sql.ts'
import { type Customer, monthly, newWorld, type World } from '../support/world.ts'

let world: World
let jane: Customer
/** Whose invoices are corrected. */
let ann: Customer
let ids: Record<string, string>
let made = 0
/** Whose usage is listed. */
let subscription: string
let events = 0
/** What a list cannot do without. */
const needed: Record<string, string> = {}

/** Makes one more row of a list, by its path. A list of the API that is not here fails the test below. */
const makesOneMore: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  '/v1/accounts': (name) => world.account({ name, card: null }),
  '/v1/accounts/{id}/ledger': subscribes,
  '/v1/accounts/{id}/overdue_history': disputed,
  '/v1/accounts/{id}/payment_methods': () =>
    post(`/v1/accounts/${jane.id}/payment_methods`, { token: 'pm_card_amex', default: false }),
  '/v1/api_keys': (name) => post('/v1/api_keys', { name }),
  '/v1/billing_runs': () =>
    sql(
      `insert into billing_runs (id, organization_id, as_of, started_at, ranges, due)
       select ${newUuid}, organization_id, now(), now(), 0, 0 from accounts limit 1`,
    ),
  '/v1/coupons': (code) => post('/v1/coupons', { code, percent_off: '10' }),
  '/v1/credit_notes': () => corrected({ out_of_band: 100 }),
  '/v1/credits': credit,
  '/v1/credits/{id}/applications': () =>
    sql(
      `insert into credit_applications (organization_id, id, account_id, version, credit_id, invoice_id, amount, at)
       select c.organization_id, ${newUuid}, c.account_id, 1, c.id, i.id, 1, now()
       from credits c, invoices i order by c.id, i.id limit 1`,
    ),
  '/v1/dead_letters': () =>
    sql(`insert into dead_letters (id, queue, body, received_at) values (${newUuid}, 'perennial-relay', '{}', now())`),
  '/v1/disputes': contests,
  '/v1/gateway_accounts': (name) =>
    post('/v1/gateway_accounts', { kind: 'stripe', name, secret_key: 'sk_test_another' }),
  '/v1/invoices': subscribes,
  '/v1/metrics': (name) => post('/v1/metrics', { code: name.replace('-', '_'), name, aggregation: 'count' }),
  '/v1/notifications': billed,
  '/v1/payments': subscribes,
  '/v1/payments/{id}/attempts': () =>
    sql(
      `insert into payment_attempts (organization_id, id, account_id, payment_id, payment_method_id, gateway_account_id,
         version, amount, reason, due_at, ended_at)
       select organization_id, ${newUuid}, account_id, id, payment_method_id, gateway_account_id,
         1, amount, 'retry', now(), now() from payments order by id limit 1`,
    ),
  '/v1/plans': plan,
  '/v1/plans/{id}/versions': (name) => world.client.patch('/v1/plans/first', { name }),
  '/v1/reconciliation': (name) => post('/v1/gateway_accounts', { kind: 'stripe', name, secret_key: 'sk_test_another' }),
  '/v1/reconciliation/differences': () =>
    sql(
      `insert into reconciliation_differences (organization_id, id, gateway_account_id, version, kind, gateway_object, detail, found_at, status)
       select organization_id, ${newUuid}, id, 1, 'unknown_here', gen_random_uuid(), 'They differ.', now(), 'open'
       from gateway_accounts order by id limit 1`,
    ),
  '/v1/refunds': () => corrected({ refund: 100 }),
  '/v1/subscriptions': subscribes,
  '/v1/test_clocks': (name) => post('/v1/test_clocks', { name }),
  '/v1/usage/events': used,
  '/v1/usage/set_aside': () =>
    sql(`insert into usage_set_aside (shard, position, organization_id, event, reason, at)
      select 0, n.next, s.organization_id, json_build_object('event_id', 'evt-' || n.next, 'subscription_id', s.id, 'metric', 'events',
        'quantity', '1', 'properties', '{}'::json, 'at', '2026-01-01T00:00:00Z'), 'no room', clock_timestamp()
      from (select * from subscriptions order by id limit 1) s, (select count(*) as next from usage_set_aside) n`),
}

const post = async (path: string, about: Json) => body(await world.client.post(path, about))

/** Each a moment after the one before, by ids that sort as they were used. */
async function used() {
  events += 1
  const [id, timestamp] = [`evt-${String(events).padStart(4, '0')}`, new Date(Date.UTC(2026, 0, 1, 0, 0, 0, events))]
  const { accepted } = await post('/v1/usage/events', { id, subscription, metric: 'events', timestamp })
  expect(accepted).toBe(1)
}

function plan(code: string) {
  return world.plan(code, { prices: [monthly('USD', '4900')] })
}

function credit() {
  return sql(
    `insert into credits (organization_id, id, account_id, version, currency, amount, remaining, expired, voided, reason,
       source, metadata, created_at)
     select organization_id, ${newUuid}, id, 1, currency, 100, 100, 0, 0, 'Sorry', 'grant', '{}', now()
     from accounts order by id limit 1`,
  )
}

/** An invoice that is paid at once. */
function billed() {
  return post('/v1/invoices', { account: ann.id, lines: [{ description: 'Set-up', unit_amount: '100' }] })
}

/** A paid invoice, and the credit note that gives all of it back. */
async function corrected(about: Json) {
  const { id } = await billed()
  return post('/v1/credit_notes', { invoice: id, reason: 'Broken', ...about })
}

async function disputed() {
  const hold = `/v1/accounts/${jane.id}/dispute_hold`
  await post(hold, { reason: 'Never ordered' })
  body(await world.client.delete(hold))
}

async function subscribes(name: string) {
  await plan(name)
  return jane.subscribes(name)
}

beforeAll(async () => {
  world = await newWorld()
  jane = await world.account()
  ann = await world.account({ name: 'Ann' })
  const first = await plan('first')
  const { id, payment } = await jane.subscribes('first')
  subscription = id
  needed['/v1/usage/events'] = `subscription=${id}&`
  await post('/v1/metrics', { code: 'events', name: 'Events', aggregation: 'count' })
  await credit()
  const [{ id: credits }] = body(await world.client.get('/v1/credits')).data
  ids = { accounts: jane.id, plans: first.id, payments: payment.id, credits }
})

/** How a gateway account stands is known by it, and a change of an account's standing by its event. */
const idsOf = (page: Json) => page.data.map(({ id, event, gateway_account }: Json) => id ?? event ?? gateway_account)
const page = async (path: string, query: string) =>
  body(await world.client.get(`${path}?${needed[path] ?? ''}${query}`))

async function makeMore(path: string, count: number) {
  for (let index = 0; index < count; index++) {
    made += 1
    await makesOneMore[path]?.(`more-${made}`)
  }
}

/** Follows the cursors to the end, and makes another row after each page. */
async function walk(template: string, path: string, limit: number): Promise<readonly Json[]> {
  const pages = [await page(path, `limit=${limit}`)]
  for (let last = pages[0]; last.has_more; last = pages.at(-1)) {
    await makeMore(template, 1)
    pages.push(await page(path, `limit=${limit}&cursor=${encodeURIComponent(last.next_cursor)}`))
  }
  return pages
}

test('FR-124 every list of the API is tried below', async () => {
  const lists = (await listOperations()).map(({ path }) => path)
  expect(lists.sort()).toEqual(Object.keys(makesOneMore).sort())
})

test.each(Object.keys(makesOneMore))(
  'FR-124 %s is paged by cursor, newest first, stable under inserts',
  async (template) => {
    const path = pathWith(template, ids)
    await makeMore(template, 5)
    const whole = await page(path, 'limit=100')
    expect([whole.has_more, whole.next_cursor]).toEqual([false, null])
    const expected = idsOf(whole)
    expect(expected.length).toBeGreaterThanOrEqual(5)
    expect(expected).toEqual([...new Set(expected)].toSorted().toReversed())

    const pages = await walk(template, path, 2)
    expect(pages.flatMap(idsOf)).toEqual(expected)
    expect(pages.map(({ data }) => data.length).slice(0, -1)).toEqual(pages.slice(0, -1).map(() => 2))
    expect(pages.at(-1)).toMatchObject({ has_more: false, next_cursor: null })
    for (const { has_more, next_cursor } of pages.slice(0, -1)) {
      expect([has_more, next_cursor]).toEqual([true, expect.stringMatching(/^\S+$/)])
    }

    const first = idsOf(await page(path, 'limit=1'))
    expect(expected, 'what was made on the way comes first from now on').not.toContain(first[0])
  },
)

test('FR-124 a page has 20 rows where nothing is asked, and exactly as many as there are is no more', async () => {
  await makeMore('/v1/accounts', 25)
  const all = idsOf(await page('/v1/accounts', 'limit=100'))
  expect(idsOf(await page('/v1/accounts', ''))).toEqual(all.slice(0, 20))
  const exactly = await page('/v1/accounts', `limit=${all.length}`)
  expect([exactly.data.length, exactly.has_more, exactly.next_cursor]).toEqual([all.length, false, null])
})

test('FR-124 a filtered list is paged like a whole one', async () => {
  const mine = await page('/v1/invoices', `account=${ann.id}&status=paid&limit=100`)
  expect(mine.data.length).toBeGreaterThan(3)
  const first = await page('/v1/invoices', `account=${ann.id}&status=paid&limit=3`)
  const rest = await page('/v1/invoices', `account=${ann.id}&status=paid&limit=100&cursor=${first.next_cursor}`)
  expect([...idsOf(first), ...idsOf(rest)]).toEqual(idsOf(mine))
  expect((await page('/v1/invoices', `account=${ann.id}&status=draft`)).data).toEqual([])
})
