import { afterEach, describe, expect, test, vi } from 'vitest'
import { body, type Json, organization } from '../support/client.ts'
import { crowd } from '../support/crowd.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { database, sql } from '../support/sql.ts'
import { cronRuns, deliver, rangesOfRun, realTimePasses } from '../support/worker.ts'
import { later, newWorld, type World } from '../support/world.ts'

afterEach(() => {
  vi.useRealTimers()
})

const DAY_MS = 86_400_000
const nextMonth = () => later(new Date().toISOString(), '40 days')

/** A world with a monthly plan, and as many customers in real time as asked for. */
async function due(copies: number): Promise<World> {
  const world = await newWorld()
  await world.plan('pro')
  await crowd(world, copies, 'pro')
  return world
}

const runsOf = async ({ client }: World) => body(await client.get('/v1/billing_runs')).data as readonly Json[]

const isFinished = async (world: World) => {
  await expect.poll(async () => (await runsOf(world))[0]?.status, { timeout: 10_000 }).toBe('finished')
  return (await runsOf(world))[0]
}

/** How many renewals the organization has, and of how many accounts. */
async function renewals({ client }: World): Promise<Json> {
  const { name } = body(await client.get('/v1/settings'))
  const [row] = await sql(
    `select count(*)::int as invoices, count(distinct account_id)::int as accounts from invoices i
     join organizations o on o.id = i.organization_id where o.name = $1 and reason = 'renewal'`,
    name,
  )
  return row
}

const clean = { left: 0, failed: 0 }

describe('cron', () => {
  test('bills what is due, page by page, counts it exactly, and the charges follow', async () => {
    const world = await newWorld()
    await world.plan('pro')
    const customers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => world.account({ test_clock: undefined, name: `Customer${index}` })),
    )
    for (const customer of customers) await customer.subscribes('pro')
    realTimePasses(32 * DAY_MS)
    await cronRuns()
    const run = await isFinished(world)
    expect(run).toMatchObject({ by: 'cron', accounts: 12, subscriptions: 12, invoices: 12, ranges: 1, ...clean })
    for (const customer of customers) {
      await expect
        .poll(customer.payments, { timeout: 10_000 })
        .toMatchObject([{ status: 'succeeded' }, { status: 'succeeded' }])
      expect((await customer.invoices()).map(({ reason, status }) => [reason, status])).toEqual([
        ['subscription', 'paid'],
        ['renewal', 'paid'],
      ])
    }
    expect((await world.gateway.taken()).received).toEqual({ usd: 24 * 4900 })
    await world.isBalanced()
  })

  test('makes no run where nothing is due, and leaves the accounts of test clocks to their clocks', async () => {
    const world = await newWorld('2020-01-01T00:00:00Z')
    await world.plan('pro')
    const jane = await world.account()
    await jane.subscribes('pro')
    const runs = () => sql('select count(*) from billing_runs')
    const before = await runs()
    await cronRuns()
    expect(await runs()).toEqual(before)
    expect(await jane.invoices()).toHaveLength(1)
  })

  test('brings an account that is many periods behind up to date over several runs', async () => {
    const world = await newWorld()
    await world.plan('weekly', { prices: [{ currency: 'USD', interval: 'week', unit_amount: '100' }] })
    const jane = await world.account({ test_clock: undefined, card: null })
    await jane.subscribes('weekly')
    const { organization: id } = world.client
    const asOf = later(new Date().toISOString(), '211 days')
    const counts: Json[] = []
    for (const _ of [1, 2]) {
      await deliver('perennial-billing', ...(await rangesOfRun(id, asOf)))
      const [run] = await runsOf(world)
      counts.push({ invoices: run.invoices, left: run.left })
    }
    expect(counts).toEqual([
      { invoices: 24, left: 1 },
      { invoices: 6, left: 0 },
    ])
    expect(await rangesOfRun(id, asOf)).toEqual([])
    const starts = (await jane.invoices()).map(({ period }) => Date.parse(period.start))
    expect(starts.slice(1).map((start, index) => start - (starts[index] ?? 0))).toEqual(Array(30).fill(7 * DAY_MS))
  })
})

