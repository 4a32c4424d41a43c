import { afterEach, describe, expect, test, vi } from 'vitest'
import { body, type Json, type Reply } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { database, sql } from '../support/sql.ts'
import { chargesRun, cronRuns, deliver, rangesOfRun, realTimePasses } from '../support/worker.ts'
import { type Customer, later, newWorld, type World } from '../support/world.ts'

afterEach(async () => {
  vi.useRealTimers()
  await database.down(false)
})

type Selling = World & { readonly jane: Customer; readonly asks: (key: string) => Promise<Reply> }

async function selling(card: string | null = 'pm_card_visa'): Promise<Selling> {
  const world = await newWorld()
  await world.plan('pro')
  const jane = await world.account({ test_clock: undefined, card })
  const asks = (key: string) =>
    world.client.post('/v1/subscriptions', { account: jane.id, plan: 'pro' }, { headers: { 'Idempotency-Key': key } })
  return { ...world, jane, asks }
}

/** One subscription, one invoice, one payment, and one row of everything that tells of them. */
async function expectOnce(world: Selling): Promise<void> {
  expect(await world.jane.subscriptions()).toHaveLength(1)
  expect(await world.jane.invoices()).toMatchObject([{ number: 'JANE-0001', status: 'paid', paid: 4900 }])
  expect(await world.jane.payments()).toMatchObject([{ status: 'succeeded' }])
  expect((await world.gateway.taken()).received).toEqual({ usd: 4900 })
  const events = await sql(
    `select type, count(*)::int from events where data ->> 'account' = $1 group by 1 order by 1`,
    world.jane.id,
  )
  expect(events.filter(({ count }) => count !== 1)).toEqual([])
  await world.isBalanced()
}

describe('while Postgres is down', () => {
  test('every request is told to come back, and nothing is there when it is up again', async () => {
    const world = await selling()
    const before = await sql('select count(*) from commits')
    await database.down(true)
    const replies = [
      await world.asks('down'),
      await world.jane.asksToSubscribe('pro'),
      await world.client.get('/v1/subscriptions'),
      await world.client.get('/v1/settings'),
      await world.client.post('/v1/accounts', { email: 'a@b.example', name: 'A' }),
      await world.client.post('/v1/plans', {
        code: 'x',
        name: 'X',
        prices: [{ currency: 'USD', interval: 'month', unit_amount: '1' }],
      }),
      await world.client.post('/v1/billing_runs', {}),
      await world.client.post('/v1/invoices/preview', { new_subscription: { account: world.jane.id, plan: 'pro' } }),
    ]
    for (const reply of replies) {
      expectProblem(reply, 503, 'database_unavailable')
      expect(reply.headers.get('Retry-After')).toBe('5')
    }
    await database.down(false)
    expect(await sql('select count(*) from commits')).toEqual(before)
    expect((await world.gateway.taken()).succeeded_count).toBe(0)
    expect((await world.asks('down')).status).toBe(201)
    await expectOnce(world)
  })

  test('commands on a subscription are told so too, through its object', async () => {
    const world = await selling()
    const { id } = body(await world.asks('made'))
    const commands = [
      () => world.client.post(`/v1/subscriptions/${id}/cancel`, {}),
      () => world.client.patch(`/v1/subscriptions/${id}`, { metadata: { a: '1' } }),
      () => world.client.post(`/v1/subscriptions/${id}/uncancel`, {}),
    ]
    await database.down(true)
    for (const command of commands) expectProblem(await command(), 503, 'database_unavailable')
    await database.down(false)
    expect(await world.jane.subscriptions()).toMatchObject([{ status: 'active', cancel_at: null, metadata: {} }])
    for (const command of commands) expect((await command()).status).toBe(200)
    expect(await world.jane.subscriptions()).toMatchObject([
      { status: 'active', cancel_at: null, metadata: { a: '1' } },
    ])
  })

  test('queues are asked to deliver again, and then all is billed and charged once', async () => {
    const world = await selling()
    body(await world.asks('made'))
    const asOf = later(new Date().toISOString(), '35 days')
    const ranges = await rangesOfRun(world.client.organization, asOf)
    const [gateway] = await sql(
      'select g.id from gateway_accounts g join organizations o on o.id = g.organization_id order by g.created_at desc limit 1',
    )
    await database.down(true)
    const bill = await deliver('perennial-billing', ...ranges)
    const charge = await deliver('perennial-charges', { gatewayAccountId: gateway.id })
    expect([bill, charge]).toMatchObject([{ explicitAcks: [] }, { explicitAcks: [] }])
    expect([bill.retryMessages.length, charge.retryMessages.length]).toEqual([1, 1])
    await expect(cronRuns()).rejects.toThrow()
    await database.down(false)
    await deliver('perennial-billing', ...ranges)
    realTimePasses(36 * 86_400_000)
    const statuses = async () => {
      await chargesRun()
      return (await world.jane.payments()).map(({ status }) => status)
    }
    await expect.poll(statuses).toEqual(['succeeded', 'succeeded'])
    expect((await world.gateway.taken()).received).toEqual({ usd: 2 * 4900 })
    await world.isBalanced()
  })

  test('and goes down while many are subscribing: each is once or not at all, and can be repeated', async () => {
    const world = await newWorld()
    await world.plan('pro')
    const customers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => world.account({ test_clock: undefined, name: `Customer${index}` })),
    )
    const ask = ({ id }: Customer) =>
      world.client.post('/v1/subscriptions', { account: id, plan: 'pro' }, { headers: { 'Idempotency-Key': id } })
    const asked = customers.map(ask)
    await Promise.race(asked)
    await database.down(true)
    const replies = await Promise.all(asked)
    await database.down(false)
    for (const reply of replies) if (reply.status !== 201) expectProblem(reply, 503, 'database_unavailable')
    realTimePasses(31_000)
    const again = await Promise.all(customers.map(ask))
    expect(again.map(({ status }) => status)).toEqual(Array(12).fill(201))
    realTimePasses(61_000)
    await chargesRun()
    for (const customer of customers) {
      expect(await customer.subscriptions()).toHaveLength(1)
      expect(await customer.payments()).toMatchObject([{ status: 'succeeded' }])
      expect(await customer.invoices()).toMatchObject([{ status: 'paid', balance: 0 }])
    }
    expect((await world.gateway.taken()).received).toEqual({ usd: 12 * 4900 })
    await world.isBalanced()
  })
})

