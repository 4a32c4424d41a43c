import { runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { decodeId, type Id } from '../../src/kernel/id.ts'
import { body, type Json, organization } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { sql } from '../support/sql.ts'
import { chargesRun, cronRuns, realTimePasses } from '../support/worker.ts'
import { monthly, newWorld, type World } from '../support/world.ts'

afterEach(() => {
  vi.useRealTimers()
})

const START = '2026-01-01T00:00:00Z'

const clockOf = async ({ client, clock }: World) => body(await client.get(`/v1/test_clocks/${clock}`))
const advances = ({ client, clock }: World, to: string) => client.post(`/v1/test_clocks/${clock}/advance`, { to })

const uuidOf = (clock: string) => decodeId('test_clock', clock) as Id<'test_clock'>

describe('a test clock', () => {
  test('stands where it was set, or at the present, and only where nothing is real', async () => {
    const { client } = await newWorld()
    const made = body(await client.post('/v1/test_clocks', { name: 'Mine', now: START }))
    const still = { status: 'ready', advancing_to: null, progress: 1 }
    expect(made).toMatchObject({ id: expect.stringMatching(/^clock_/), name: 'Mine', now: START, ...still })
    const before = Date.now()
    const { now } = body(await client.post('/v1/test_clocks', {}))
    expect(Date.parse(now)).toBeGreaterThanOrEqual(before)
    expect(body(await client.get('/v1/test_clocks')).data).toHaveLength(3)
    const live = await organization('live')
    expectProblem(await live.post('/v1/test_clocks', {}), 403, 'not_a_sandbox')
    const account = { email: 'jane@startup.example', name: 'Jane', test_clock: made.id }
    expectProblem(await live.post('/v1/accounts', account), 403, 'not_a_sandbox')
  })

  test.each([
    ['2025-12-31T23:59:59Z', 'A test clock goes forwards only. It stands at 2026-01-01T00:00:00Z.'],
    ['2031-01-06T00:00:00Z', 'A test clock goes five years at once at most. It stands at 2026-01-01T00:00:00Z.'],
  ])('does not go to %s', async (to, detail) => {
    const world = await newWorld(START)
    expectProblem(await advances(world, to), 422, 'invalid_request', { detail, ...pointsAt('/to') })
    expect(await clockOf(world)).toMatchObject({ now: START, status: 'ready' })
  })

  test.each([START, '2026-01-01T00:00:00.001Z', '2031-01-01T00:00:00Z'])('goes to %s at once', async (to) => {
    const world = await newWorld(START)
    const reply = await advances(world, to)
    expect([reply.status, reply.body.now, reply.body.status]).toEqual([200, to, 'ready'])
  })

  test('has a hundred accounts at most', async () => {
    const world = await newWorld(START)
    await world.account({ card: null })
    await sql(
      `insert into accounts select r.* from accounts a, generate_series(1, 98) n, jsonb_populate_record(null::accounts,
         to_jsonb(a) || jsonb_build_object('id', gen_random_uuid(), 'invoice_prefix', 'COPY' || n)) r where a.clock_id = $1`,
      uuidOf(world.clock),
    )
    await world.account({ card: null, name: 'The hundredth' })
    const refused = await world.client.post('/v1/accounts', {
      email: 'a@b.example',
      name: 'A',
      test_clock: world.clock,
    })
    expectProblem(refused, 422, 'limit_reached', { detail: 'A test clock has 100 accounts at most.' })
  })
})

describe('an advance', () => {
  test('runs what falls due on the way in the order of its instants, across accounts', async () => {
    const world = await newWorld(START)
    await world.plan('weekly', { prices: [{ currency: 'USD', interval: 'week', unit_amount: '100' }] })
    await world.plan('monthly', { prices: [monthly('USD', '4900')] })
    const [ann, bob] = [await world.account({ name: 'Ann' }), await world.account({ name: 'Bob' })]
    await ann.subscribes('weekly')
    await bob.subscribes('monthly', { trial_days: 10 })
    await ann.subscribes('monthly', { start: '2026-01-20T00:00:00Z' })
    await world.until('2026-03-01T00:00:00Z')
    const events = await sql(
      `select e.occurred_at::text as at, e.type from events e join accounts a on a.id = e.account_id
       where a.clock_id = $1 and e.type like 'subscription.%' order by e.xid, e.id`,
      uuidOf(world.clock),
    )
    const instants = events.map(({ at }) => Date.parse(at))
    expect(instants).toEqual(instants.toSorted((left, right) => left - right))
    // At one instant by id: Ann was there before Bob.
    expect(events.slice(-13).map(({ at, type }) => `${at.slice(5, 10)} ${type.slice(13)}`)).toEqual([
      ...[
        '01-08 renewed',
        '01-08 trial_will_end',
        '01-11 activated',
        '01-15 renewed',
        '01-20 activated',
        '01-22 renewed',
        '01-29 renewed',
      ],
      ...['02-05 renewed', '02-11 renewed', '02-12 renewed', '02-19 renewed', '02-20 renewed', '02-26 renewed'],
    ])
    const paid = await sql(
      `select distinct p.at - i.at as delay from
        (select data ->> 'id' as id, occurred_at as at from events where type = 'invoice.paid') p join
        (select data ->> 'id' as id, occurred_at as at from events where type = 'invoice.finalized') i on i.id = p.id
       join events e on e.data ->> 'id' = p.id join accounts a on a.id = e.account_id where a.clock_id = $1`,
      uuidOf(world.clock),
    )
    expect(paid).toEqual([{ delay: '00:00:00' }])
  })

  test('has its charges taken when it answers, whoever else charges at the same time', async () => {
    const world = await newWorld(START)
    await world.plan('weekly', { prices: [{ currency: 'USD', interval: 'week', unit_amount: '100' }] })
    const customers = await Promise.all(['Ann', 'Bob', 'Cy'].map((name) => world.account({ name })))
    for (const customer of customers) await customer.subscribes('weekly')
    let arrived = false
    const others = async () => {
      while (!arrived) await chargesRun()
    }
    const advance = world.until('2026-04-01T00:00:00Z').finally(() => {
      arrived = true
    })
    await Promise.all([advance, others()])
    for (const customer of customers) {
      const payments = await customer.payments()
      expect(payments.map(({ status }) => status)).toEqual(Array(13).fill('succeeded'))
      expect(await customer.owes()).toBe(0)
    }
    expect((await world.gateway.taken()).received).toEqual({ usd: 3 * 13 * 100 })
  })

  test('leaves alone the accounts of other clocks and those that live in real time', async () => {
    const world = await newWorld(START)
    await world.plan('pro')
    const other = body(await world.client.post('/v1/test_clocks', { now: START })).id
    const mine = await world.account()
    const theirs = await world.account({ test_clock: other, name: 'Other' })
    const real = await world.account({ test_clock: undefined, name: 'Real' })
    for (const customer of [mine, theirs, real]) await customer.subscribes('pro')
    await world.until('2026-04-01T00:00:00Z')
    const counts = async () => [
      (await mine.invoices()).length,
      (await theirs.invoices()).length,
      (await real.invoices()).length,
    ]
    expect(await counts()).toEqual([4, 1, 1])
    body(await world.client.post(`/v1/test_clocks/${other}/advance`, { to: '2026-03-01T00:00:00Z' }))
    expect(await counts()).toEqual([4, 3, 1])
  })

  test('asked for twice at once happens once', async () => {
    const world = await newWorld(START)
    await world.plan('pro')
    const jane = await world.account()
    await jane.subscribes('pro')
    const replies = await Promise.all([1, 2, 3].map(() => advances(world, '2026-03-01T00:00:00Z')))
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
    for (const reply of replies) if (reply.status === 409) expectProblem(reply, 409, 'clock_busy')
    expect(await jane.invoices()).toHaveLength(3)
  })
})

describe('while a clock is under way', () => {
  /** As after the death of the object that was advancing it. */
  async function stuck(): Promise<
    World & { readonly jane: Awaited<ReturnType<World['account']>>; readonly made: Json }
  > {
    const world = await newWorld(START)
    await world.plan('pro')
    const jane = await world.account()
    const made = await jane.subscribes('pro')
    await sql(
      `update test_clocks set target_at = '2026-05-01T00:00:00Z', started_from = now_at where id = $1`,
      uuidOf(world.clock),
    )
    return { ...world, jane, made }
  }

  test('commands on its accounts are told to wait', async () => {
    const world = await stuck()
    const { client, made, jane } = world
    const replies = [
      await client.post(`/v1/subscriptions/${made.id}/cancel`, {}),
      await client.patch(`/v1/subscriptions/${made.id}`, { metadata: {} }),
      await jane.asksToSubscribe('pro'),
      await client.post('/v1/accounts', { email: 'a@b.example', name: 'A', test_clock: world.clock }),
      await advances(world, '2026-06-01T00:00:00Z'),
    ]
    for (const reply of replies) {
      expectProblem(reply, 409, 'clock_busy')
      expect(reply.headers.get('Retry-After')).toBe('1')
    }
    expect(await clockOf(world)).toMatchObject({
      status: 'advancing',
      advancing_to: '2026-05-01T00:00:00Z',
      progress: 0,
    })
  })

  test('and nobody advances it, the sweep sees that it gets there', async () => {
    const world = await stuck()
    await cronRuns()
    await expect.poll(async () => (await clockOf(world)).status, { timeout: 10_000 }).toBe('ready')
    expect((await clockOf(world)).now).toBe('2026-05-01T00:00:00Z')
    expect((await world.jane.invoices()).map(({ period }) => period.start.slice(0, 10))).toEqual([
      ...['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01'],
    ])
    expect((await world.jane.payments()).every(({ status }) => status === 'succeeded')).toBe(true)
  })

  test('its charges are its own: the queue takes them up again only when it is there', async () => {
    const world = await newWorld(START)
    await world.plan('pro')
    const jane = await world.account()
    await world.gateway.down(true)
    await jane.subscribes('pro')
    await world.gateway.down(false)
    const setOut = `update test_clocks set target_at = now_at + interval '1 day', started_from = now_at where id = $1`
    await sql(setOut, uuidOf(world.clock))
    realTimePasses(61_000)
    await chargesRun()
    expect(await jane.payments()).toMatchObject([{ status: 'pending', outcome: 'unknown' }])
    await sql('update test_clocks set now_at = target_at, target_at = null where id = $1', uuidOf(world.clock))
    await chargesRun()
    expect(await jane.payments()).toMatchObject([{ status: 'succeeded' }])
  })

  test('a request waits 25 seconds, then is told how far it is, and the alarm goes on', async () => {
    const world = await newWorld(START)
    await world.plan('weekly', { prices: [{ currency: 'USD', interval: 'week', unit_amount: '100' }] })
    const jane = await world.account()
    await jane.subscribes('weekly')
    const asked = advances(world, '2027-01-01T00:00:00Z')
    await expect.poll(async () => (await jane.invoices()).length).toBeGreaterThan(1)
    realTimePasses(26_000)
    const reply = await asked
    expect([reply.status, reply.body]).toMatchObject([
      202,
      { status: 'advancing', advancing_to: '2027-01-01T00:00:00Z' },
    ])
    expect(reply.body.progress).toBeGreaterThan(0)
    expect(reply.body.progress).toBeLessThan(1)
    vi.useRealTimers()
    const { TEST_CLOCKS } = env as unknown as { TEST_CLOCKS: DurableObjectNamespace }
    await runDurableObjectAlarm(TEST_CLOCKS.get(TEST_CLOCKS.idFromName(uuidOf(world.clock))))
    await expect.poll(async () => (await clockOf(world)).status, { timeout: 10_000 }).toBe('ready')
    expect(await jane.invoices()).toHaveLength(53)
    expect((await world.gateway.taken()).received).toEqual({ usd: 5300 })
  })
})