describe('a run by hand', () => {
  test('bills this organization up to the instant asked for, in ranges of about a thousand accounts', async () => {
    const world = await due(1_150)
    const others = await due(3)
    const reply = await world.client.post('/v1/billing_runs', { as_of: nextMonth() })
    expect([reply.status, reply.body]).toEqual([202, { id: expect.stringMatching(/^run_/) }])
    const run = await isFinished(world)
    const counts = { accounts: 1_150, subscriptions: 1_150, invoices: 1_150, ranges: 2, ranges_finished: 2, ...clean }
    expect(run).toMatchObject({ id: reply.body.id, by: 'request', ...counts })
    expect(await renewals(world)).toEqual({ invoices: 1_150, accounts: 1_150 })
    expect(await renewals(others)).toEqual({ invoices: 0, accounts: 0 })
    await world.isBalanced()
    const again = await world.client.post('/v1/billing_runs', { as_of: run.as_of })
    expect([again.status, again.body]).toEqual([202, { id: null }])
    expect(await runsOf(world)).toHaveLength(1)
  })

  test('of a live organization never runs ahead of time', async () => {
    const live = await organization('live')
    const refused = await live.post('/v1/billing_runs', { as_of: nextMonth() })
    expectProblem(refused, 403, 'not_a_sandbox', pointsAt('/as_of'))
    expect((await live.post('/v1/billing_runs', {})).body).toEqual({ id: null })
  })

  test('shows the runs of its own organization only', async () => {
    const [mine, theirs] = [await due(2), await due(3)]
    for (const world of [mine, theirs])
      await deliver('perennial-billing', ...(await rangesOfRun(world.client.organization, nextMonth())))
    expect([await runsOf(mine), await runsOf(theirs)]).toMatchObject([[{ accounts: 2 }], [{ accounts: 3 }]])
  })
})

describe('nothing is billed twice, and all of it once, when', () => {
  test('a message is delivered many times, at once and again', async () => {
    const world = await due(300)
    const ranges = await rangesOfRun(world.client.organization, nextMonth())
    await Promise.all([deliver('perennial-billing', ...ranges), deliver('perennial-billing', ...ranges, ...ranges)])
    await deliver('perennial-billing', ...ranges)
    expect(await renewals(world)).toEqual({ invoices: 300, accounts: 300 })
    expect(await runsOf(world)).toMatchObject([
      { accounts: 300, invoices: 300, ranges: 1, ranges_finished: 1, failed: 0 },
    ])
    await world.isBalanced()
  })

  test('a message is lost: the next run finds what it left behind', async () => {
    const world = await due(5)
    await rangesOfRun(world.client.organization, nextMonth())
    expect(await renewals(world)).toEqual({ invoices: 0, accounts: 0 })
    await deliver('perennial-billing', ...(await rangesOfRun(world.client.organization, nextMonth())))
    expect(await renewals(world)).toEqual({ invoices: 5, accounts: 5 })
    expect(await runsOf(world)).toMatchObject([
      { status: 'finished', accounts: 5 },
      { status: 'running', accounts: 0, ranges_finished: 0 },
    ])
  })

  test.each([
    ['the answer', 'losesReply', 1],
    ['the request', 'losesRequest', 1],
    ['every answer', 'losesReply', 3],
  ] as const)('%s to a page is lost', async (_, loses, times) => {
    const world = await due(4)
    const ranges = await rangesOfRun(world.client.organization, nextMonth())
    for (let lost = 0; lost < times; lost++) await database[loses]('billing_run_pages')
    const first = await deliver('perennial-billing', ...ranges)
    expect(first.retryMessages).toHaveLength(times === 3 ? 1 : 0)
    await deliver('perennial-billing', ...ranges)
    expect(await renewals(world)).toEqual({ invoices: 4, accounts: 4 })
    expect(await runsOf(world)).toMatchObject([{ status: 'finished', accounts: 4, invoices: 4, ...clean }])
  })

  test('the commit’s message to the relay is lost: the sweep sends it again', async () => {
    const world = await newWorld()
    await world.plan('pro')
    const jane = await world.account({ test_clock: undefined })
    await jane.subscribes('pro')
    const ranges = await rangesOfRun(world.client.organization, nextMonth())
    const unrelayed = () =>
      sql(
        `select distinct c.id from commits c join events e on e.commit_id = c.id
         where c.relayed_at is null and c.cause = 'billing_run' and e.data ->> 'account' = $1`,
        jane.id,
      )
    for (let lost = 0; lost < 3; lost++) await database.losesReply('billing_run_pages')
    await deliver('perennial-billing', ...ranges)
    expect(await unrelayed()).toHaveLength(1)
    expect(await jane.payments()).toMatchObject([{ status: 'succeeded' }, { status: 'pending' }])
    realTimePasses(41 * DAY_MS)
    await cronRuns()
    await expect.poll(unrelayed, { timeout: 10_000 }).toEqual([])
    await expect
      .poll(jane.payments, { timeout: 10_000 })
      .toMatchObject([{ status: 'succeeded' }, { status: 'succeeded' }])
  })
})