/** Each call that a POST of a subscription makes to the database, by a text of its SQL. */
const calls = [
  ['the reads', 'repeatable read, read only', 503],
  ['the commit', 'create_subscription', 201],
  ['keeping the gateway’s id', 'gateway_payment = coalesce', 201],
  ['the outcome', 'record_outcomes', 201],
] as const

describe('a single loss', () => {
  test.each(
    calls.flatMap(([name, matching, status]) => [
      [`the answer to ${name}`, 'losesReply', matching, status] as const,
      [`${name} on the way`, 'losesRequest', matching, status] as const,
    ]),
  )('of %s costs nothing: with the same key it is done once', async (_, loses, matching, status) => {
    const world = await selling()
    await database[loses](matching)
    const first = await world.asks('once')
    expect(first.status).toBe(status)
    if (status === 503) realTimePasses(31_000)
    const again = await world.asks('once')
    expect(again.status).toBe(201)
    if (status === 201) expect(again.body).toEqual(first.body)
    await expectOnce(world)
    expect(again.body.latest_invoice).toEqual((await world.jane.invoices())[0])
  })

  test.each(['losesReply', 'losesRequest'] as const)(
    'three times in a row (%s) ends the try, not the work',
    async (loses) => {
      const world = await selling()
      for (let lost = 0; lost < 3; lost++) await database[loses]('create_subscription')
      expectProblem(await world.asks('thrice'), 503, 'database_unavailable')
      expect(await world.jane.invoices()).toHaveLength(loses === 'losesReply' ? 1 : 0)
      realTimePasses(31_000)
      expect((await world.asks('thrice')).status).toBe(201)
      await expectOnce(world)
    },
  )

  test.each(['losesReply', 'losesRequest'] as const)(
    'of other commits (%s) leaves each of them once',
    async (loses) => {
      const { client, jane } = await selling(null)
      const lose = (cause: string) => database[loses](cause)
      await lose('create_account')
      const ann = body(await client.post('/v1/accounts', { email: 'ann@b.example', name: 'Ann' }))
      await lose('create_plan')
      const prices = [{ currency: 'USD', interval: 'month', unit_amount: '100' }]
      body(await client.post('/v1/plans', { code: 'other', name: 'Other', prices }))
      const { id } = await jane.subscribes('pro')
      await lose('cancel_subscription')
      body(await client.post(`/v1/subscriptions/${id}/cancel`, {}))
      const types = await sql(
        `select type, count(*)::int from events where data ->> 'id' = any($1::text[]) and type = any($2::text[]) group by 1 order by 1`,
        `{${[ann.id, id].join(',')}}`,
        '{account.created,subscription.created,subscription.cancellation_scheduled}',
      )
      expect(types).toEqual([
        { type: 'account.created', count: 1 },
        { type: 'subscription.cancellation_scheduled', count: 1 },
        { type: 'subscription.created', count: 1 },
      ])
    },
  )

  test('of a page in an organization’s series keeps it without gap or repeat', async () => {
    const world = await newWorld('2026-01-01T00:00:00Z')
    body(await world.client.patch('/v1/settings', { numbering: { series: 'organization', prefix: 'INV' } }))
    await world.plan('pro')
    const customers = await Promise.all(['Ann', 'Bob', 'Cy'].map((name) => world.account({ name })))
    for (const customer of customers) await customer.subscribes('pro')
    // The cause of the page's commit; the quotes tell it from the clocks' table in its reads.
    const PAGE = '"test_clock"'
    await database.losesReply(PAGE)
    await world.until('2026-02-01T00:00:00Z')
    await database.losesRequest(PAGE)
    await world.until('2026-03-01T00:00:00Z')
    const { data } = body(await world.client.get('/v1/invoices'))
    expect(data.map(({ number }: Json) => number).toSorted()).toEqual(
      Array.from({ length: 9 }, (_, index) => `INV-00000${index + 1}`),
    )
    expect((await world.gateway.taken()).received).toEqual({ usd: 9 * 4900 })
    await world.isBalanced()
  })
})
