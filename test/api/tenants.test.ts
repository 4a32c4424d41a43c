import { beforeAll, expect, test, vi } from 'vitest'
import { listOperations, operations, pathWith, requiredQuery } from '../support/api-document.ts'
import { body, type Client, clientOf, type Json, organization, type Reply } from '../support/client.ts'
import { contests } from '../support/dispute.ts'
import { expectProblem } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { sql } from '../support/sql.ts'
import { monthly, newWorld, type World } from '../support/world.ts'

let owner: World
let stranger: Client
/** One of everything that the owner has, by the name it has in paths. */
let ids: Record<string, string>

// What a request needs to be valid but for whose id it names; without one it would be refused before the id is looked up.
const bodies: Record<string, Json> = {
  'PATCH /v1/accounts/{id}': { name: 'Mine now' },
  'POST /v1/accounts/{id}/payment_methods': { token: 'pm_card_visa' },
  'PATCH /v1/plans/{id}': { name: 'Mine now', prices: [monthly('USD', '1')] },
  'PATCH /v1/subscriptions/{id}': { metadata: { mine: 'now' } },
  'POST /v1/subscriptions/{id}/change': { quantity: 2 },
  'POST /v1/subscriptions/{id}/items': { plan: 'extra', quantity: 2 },
  'POST /v1/subscriptions/{id}/cancel': { when: 'now' },
  'POST /v1/subscriptions/{id}/pause': {},
  'POST /v1/subscriptions/{id}/preview': { command: 'cancel' },
  'POST /v1/subscriptions/{id}/trial': { end: 'now' },
  'POST /v1/subscriptions/{id}/discount': { coupon: 'WELCOME' },
  'POST /v1/accounts/{id}/discount': { coupon: 'WELCOME' },
  'PATCH /v1/metrics/{code}': { name: 'Mine now' },
  'PATCH /v1/coupons/{code}': { name: 'Mine now' },
  'PATCH /v1/invoices/{id}': { memo: 'Mine now' },
  'POST /v1/invoices/{id}/finalize': { taxes: [] },
  'POST /v1/invoices/{id}/void': { reason: 'Mine now' },
  'POST /v1/invoices/{id}/apply_credit': { amount: 1 },
  'PATCH /v1/gateway_accounts/{id}': { name: 'Mine now' },
  'POST /v1/gateway_accounts/{id}/webhook': {},
  'POST /v1/invoices/{id}/pay': {},
  'POST /v1/invoices/{id}/record_payment': {},
  'POST /v1/refunds/{id}/resolve': { resolution: 'credit' },
  'POST /v1/accounts/{id}/dispute_hold': { reason: 'Mine now' },
  'PATCH /v1/reconciliation/differences/{id}': { owner: 'me' },
  'POST /v1/reconciliation/differences/{id}/close': { resolution: 'accepted' },
  'POST /v1/test_clocks/{id}/advance': { to: '2026-03-01T00:00:00Z' },
  'PUT /v1/usage/events/{subscription}/{id}': {
    ...{ metric: 'api_calls', quantity: '1', timestamp: '2026-01-01T00:00:00Z' },
  },
}

beforeAll(async () => {
  owner = await newWorld('2026-01-01T00:00:00Z')
  const { client } = owner
  const plan = await owner.plan('pro')
  const jane = await owner.account({ external_key: 'u_42' })
  const { id: subscription, latest_invoice, payment } = await jane.subscribes('pro', { external_key: 's_1' })
  const { data: methods } = body(await client.get(`/v1/accounts/${jane.id}/payment_methods`))
  body(await client.post(`/v1/subscriptions/${subscription}/change`, { quantity: 2, effective: 'period_end' }))
  const note = { invoice: latest_invoice.id, reason: 'Broken', refund: 4900 }
  ids = {
    ...{ accounts: jane.id, plans: plan.id, subscriptions: subscription, test_clocks: owner.clock },
    ...{ invoices: latest_invoice.id, payments: payment.id, payment_methods: methods[0].id },
    metrics: body(await client.post('/v1/metrics', { code: 'api_calls', name: 'Calls', aggregation: 'count' })).code,
    coupons: body(await client.post('/v1/coupons', { code: 'WELCOME', percent_off: '10' })).code,
    credits: body(await client.post('/v1/credits', { account: jane.id, amount: 100, reason: 'Sorry' })).id,
    credit_notes: body(await client.post('/v1/credit_notes', note)).id,
    refunds: body(await client.get('/v1/refunds')).data[0].id,
    gateway_accounts: body(await client.get('/v1/gateway_accounts')).data[0].id,
    differences: await differenceOf(client),
    api_keys: body(await client.post('/v1/api_keys', { name: 'Another key' })).id,
    disputes: await contests(),
  }
  Object.assign(ids, await usageOf(subscription), {
    notifications: body(await client.get('/v1/notifications')).data[0].id,
  })
  // It goes back by the queue: nothing else writes once the tests begin.
  await vi.waitUntil(async () => body(await client.get(`/v1/refunds/${ids.refunds}`)).status === 'succeeded')
  stranger = await organization('sandbox')
  // A thing of the stranger's own, so that its answers are not empty for want of anything.
  body(await stranger.post('/v1/accounts', { email: 'john@other.example', name: 'John' }))
})

