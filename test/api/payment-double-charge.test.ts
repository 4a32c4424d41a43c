import { afterEach, describe, expect, test, vi } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { database, sql } from '../support/sql.ts'
import { chargesRun, cronRuns, realTimePasses } from '../support/worker.ts'
import { type Customer, monthly, newWorld, type World } from '../support/world.ts'

afterEach(() => {
  vi.useRealTimers()
})

const CONFIRM = 'post_payment_intents_intent_confirm'
const CREATE = 'post_payment_intents'
const MINUTE_MS = 61_000

type Selling = World & { readonly jane: Customer; readonly asks: (key?: string) => ReturnType<World['client']['post']> }

/** An account in real time that may subscribe for 9900 a month. */
async function selling(): Promise<Selling> {
  const world = await newWorld()
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  const jane = await world.account({ test_clock: undefined })
  const asks = (key = 'only-once') =>
    world.client.post('/v1/subscriptions', { account: jane.id, plan: 'pro' }, { headers: { 'Idempotency-Key': key } })
  return { ...world, jane, asks }
}

/** One subscription, one paid invoice, one payment; taken once, under one key a call. */
async function expectChargedOnce(world: Selling): Promise<void> {
  expect(await world.jane.subscriptions()).toMatchObject([{ status: 'active' }])
  expect(await world.jane.invoices()).toMatchObject([{ status: 'paid', paid: 9900, balance: 0 }])
  const [payment, ...others] = await world.jane.payments()
  expect([payment, others]).toMatchObject([{ status: 'succeeded', amount: 9900 }, []])
  const taken = await world.gateway.taken()
  expect(taken).toMatchObject({
    succeeded_count: 1,
    received: { usd: 9900 },
    captured_charges: 1,
    captured: { usd: 9900 },
  })
  const [attempt, ...more] = body(await world.client.get(`/v1/payments/${payment.id}/attempts`)).data
  expect(more).toEqual([])
  for (const { operation, idempotency_key } of await world.gateway.requests()) {
    if (operation === CONFIRM) expect(idempotency_key).toBe(attempt.id)
    if (operation === CREATE) expect(idempotency_key).toBe(payment.id)
  }
  const paid = await sql(`select 1 from events where type = 'payment.succeeded' and data ->> 'id' = $1`, payment.id)
  expect(paid).toHaveLength(1)
  await world.isBalanced()
}

const fault = (operation: string, kind: string, about: Json = {}) => ({ match: { operation }, fault: kind, ...about })

const lost: readonly [name: string, fault: Json, outcome: string][] = [
  ['the answer to the confirmation', fault(CONFIRM, 'execute_then_drop'), 'unknown'],
  ['the confirmation on its way there', fault(CONFIRM, 'drop_before'), 'unknown'],
  ['half of the answer to the confirmation', fault(CONFIRM, 'truncate'), 'unknown'],
  ['patience: the key is in use', fault(CONFIRM, 'conflict_409'), 'unknown'],
  ['patience: too many requests', fault(CONFIRM, 'rate_limited_429'), 'throttled'],
  ['the answer to the intent’s creation', fault(CREATE, 'execute_then_drop'), 'unknown'],
  ['the intent’s creation on its way there', fault(CREATE, 'drop_before'), 'unknown'],
  ['half of the answer to the intent’s creation', fault(CREATE, 'truncate'), 'unknown'],
]

describe('FR-062 nobody is charged twice, and the charge is completed, when the gateway loses', () => {
  test.each(lost)('%s', async (_, given, outcome) => {
    const world = await selling()
    await world.gateway.fault(given)
    const first = body(await world.asks())
    expect(first).toMatchObject({ status: 'active', latest_invoice: { status: 'open', balance: 9900 } })
    expect(first.payment).toMatchObject({ status: 'pending', outcome, decline: null })
    expect((await world.asks()).body).toEqual(first)
    // Nobody asks again before a minute has passed.
    await chargesRun()
    expect(await world.jane.payments()).toMatchObject([{ status: 'pending' }])
    realTimePasses(MINUTE_MS)
    await chargesRun()
    await expectChargedOnce(world)
    realTimePasses(MINUTE_MS)
    await chargesRun()
    await expectChargedOnce(world)
    expect((await world.asks()).body).toEqual(first)
  })

  test.each(['before', 'never'])('its head: a stored 500 whose operation took effect %s it', async (executes) => {
    const world = await selling()
    await world.gateway.fault(fault(CONFIRM, 'stored_500', { executes }))
    body(await world.asks())
    realTimePasses(MINUTE_MS)
    await chargesRun()
    // What never took effect cannot under this key, until the gateway has forgotten it.
    if (executes === 'never') {
      expect(await world.jane.payments()).toMatchObject([{ status: 'pending', outcome: 'unknown' }])
      await world.gateway.passes(25 * 3_600)
      realTimePasses(MINUTE_MS)
      await chargesRun()
    }
    await expectChargedOnce(world)
  })

  test('itself: it is down, the sale is made all the same, and cron completes the charge', async () => {
    const world = await selling()
    await world.gateway.down(true)
    const first = body(await world.asks())
    expect(first).toMatchObject({ status: 'active', latest_invoice: { status: 'open', number: 'JANE-0001' } })
    expect(first.payment).toMatchObject({ status: 'pending', outcome: 'unknown', gateway_payment: null })
    realTimePasses(MINUTE_MS)
    await chargesRun()
    expect(await world.jane.payments()).toMatchObject([{ status: 'pending' }])
    await world.gateway.down(false)
    realTimePasses(MINUTE_MS)
    await cronRuns()
    await expect.poll(world.jane.payments).toMatchObject([{ status: 'succeeded' }])
    await expectChargedOnce(world)
  })

  test('time: the answer comes after we stopped waiting', async () => {
    const world = await selling()
    await world.gateway.fault(fault(CONFIRM, 'delay', { delay_ms: 11_000 }))
    expect(body(await world.asks()).payment).toMatchObject({ status: 'pending', outcome: 'unknown' })
    // The gateway still works on it for a second, and says so to whoever asks with the same key.
    const sweeps = async () => {
      realTimePasses(MINUTE_MS)
      await chargesRun()
      return world.jane.payments()
    }
    await expect.poll(sweeps, { timeout: 5_000, interval: 250 }).toMatchObject([{ status: 'succeeded' }])
    await expectChargedOnce(world)
  })
})

