import { afterEach, describe, expect, test, vi } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { owesBack } from '../support/refund.ts'
import { database, sql } from '../support/sql.ts'
import { chargesRun, cronRuns, realTimePasses } from '../support/worker.ts'
import { type Customer, monthly, newWorld, type World } from '../support/world.ts'

afterEach(() => {
  vi.useRealTimers()
})

const REFUND = 'post_refunds'
const LOOK = 'get_refunds'
const MINUTE_MS = 61_000
const HOUR_MS = 3_601_000

type Owing = World & {
  readonly jane: Customer
  readonly payment: Json
  /** The refund as the API shows it. */
  readonly shown: () => Promise<Json>
}

/** An account in real time that has paid 9900 and is to get 2500 of it back. */
async function owing(card = 'pm_card_visa'): Promise<Owing> {
  const world = await newWorld()
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  const jane = await world.account({ test_clock: undefined, card })
  const { payment } = await jane.subscribes('pro')
  const id = await owesBack(world.client.organization, payment, 2500)
  return { ...world, jane, payment, shown: async () => body(await world.client.get(`/v1/refunds/${id}`)) }
}

/** One refund of 2500 here and there, told and posted once. */
async function expectRefundedOnce(world: Owing): Promise<void> {
  const refund = await world.shown()
  expect(refund).toMatchObject({ status: 'succeeded', outcome: 'succeeded', amount: 2500, failure: null })
  expect(refund.ended_at).not.toBeNull()
  expect(await world.gateway.taken()).toMatchObject({
    received: { usd: 9900 },
    refunds: 1,
    refunded: { usd: 2500 },
  })
  for (const { operation, idempotency_key } of await world.gateway.requests())
    if (operation === REFUND) expect(idempotency_key).toBe(refund.id)
  expect(await told(refund.id, 'refund.succeeded')).toHaveLength(1)
  expect(await postedFor(refund)).toEqual([
    { ledger_account: 'cash', amount: '-2500' },
    { ledger_account: 'refund', amount: '2500' },
  ])
  const { refunded, status } = body(await world.client.get(`/v1/payments/${world.payment.id}`))
  expect([refunded, status]).toEqual([2500, 'succeeded'])
  await world.isBalanced()
  expect(await world.gateway.bugs()).toEqual([])
}

function told(refund: string, type: string): Promise<readonly Json[]> {
  return sql(`select 1 from events where type = $1 and data ->> 'id' = $2`, type, refund)
}

function postedFor({ gateway_refund }: Json): Promise<readonly Json[]> {
  return sql(
    `select l.ledger_account, l.amount::text from ledger_entries l join refunds r on r.id = l.document_id
     where r.gateway_refund = $1 order by 1`,
    gateway_refund,
  )
}

const fault = (operation: string, kind: string, about: Json = {}) => ({ match: { operation }, fault: kind, ...about })

const lost: readonly [name: string, fault: Json, outcome: string][] = [
  ['its answer', fault(REFUND, 'execute_then_drop'), 'unknown'],
  ['the request', fault(REFUND, 'drop_before'), 'unknown'],
  ['half of its answer', fault(REFUND, 'truncate'), 'unknown'],
  ['patience: the key is in use', fault(REFUND, 'conflict_409'), 'unknown'],
  ['patience: too many requests', fault(REFUND, 'rate_limited_429'), 'throttled'],
  ['its head after it was done', fault(REFUND, 'stored_500', { executes: 'before' }), 'unknown'],
  ['the look before it', fault(LOOK, 'drop_before'), 'unknown'],
]

describe('FR-063 money goes back once, when the gateway loses', () => {
  test.each(lost)('%s', async (_, given, outcome) => {
    const world = await owing()
    await world.gateway.fault(given)
    await chargesRun()
    expect(await world.shown()).toMatchObject({ status: 'pending', outcome, gateway_refund: null, ended_at: null })
    // Nobody asks again before a minute has passed.
    await chargesRun()
    expect(await world.shown()).toMatchObject({ status: 'pending' })
    realTimePasses(MINUTE_MS)
    await chargesRun()
    await expectRefundedOnce(world)
    realTimePasses(MINUTE_MS)
    await chargesRun()
    await expectRefundedOnce(world)
  })

  test('its head instead of doing it: what never took effect does when the key is forgotten', async () => {
    const world = await owing()
    await world.gateway.fault(fault(REFUND, 'stored_500'))
    for (let minutes = 0; minutes < 2; minutes++) {
      await chargesRun()
      expect(await world.shown()).toMatchObject({ status: 'pending', outcome: 'unknown' })
      realTimePasses(MINUTE_MS)
    }
    await world.gateway.passes(25 * 3_600)
    realTimePasses(MINUTE_MS)
    await chargesRun()
    await expectRefundedOnce(world)
  })

  test('its memory of the key, after its answer was lost', async () => {
    const world = await owing()
    await world.gateway.fault(fault(REFUND, 'execute_then_drop'))
    await chargesRun()
    await world.gateway.passes(25 * 3_600)
    realTimePasses(MINUTE_MS)
    await chargesRun()
    await expectRefundedOnce(world)
  })

  test('itself: it is down, and cron sends it when it is up', async () => {
    const world = await owing()
    await world.gateway.down(true)
    await chargesRun()
    expect(await world.shown()).toMatchObject({ status: 'pending', outcome: 'unknown' })
    await world.gateway.down(false)
    realTimePasses(MINUTE_MS)
    await cronRuns()
    await expect.poll(async () => (await world.shown()).status).toBe('succeeded')
    await expectRefundedOnce(world)
  })
})