/** One that was found at the gateway account of the owner's. */
async function differenceOf(client: Client): Promise<string> {
  await sql(
    `insert into reconciliation_differences (organization_id, id, gateway_account_id, version, kind, gateway_object, detail, found_at, status)
     select organization_id, id, id, 1, 'unknown_here', 'txn_1', 'They differ.', now(), 'open' from gateway_accounts`,
  )
  return body(await client.get('/v1/reconciliation/differences')).data[0].id
}

/** An event of the owner's, already in the database, and a reservation. */
async function usageOf(subscription: string): Promise<Record<string, string>> {
  const about = { subscription, metric: 'api_calls' }
  const event = { id: 'evt-1', ...about, timestamp: await owner.now() }
  expect(body(await owner.client.post('/v1/usage/events', event)).accepted).toBe(1)
  body(await owner.client.get(`/v1/usage/events/${subscription}/evt-1`))
  const asked = { ...about, reserve: { expires_in: 3600 } }
  const { reservation } = body(await owner.client.post('/v1/usage/check', asked))
  for (const how of ['confirm', 'release']) bodies[`POST /v1/usage/reservations/{id}/${how}`] = { subscription }
  return { events: subscription, [`events/${subscription}`]: 'evt-1', reservations: reservation.id }
}

async function send(client: Client, method: string, path: string, about: Json): Promise<Reply> {
  if (method === 'GET') return client.get(path)
  if (method === 'DELETE') return client.delete(path)
  if (method === 'PUT') return client.put(path, about)
  return method === 'PATCH' ? client.patch(path, about) : client.post(path, about)
}

test('invariant 10: another organization’s id answers 404 at every route, and nothing changes', async () => {
  // Dead letters are no organization's: see below.
  const routes = (await operations()).filter(({ path }) => path.includes('{') && !path.startsWith('/v1/dead_letters'))
  expect(routes.length).toBeGreaterThan(20)
  await storesNothing(async () => {
    for (const { name, method, path } of routes) {
      const reply = await send(stranger, method, pathWith(path, ids), bodies[name])
      expect([name, reply.status, reply.body.code], JSON.stringify(reply.body)).toEqual([name, 404, 'not_found'])
      expect(Object.keys(reply.body)).not.toContain('email')
    }
  })
})

test('invariant 10: the same requests succeed for the owner’s key: it is the key that decides', async () => {
  const routes = (await operations()).filter(({ method, path }) => method === 'GET' && path.includes('{'))
  for (const { name, path } of routes) {
    // A stream goes on: test/api/usage-stream.test.ts reads it.
    if (path.endsWith('/stream')) continue
    const reply = await owner.client.get(pathWith(path, ids))
    expect([name, reply.status]).toEqual([name, 200])
  }
})

test('invariant 10: no list shows another organization’s rows, whatever it is filtered by', async () => {
  const lists = (await listOperations()).filter(({ path }) => !path.includes('{') && !path.includes('dead_letters'))
  expect(lists.length).toBeGreaterThan(8)
  const filters = ['', '&email=jane@startup.example', '&external_key=u_42', '&external_key=s_1', '&number=JANE-0001']
  const byId = Object.entries({ account: 'accounts', subscription: 'subscriptions', invoice: 'invoices' })
  for (const list of lists) {
    const { path, about } = list
    const known = new Set((about.parameters as Json[]).map(({ name }) => name))
    const needed = requiredQuery(list).map((name) => `&${name}=`)
    const asked = [...filters, ...byId.map(([name, resource]) => `&${name}=${ids[resource]}`)].filter((filter) =>
      needed.every((name) => filter.startsWith(name)),
    )
    expect([path, asked.length > 0]).toEqual([path, true])
    for (const filter of asked.filter((text) => text === '' || known.has(text.slice(1).split('=')[0]))) {
      const reply = await stranger.get(`${path}?limit=100${filter}`)
      expect([path, filter, reply.status]).toEqual([path, filter, 200])
      for (const id of Object.values(ids)) expect(JSON.stringify(reply.body)).not.toContain(id)
      if (filter !== '') expect([path, filter, reply.body.data]).toEqual([path, filter, []])
    }
  }
  expect(body(await stranger.get('/v1/ledger/trial_balance')).currencies).toEqual([])
  expect(body(await stranger.get('/v1/settings')).organization).toBe(stranger.organization)
})