/** What a commit's SQL contains that records an outcome, and the one that keeps the gateway's id. */
const OUTCOME = 'record_outcomes'
const KEEP = 'set gateway_payment = '

describe('FR-062 nobody is charged twice when the Worker dies', () => {
  test.each([
    ['before it could keep the intent’s id', [KEEP, KEEP, KEEP], 3],
    ['after the confirmation, before the outcome was committed', [OUTCOME, OUTCOME, OUTCOME], 3],
  ])('%s: the same key finishes the work', async (_, matching) => {
    const world = await selling()
    for (const text of matching) await database.losesRequest(text)
    const first = await world.asks()
    expectProblem(first, 503, 'database_unavailable')
    expect(first.headers.get('Retry-After')).toBe('5')
    expect(await world.jane.payments()).toMatchObject([{ status: 'pending', outcome: null }])
    const early = await world.asks()
    expectProblem(early, 409, 'idempotency_key_in_use')
    expect(Number(early.headers.get('Retry-After'))).toBeLessThanOrEqual(30)
    realTimePasses(31_000)
    const second = await world.asks()
    expect(second.status).toBe(201)
    expect(second.body).toMatchObject({ latest_invoice: { status: 'paid' }, payment: { status: 'succeeded' } })
    await expectChargedOnce(world)
    expect((await world.asks()).body).toEqual(second.body)
  })

  test.each([[[KEEP, KEEP, KEEP]], [[OUTCOME, OUTCOME, OUTCOME]]])(
    '%s lost: without a key the sweep finishes it',
    async (matching) => {
      const world = await selling()
      for (const text of matching) await database.losesRequest(text)
      expectProblem(await world.jane.asksToSubscribe('pro'), 503, 'database_unavailable')
      await chargesRun()
      expect((await world.jane.payments()).map(({ status }) => status)).toEqual(['pending'])
      realTimePasses(MINUTE_MS)
      await chargesRun()
      await expectChargedOnce(world)
    },
  )

  test.each([KEEP, OUTCOME])('nor when only the database’s answer to %s is lost', async (text) => {
    const world = await selling()
    await database.losesReply(text)
    const first = await world.asks()
    expect(body(first).payment.status).toBe('succeeded')
    realTimePasses(MINUTE_MS)
    await Promise.all([world.asks(), chargesRun()])
    await expectChargedOnce(world)
  })
})

describe('FR-062 nobody is charged twice by many at once:', () => {
  test('the same request ten times, with one key', async () => {
    const world = await selling()
    const replies = await Promise.all(Array.from({ length: 10 }, () => world.asks()))
    const [first, ...repeated] = replies.filter(({ status }) => status === 201)
    for (const { body } of repeated) expect(body).toEqual(first?.body)
    for (const reply of replies) if (reply.status !== 201) expectProblem(reply, 409, 'idempotency_key_in_use')
    await expectChargedOnce(world)
  })

  test('two sweeps and a replay, after an answer was lost', async () => {
    const world = await selling()
    await world.gateway.fault(fault(CONFIRM, 'execute_then_drop'))
    for (let lost = 0; lost < 3; lost++) await database.losesRequest(OUTCOME)
    expectProblem(await world.asks(), 503, 'database_unavailable')
    realTimePasses(MINUTE_MS)
    await Promise.all([chargesRun(), chargesRun(), world.asks(), world.asks(), cronRuns()])
    realTimePasses(MINUTE_MS)
    await chargesRun()
    await expectChargedOnce(world)
  })
})