/** What a commit's SQL contains that records an outcome. */
const OUTCOME = 'record_refunds'

describe('FR-063 money goes back once, when the Worker', () => {
  test('dies after sending it, before the outcome was committed', async () => {
    const world = await owing()
    for (let lost = 0; lost < 3; lost++) await database.losesRequest(OUTCOME)
    await chargesRun()
    expect(await world.shown()).toMatchObject({ status: 'pending', outcome: null, gateway_refund: null })
    expect((await world.gateway.taken()).refunds).toBe(1)
    realTimePasses(MINUTE_MS)
    await chargesRun()
    await expectRefundedOnce(world)
  })

  test('does not hear that the outcome was committed', async () => {
    const world = await owing()
    await database.losesReply(OUTCOME)
    await chargesRun()
    realTimePasses(MINUTE_MS)
    await chargesRun()
    await expectRefundedOnce(world)
  })

  test('is many at once', async () => {
    const world = await owing()
    await Promise.all([chargesRun(), chargesRun(), cronRuns()])
    realTimePasses(MINUTE_MS)
    await Promise.all([chargesRun(), chargesRun()])
    await expectRefundedOnce(world)
  })

  test('writes something else of the account while the gateway works on it', async () => {
    const world = await owing()
    await world.gateway.fault(fault(REFUND, 'delay', { delay_ms: 2_000 }))
    const sent = chargesRun()
    const asked = async () => (await world.gateway.requests()).map(({ operation }) => operation)
    await expect.poll(asked).toContain(REFUND)
    body(await world.client.patch(`/v1/accounts/${world.jane.id}`, { name: 'Janet' }))
    await sent
    await expectRefundedOnce(world)
  })
})

describe('FR-063 a refund', () => {
  test('that takes days is looked at by the hour', async () => {
    const world = await owing('pm_card_pendingRefund')
    await chargesRun()
    const sent = await world.shown()
    expect(sent).toMatchObject({
      status: 'pending',
      outcome: 'processing',
      gateway_refund: expect.stringMatching(/^re_/),
    })
    realTimePasses(HOUR_MS)
    await chargesRun()
    expect(await world.shown()).toEqual(sent)
    expect(await told(sent.id, 'refund.pending')).toHaveLength(1)
    // Nor before another hour has passed.
    realTimePasses(2 * MINUTE_MS)
    await chargesRun()
    const looks = (await world.gateway.requests()).filter(({ operation }) => operation === 'get_refunds_refund')
    expect(looks).toHaveLength(1)
    await world.gateway.settles()
    await chargesRun()
    expect(await world.shown()).toEqual(sent)
    realTimePasses(HOUR_MS)
    await chargesRun()
    await expectRefundedOnce(world)
  })

  test('that the gateway refuses fails, and what was not given away stays owed', async () => {
    const world = await owing()
    const intent = world.payment.gateway_payment
    const answer = await world.gateway.refunds(intent)
    expect(answer.status).toBe('succeeded')
    await chargesRun()
    const refund = await world.shown()
    expect(refund).toMatchObject({ status: 'failed', outcome: 'rejected', failure: 'charge_already_refunded' })
    expect(await told(refund.id, 'refund.failed')).toHaveLength(1)
    expect(
      await sql(
        `select ledger_account, amount::text from ledger_entries
         where document_id in (select id from refunds where status = $1) order by 1`,
        'failed',
      ),
    ).toEqual([])
    expect(body(await world.client.get(`/v1/payments/${world.payment.id}`)).refunded).toBe(0)
    realTimePasses(HOUR_MS)
    await chargesRun()
    expect(await world.shown()).toEqual(refund)
  })
})

describe('on a test clock', () => {
  test('a refund is sent as the clock goes on, at its time', async () => {
    const world = await newWorld()
    await world.plan('pro', { prices: [monthly('USD', '9900')] })
    const jane = await world.account()
    const { payment } = await jane.subscribes('pro')
    await owesBack(world.client.organization, payment, 2500)
    await world.passes('1 day')
    const { data } = body(await world.client.get(`/v1/refunds?account=${jane.id}`))
    expect(data).toMatchObject([{ status: 'succeeded', ended_at: '2026-01-01T00:00:00Z' }])
    expect((await world.gateway.taken()).refunded).toEqual({ usd: 2500 })
  })

  test('one whose clock stands still is sent all the same', async () => {
    const world = await newWorld()
    await world.plan('pro', { prices: [monthly('USD', '9900')] })
    const jane = await world.account()
    const { payment } = await jane.subscribes('pro')
    await owesBack(world.client.organization, payment, 2500)
    await chargesRun()
    const { data } = body(await world.client.get(`/v1/refunds?payment=${payment.id}&status=succeeded`))
    expect(data).toHaveLength(1)
  })
})
