import { env } from 'cloudflare:workers'
import type Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts'
import type { GatewayNews, NewsApplied } from '../../src/payments/domain/gateway-news.ts'
import { claimEvents } from '../../src/payments/gateway-event-repository.ts'
import { applyGatewayEvents, sweepGatewayEvents } from '../../src/payments/gateway-events.ts'
import { realNow } from '../../src/platform/clock.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import { body, type Client, type Json, organization } from '../support/client.ts'
import { type GatewayControl, gatewayOf } from '../support/gateway.ts'
import { sql } from '../support/sql.ts'
import { announced, deliverWebhook, givenEvent, listening, stripeOf } from '../support/webhook.ts'
import { realTimePasses } from '../support/worker.ts'

const queue = announced()
const bindings = env as unknown as Env
let client: Client
let gateway: GatewayControl
let gatewayAccount: string
let intents: readonly string[]
let told: string[]

beforeEach(async () => {
  client = await organization()
  gateway = gatewayOf(client.stripeKey)
  gatewayAccount = await listening(client)
  const stripe = stripeOf(client)
  const intent = () => stripe.paymentIntents.create({ amount: 4900, currency: 'usd', ...byCard })
  intents = (await Promise.all([1, 2, 3].map(intent))).map(({ id }) => id)
  queue.messages.length = 0
  told = []
})

afterEach(() => {
  vi.useRealTimers()
})

const byCard: Partial<Stripe.PaymentIntentCreateParams> = { allowed_payment_method_types: ['card'] }

/** Tells of intents as Stripe would, and answers the messages. */
async function happens(...objects: readonly string[]): Promise<readonly Json[]> {
  for (const id of objects) body(await deliverWebhook(gatewayAccount, givenEvent({ data: { object: { id } } })))
  return queue.messages.splice(0)
}

type Apply = (news: GatewayNews) => Promise<NewsApplied>
const takes: Apply = async () => 'applied'

function consume(messages: readonly Json[], apply: Apply = takes): Promise<void> {
  const recording: Apply = (news) => {
    told.push(news.kind === 'payment' ? news.gatewayPayment : news.kind)
    return apply(news)
  }
  return applyGatewayEvents(bindings, connect(bindings), recording, messages)
}

const rows = () =>
  sql(
    `select object_id, tries, applied_at is not null as applied, error,
       round(extract(epoch from next_at - received_at))::integer as waits from gateway_events
     where gateway_account_id = $1 order by object_id, event_id`,
    decodeId('gateway_account', gatewayAccount),
  )

/** Roughly: a test takes some time itself. */
const about = (seconds: number) => expect.closeTo(seconds, -1)

describe('FR-061 an event that is announced', () => {
  test('is looked up and applied once, however often it is announced', async () => {
    const messages = await happens(intents[0] ?? '')
    await consume([...messages, ...messages])
    await consume(messages)
    expect(told).toEqual([intents[0]])
    expect(await rows()).toMatchObject([{ object_id: intents[0], tries: 1, applied: true, error: null }])
  })

  test('to two consumers at once is applied by one', async () => {
    const messages = await happens(...intents)
    await Promise.all([1, 2, 3, 4].map(() => consume(messages)))
    expect(told.toSorted()).toEqual(intents.toSorted())
    expect((await rows()).map(({ tries, applied }) => [tries, applied])).toEqual(Array(3).fill([1, true]))
  })

  test('with others of the same object is looked up with them', async () => {
    const [intent = ''] = intents
    const messages = await happens(intent, intent, intent)
    await consume(messages)
    expect(told).toEqual([intent])
    expect((await rows()).map(({ applied }) => applied)).toEqual([true, true, true])
    const reads = (await gateway.requests()).filter(({ operation }) => operation === 'get_payment_intents_intent')
    expect(reads).toHaveLength(1)
  })

  test('and is nothing of ours is done with', async () => {
    await consume(await happens(...intents), async () => 'ignored')
    expect((await rows()).map(({ applied, error }) => [applied, error])).toEqual(Array(3).fill([true, null]))
  })

  test('by a message of nothing that is known, does nothing', async () => {
    await consume([{ gatewayAccountId: decodeId('gateway_account', gatewayAccount), eventId: 'evt_unknown' }])
    expect(told).toEqual([])
  })
})

