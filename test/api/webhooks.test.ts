import { beforeAll, describe, expect, test } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { appliedTypes } from '../../src/payments/stripe-news.ts'
import { body, type Client, type Json, organization, request } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { sql } from '../support/sql.ts'
import { announced, deliverWebhook, givenEvent, listening, signatureOf, WEBHOOK_SECRET } from '../support/webhook.ts'

let client: Client
let gatewayAccount: string
const queue = announced()

beforeAll(async () => {
  client = await organization()
  gatewayAccount = await listening(client)
})

const kept = (account = gatewayAccount) =>
  sql(
    `select event_id, type, object_id, source from gateway_events where gateway_account_id = $1
     order by received_at, event_id`,
    decodeId('gateway_account', account),
  )
const idsOf = async (account?: string) => (await kept(account)).map(({ event_id: id }) => id)

describe('FR-061 a gateway’s webhook', () => {
  test('that is signed is kept, and answered at once', async () => {
    const event = givenEvent({ data: { object: { id: 'pi_kept', object: 'payment_intent' } } })
    const reply = await deliverWebhook(gatewayAccount, event)
    expect([reply.status, reply.body]).toEqual([200, { received: true }])
    expect((await kept()).filter(({ event_id: id }) => id === event.id)).toEqual([
      { event_id: event.id, type: 'payment_intent.succeeded', object_id: 'pi_kept', source: 'webhook' },
    ])
    expect(queue.messages).toContainEqual({ gatewayAccountId: uuidOf(gatewayAccount), eventId: event.id })
    const shown = body(await client.get(`/v1/gateway_accounts/${gatewayAccount}`))
    expect(Date.parse(shown.webhook.last_event_at)).toBeGreaterThan(Date.now() - 60_000)
  })

  test('that comes again is kept once, and answered as before', async () => {
    const event = givenEvent()
    for (const _ of [1, 2, 3]) expect((await deliverWebhook(gatewayAccount, event)).status).toBe(200)
    const atOnce = givenEvent()
    const replies = await Promise.all([1, 2, 3, 4].map(() => deliverWebhook(gatewayAccount, atOnce)))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const ids = await idsOf()
    for (const { id } of [event, atOnce]) {
      expect(ids.filter((one) => one === id)).toHaveLength(1)
      expect(queue.messages.filter(({ eventId }) => eventId === id)).toHaveLength(1)
    }
  })

  test('is taken in whatever order, of every type that is applied', async () => {
    const events = appliedTypes.map((type, index) =>
      givenEvent({ type, created: 1_700_000_000 - index, data: { object: { id: `obj_${index}` } } }),
    )
    for (const event of events.toReversed()) body(await deliverWebhook(gatewayAccount, event))
    const rows = await kept()
    for (const [index, { id, type }] of events.entries()) {
      const row = { event_id: id, type, object_id: `obj_${index}`, source: 'webhook' }
      expect(rows).toContainEqual(row)
    }
  })

  test('is the same by its account there: another’s of the same id is another', async () => {
    const other = await organization()
    const event = givenEvent()
    body(await deliverWebhook(gatewayAccount, event))
    const second = await listening(other)
    body(await deliverWebhook(second, event))
    expect(await idsOf(second)).toEqual([event.id])
    const [row] = await sql('select organization_id from gateway_events where gateway_account_id = $1', uuidOf(second))
    expect(row?.organization_id).toBe(decodeId('organization', other.organization))
  })

  test.each(['charge.succeeded', 'payment_intent.created', 'balance.available', 'of.tomorrow', 'constructor'])(
    'of type %s is answered and not kept',
    async (type) => {
      const event = givenEvent({ type, data: { object: { object: 'balance' } } })
      const reply = await storesNothing(() => deliverWebhook(gatewayAccount, event))
      expect([reply.status, reply.body]).toEqual([200, { received: true }])
    },
  )

  test('is read byte by byte: spaces, escapes and the order of members are the gateway’s', async () => {
    const id = `evt_${'verbatim'.repeat(4)}`
    const payload = `{ "type":"refund.updated" ,\r\n\t"livemode":false, "id" : "${id}",
      "data": {"object":{"note":"\\u00e4 \\/ ä – 1.0","amount":1.0,"id":"re_1"}} }\n`
    body(await deliverWebhook(gatewayAccount, payload))
    expect(await kept()).toContainEqual({ event_id: id, type: 'refund.updated', object_id: 're_1', source: 'webhook' })
    const tidy = JSON.stringify(JSON.parse(payload))
    const header = await signatureOf(payload)
    expectProblem(await deliverWebhook(gatewayAccount, tidy, { header }), 400, 'webhook_invalid')
  })
})