test('invariant 10: another organization’s id in a body or a query is not there either', async () => {
  const { id: account } = body(await stranger.post('/v1/accounts', { email: 'j@other.example', name: 'J' }))
  body(await stranger.post('/v1/plans', { code: 'own', name: 'Own', prices: [monthly('USD', '100')] }))
  const jane = { email: 'jane@other.example', name: 'Jane' }
  const asks: readonly (readonly [string, Json])[] = [
    ['/v1/subscriptions', { account: ids.accounts, plan: 'own' }],
    ['/v1/subscriptions', { account, plan: 'pro' }],
    ['/v1/accounts', { ...jane, test_clock: ids.test_clocks }],
    ['/v1/subscriptions', { account, plan: 'own', coupon: 'WELCOME' }],
    ['/v1/subscriptions', { account, plan: 'own', add_ons: [{ plan: 'pro' }] }],
    ['/v1/credits', { account: ids.accounts, amount: 1, reason: 'Mine now' }],
    ['/v1/credit_notes', { invoice: ids.invoices, reason: 'Mine now' }],
    ['/v1/invoices', { account: ids.accounts, lines: [{ description: 'Mine now', unit_amount: '1' }] }],
    [`/v1/accounts/${account}/discount`, { coupon: 'WELCOME' }],
    ['/v1/invoices/preview', { subscription: ids.subscriptions }],
    ['/v1/invoices/preview', { new_subscription: { account: ids.accounts, plan: 'own' } }],
    ['/v1/invoices/preview', { new_subscription: { account, plan: 'pro' } }],
    ['/v1/usage/check', { subscription: ids.subscriptions, metric: 'api_calls' }],
  ]
  await storesNothing(async () => {
    for (const [path, about] of asks) {
      const reply = await stranger.post(path, about)
      expect([about, reply.status], JSON.stringify(reply.body)).toEqual([about, 404])
      expectProblem(reply, 404, 'not_found')
    }
    expectProblem(await stranger.delete('/v1/plans/own?replaced_by=pro'), 404, 'not_found')
    expectProblem(await stranger.get('/v1/plans/pro'), 404, 'not_found')
  })
})

test('invariant 10: what is unique is unique in one organization only', async () => {
  const jane = { email: 'jane@startup.example', name: 'Jane', external_key: 'u_42' }
  const twin = body(await stranger.post('/v1/accounts', jane))
  expect(twin.invoice_prefix).toBe('JANE')
  const plan = { code: 'pro', name: 'Pro', prices: [monthly('USD', '4900')] }
  expect((await stranger.post('/v1/plans', plan)).status).toBe(201)
  const sold = await stranger.post('/v1/subscriptions', { account: twin.id, plan: 'pro', external_key: 's_1' })
  expect(sold.body.latest_invoice.number).toBe('JANE-0001')
})

test('invariant 10: dead letters, which are no organization’s, are for keys with the scope operate', async () => {
  const id = '01945a3e-7c00-7a10-8000-000000000001'
  await sql(`insert into dead_letters (id, queue, body, received_at) values ($1, 'perennial-relay', '{}', now())`, id)
  const { key } = body(await stranger.post('/v1/api_keys', { name: 'K', scopes: ['read', 'write', 'admin'] }))
  const client = clientOf(key)
  expectProblem(await client.get('/v1/dead_letters'), 403, 'forbidden')
  const { data } = body(await stranger.get('/v1/dead_letters'))
  const replay = () => client.post(`/v1/dead_letters/${data[0].id}/replay`)
  expectProblem(await storesNothing(replay), 403, 'forbidden')
})

test('invariant 10: every foreign key between rows of organizations names the organization', async () => {
  // A run and its commits may serve several organizations: what points to them proves nothing by it.
  const loose = await sql(`
    select c.conrelid::regclass::text || ' ' || c.conname as found from pg_constraint c
    join pg_attribute target on target.attrelid = c.confrelid and target.attname = 'organization_id'
    join pg_attribute source on source.attrelid = c.conrelid and source.attname = 'organization_id'
    where c.contype = 'f' and c.confrelid not in ('commits'::regclass, 'billing_runs'::regclass)
      and not (source.attnum = any(c.conkey) and target.attnum = any(c.confkey))`)
  expect(loose).toEqual([])
  const kept = `select count(*)::integer as keys from pg_constraint where contype = 'f' and cardinality(conkey) > 1`
  expect((await sql(kept))[0]?.keys).toBeGreaterThan(15)
})