describe('FR-061 an event that cannot be applied', () => {
  test('yet, because what it is about is not here, is told again, and never forgotten', async () => {
    const messages = await happens(intents[0] ?? '')
    await consume(messages, async () => 'later')
    const waiting = { tries: 1, applied: false, error: 'What it is about is not here yet.', waits: about(30) }
    expect(await rows()).toMatchObject([waiting])
    await consume(messages)
    expect(told).toHaveLength(1)
    realTimePasses(31_000)
    await consume(messages)
    expect(told).toHaveLength(2)
    expect(await rows()).toMatchObject([{ tries: 2, applied: true, error: null }])
  })

  test('is tried after longer and longer, until it is three days old; then it stays with its error', async () => {
    const messages = await happens(intents[0] ?? '')
    const start = Date.now()
    const waits: number[] = []
    for (const after of [0, 31_000, 3 * MINUTE_MS, 14 * MINUTE_MS, 80 * MINUTE_MS, 150 * MINUTE_MS]) {
      vi.useRealTimers()
      realTimePasses(after)
      await consume(messages, async () => 'later')
      const [{ next_at }] = await sql(`select next_at from gateway_events where object_id = $1`, intents[0])
      waits.push(Math.round((new Date(next_at).getTime() - start - after) / 10_000) * 10)
    }
    expect(waits).toEqual([30, 120, 600, 3600, 3600, 3600])
    vi.useRealTimers()
    realTimePasses(72 * HOUR_MS - MINUTE_MS)
    await consume(messages, async () => 'later')
    expect(told).toHaveLength(7)
    vi.useRealTimers()
    realTimePasses(74 * HOUR_MS)
    await consume(messages)
    await sweepGatewayEvents(bindings, connect(bindings))
    expect([told.length, queue.messages]).toEqual([7, []])
    expect(await rows()).toMatchObject([{ applied: false, error: 'What it is about is not here yet.' }])
  })

  test('for an error is put off with it, and holds up no other', async () => {
    const [first, broken] = intents
    const failing: Apply = async (news) => {
      if (news.kind === 'payment' && news.gatewayPayment === broken)
        throw new TypeError(`broken\nparams: ${'x'.repeat(900)}`)
      return 'applied'
    }
    await consume(await happens(...intents), failing)
    expect((await rows()).filter(({ applied }) => !applied)).toMatchObject([
      { object_id: broken, error: 'TypeError: broken', waits: about(30) },
    ])
    expect(told).toContain(first)
  })

  test('keeps the first 500 characters of its error', async () => {
    const failing = async () => {
      throw new Error('x'.repeat(900))
    }
    await consume(await happens(intents[0] ?? ''), failing)
    expect((await rows())[0]?.error).toBe(`Error: ${'x'.repeat(493)}`)
  })

  test('because the gateway knows nothing of it is not taken for nothing of ours', async () => {
    await consume(await happens('pi_unknown'))
    expect(told).toEqual([])
    expect(await rows()).toMatchObject([{ applied: false, error: expect.stringContaining('pi_unknown') }])
  })

  test('because the gateway is down is applied once it is up', async () => {
    const messages = await happens(intents[0] ?? '')
    await gateway.down(true)
    await consume(messages)
    expect(await rows()).toMatchObject([{ tries: 1, applied: false, error: expect.stringMatching(/./) }])
    await gateway.down(false)
    realTimePasses(31_000)
    await consume(messages)
    expect([told, (await rows())[0]?.applied]).toEqual([[intents[0]], true])
  })

  test('because the account’s key cannot be opened waits for the operator', async () => {
    const messages = await happens(intents[0] ?? '')
    const id = decodeId('gateway_account', gatewayAccount)
    const [{ secret }] = await sql('select secret from gateway_accounts where id = $1', id)
    await sql("update gateway_accounts set secret = jsonb_set(secret, '{text}', '\"AAAA\"') where id = $1", id)
    await consume(messages)
    expect(await rows()).toMatchObject([{ applied: false, error: expect.stringMatching(/./) }])
    await sql('update gateway_accounts set secret = $2 where id = $1', id, JSON.stringify(secret))
    realTimePasses(31_000)
    await consume(messages)
    expect(told).toEqual([intents[0]])
  })
})

describe('FR-061 what a consumer left behind', () => {
  test('is taken over when its lease is over, and not before', async () => {
    const messages = await happens(intents[0] ?? '')
    await claimEvents(connect(bindings), messages, realNow())
    await consume(messages)
    realTimePasses(MINUTE_MS)
    await consume(messages)
    expect(told).toEqual([])
    vi.useRealTimers()
    realTimePasses(2 * MINUTE_MS + 1_000)
    await consume(messages)
    expect(told).toEqual([intents[0]])
  })

  test.each([
    ['applied', { tries: 2, applied: true, error: null }],
    ['later', { tries: 2, applied: false, waits: about(3 * 60 + 120) }],
  ] as const)('and settles late changes nothing of what a second one said: %s', async (said, expected) => {
    const messages = await happens(intents[0] ?? '')
    await consume(messages, async () => {
      realTimePasses(3 * MINUTE_MS)
      await consume(messages, async () => said)
      return 'later'
    })
    expect(told).toHaveLength(2)
    expect(await rows()).toMatchObject([expected])
  })

  test('is announced by the sweep: what is due, and nothing else', async () => {
    const [first, second] = await happens(...intents)
    await consume([first])
    await claimEvents(connect(bindings), [second], realNow())
    await sweepGatewayEvents(bindings, connect(bindings))
    const rest = queue.messages.filter(({ gatewayAccountId }) => gatewayAccountId === first.gatewayAccountId)
    expect(rest).toHaveLength(1)
    queue.messages.length = 0
    await consume(rest)
    expect(told).toHaveLength(2)
    realTimePasses(2 * MINUTE_MS + 1_000)
    await sweepGatewayEvents(bindings, connect(bindings))
    expect(queue.messages).toContainEqual(second)
  })
})