describe('FR-061 a webhook is refused, and nothing is written', () => {
  const refusing: readonly (readonly [string, () => Promise<Json>])[] = [
    ['without a signature', async () => deliverWebhook(gatewayAccount, givenEvent(), { header: null })],
    ['with an empty signature', async () => deliverWebhook(gatewayAccount, givenEvent(), { header: '' })],
    ['with a signature that is none', async () => deliverWebhook(gatewayAccount, givenEvent(), { header: 'v1=abc' })],
    ['signed with another secret', async () => deliverWebhook(gatewayAccount, givenEvent(), { secret: 'whsec_other' })],
    [
      'signed with the key of the account',
      async () => deliverWebhook(gatewayAccount, givenEvent(), { secret: client.key }),
    ],
    ['signed 301 seconds ago', async () => deliverWebhook(gatewayAccount, givenEvent(), { at: Date.now() - 301_000 })],
    ['that was tampered with', tampered],
    ['whose time was renewed', renewed],
    ['that is no JSON', async () => deliverWebhook(gatewayAccount, 'payment_intent.succeeded')],
    ['that is no event', async () => deliverWebhook(gatewayAccount, '{"object":"v2.core.event","id":"evt_1"}')],
    ['that is nothing', async () => deliverWebhook(gatewayAccount, 'null')],
    ['without an id', async () => deliverWebhook(gatewayAccount, givenEvent({ id: undefined }))],
    ['of live mode, to a sandbox', async () => deliverWebhook(gatewayAccount, givenEvent({ livemode: true }))],
  ]

  test.each(refusing)('%s', async (_, send) => {
    expectProblem(await storesNothing(send), 400, 'webhook_invalid')
  })

  test('signed a little less than five minutes ago it is taken', async () => {
    expect((await deliverWebhook(gatewayAccount, givenEvent(), { at: Date.now() - 290_000 })).status).toBe(200)
  })

  test('signed with the secret of another account of the same organization', async () => {
    const about = { kind: 'stripe', name: 'Stripe EU', secret_key: 'sk_test_second' }
    const second = body(await client.post('/v1/gateway_accounts', about)).id
    body(await client.patch(`/v1/gateway_accounts/${second}`, { webhook_secret: 'whsec_ofthesecond' }))
    const event = givenEvent()
    expectProblem(await storesNothing(() => deliverWebhook(second, event)), 400, 'webhook_invalid')
    expect((await deliverWebhook(second, event, { secret: 'whsec_ofthesecond' })).status).toBe(200)
  })

  test('of test mode, to a live organization', async () => {
    const live = await listening(await organization('live'))
    expectProblem(await storesNothing(() => deliverWebhook(live, givenEvent())), 400, 'webhook_invalid')
    expect((await deliverWebhook(live, givenEvent({ livemode: true }))).status).toBe(200)
  })

  test.each(['gwa_01m8193kv2f2q91yg0dtf4j001', 'gwa_1', 'acct_01m8193kv2f2q91yg0dtf4j001', '%20'])(
    'to %s, which is no gateway account',
    async (id) => {
      expectProblem(await storesNothing(() => deliverWebhook(id, givenEvent())), 404, 'not_found')
    },
  )

  test('to an account whose secret is not known, and told how to configure it', async () => {
    const other = await organization()
    const [{ id }] = body(await other.get('/v1/gateway_accounts')).data
    const reply = await storesNothing(() => deliverWebhook(id, givenEvent()))
    expectProblem(reply, 404, 'not_found', { hint: expect.stringContaining(`POST /v1/gateway_accounts/${id}/webhook`) })
    await listening(other)
    expect((await deliverWebhook(id, givenEvent())).status).toBe(200)
    body(await other.patch(`/v1/gateway_accounts/${id}`, { webhook_secret: null }))
    expectProblem(await storesNothing(() => deliverWebhook(id, givenEvent())), 404, 'not_found')
  })

  test('larger than 256 KiB', async () => {
    const data = { object: { id: 'pi_1', note: 'x'.repeat(256 * 1024) } }
    const reply = await storesNothing(() => deliverWebhook(gatewayAccount, givenEvent({ data })))
    expectProblem(reply, 413, 'body_too_large')
  })

  test('by any other method', async () => {
    const reply = await request(`/gateways/stripe/${gatewayAccount}/webhook`)
    expectProblem(reply, 404, 'route_not_found')
  })
})

test('FR-061 a body that is long is verified to its last byte', async () => {
  const data = { object: { id: 'pi_long', note: 'ä'.repeat(100_000) } }
  const payload = JSON.stringify(givenEvent({ data }))
  expect((await deliverWebhook(gatewayAccount, payload)).status).toBe(200)
  const header = await signatureOf(payload)
  expectProblem(await deliverWebhook(gatewayAccount, `${payload} `, { header }), 400, 'webhook_invalid')
})

test('FR-061 the queue’s refusal loses nothing: the event is kept, and the gateway is answered', async () => {
  queue.isDown(true)
  try {
    const event = givenEvent()
    expect((await deliverWebhook(gatewayAccount, event)).status).toBe(200)
    expect(await idsOf()).toContain(event.id)
  } finally {
    queue.isDown(false)
  }
})

const uuidOf = (id: string) => decodeId('gateway_account', id)

async function tampered(): Promise<Json> {
  const payload = JSON.stringify(givenEvent())
  const header = await signatureOf(payload)
  return deliverWebhook(gatewayAccount, payload.replace('pi_1', 'pi_2'), { header })
}

/** An old signature under a new time. */
async function renewed(): Promise<Json> {
  const payload = JSON.stringify(givenEvent())
  const old = await signatureOf(payload, { secret: WEBHOOK_SECRET, at: Date.now() - 3_600_000 })
  const header = old.replace(/t=\d+/, `t=${Math.floor(Date.now() / 1000)}`)
  return deliverWebhook(gatewayAccount, payload, { header })
}
