import { env } from 'cloudflare:workers'
import type Stripe from 'stripe'
import { beforeEach, expect, test } from 'vitest'
import { decodeId, type Id } from '../../src/kernel/id.ts'
import { findMissedEvents } from '../../src/payments/gateway-events.ts'
import { gatewayAccountsBy } from '../../src/payments/gateway-repository.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import { body, type Client, type Json, organization } from '../support/client.ts'
import { type GatewayControl, gatewayOf } from '../support/gateway.ts'
import { database, sql } from '../support/sql.ts'
import { announced, deliverWebhook, listening, stripeOf } from '../support/webhook.ts'

const bindings = env as unknown as Env
const queue = announced()
let client: Client
let gateway: GatewayControl
let gatewayAccount: string
let stripe: Stripe

beforeEach(async () => {
  client = await organization()
  gateway = gatewayOf(client.stripeKey)
  gatewayAccount = await listening(client)
  stripe = stripeOf(client)
  queue.messages.length = 0
})

const id = () => decodeId('gateway_account', gatewayAccount) as Id<'gateway_account'>

/** The hourly look. */
async function looks(): Promise<number> {
  const [row] = await gatewayAccountsBy(connect(bindings), [id()])
  if (row === undefined) throw new Error(`there is no ${gatewayAccount}`)
  return findMissedEvents(bindings, connect(bindings), row)
}

const known = async (): Promise<readonly Json[]> =>
  sql(
    'select event_id, type, object_id, source, applied_at from gateway_events where gateway_account_id = $1 order by event_id',
    id(),
  )
const readTo = async (): Promise<number> => {
  const [row] = await sql('select events_read_to from gateway_accounts where id = $1', id())
  return row?.events_read_to === null ? 0 : new Date(row?.events_read_to).getTime()
}

/** So many cancelled payments, each with one event that is applied, and one that is not. */
async function happens(times: number): Promise<readonly Json[]> {
  for (let time = 0; time < times; time += 20) {
    const atOnce = Array.from({ length: Math.min(20, times - time) }, async () => {
      const intent = await stripe.paymentIntents.create({ amount: 4900, currency: 'usd', ...byCard })
      await stripe.paymentIntents.cancel(intent.id)
    })
    await Promise.all(atOnce)
  }
  return (await gateway.events()).filter(({ type }) => type === 'payment_intent.canceled')
}

const byCard: Partial<Stripe.PaymentIntentCreateParams> = { allowed_payment_method_types: ['card'] }
const idsOf = (events: readonly Json[]) => events.map((event) => event.id ?? event.event_id).toSorted()

test('FR-061 FR-071 events that no webhook brought are found in the gateway’s list, each once', async () => {
  const events = await happens(3)
  expect(await looks()).toBe(3)
  expect(await known()).toEqual(
    events
      .map((event) => ({
        ...{ event_id: event.id, type: 'payment_intent.canceled', object_id: event.data.object.id },
        ...{ source: 'list', applied_at: null },
      }))
      .toSorted((left, right) => (left.event_id < right.event_id ? -1 : 1)),
  )
  expect(await readTo()).toBe(Math.max(...events.map(({ created }) => created)) * 1000)
  expect(await looks()).toBe(0)
  const more = await happens(2)
  expect(await looks()).toBe(2)
  expect(idsOf(await known())).toEqual(idsOf(more))
})

test('FR-061 what a webhook brought is not found again, nor taken when it comes late', async () => {
  const [early, late, lost] = await happens(3)
  body(await deliverWebhook(gatewayAccount, early))
  expect(await looks()).toBe(2)
  body(await deliverWebhook(gatewayAccount, late))
  body(await deliverWebhook(gatewayAccount, early))
  const sources = new Map((await known()).map(({ event_id, source }) => [event_id, source]))
  expect(sources).toEqual(
    new Map([
      [early.id, 'webhook'],
      [late.id, 'list'],
      [lost.id, 'list'],
    ]),
  )
  expect(queue.messages.map(({ eventId }) => eventId)).toEqual([early.id])
})

test('FR-061 more than a page are read to the last, where nothing was before', async () => {
  const events = await happens(130)
  expect(await looks()).toBe(130)
  expect(idsOf(await known())).toEqual(idsOf(events))
})

test('FR-061 more than a page are read to the last, from where it was', async () => {
  for (const _ of [1, 2]) {
    await happens(1)
    expect(await looks()).toBe(1)
    await gateway.passes(3600)
  }
  const all = await happens(230)
  const lists = async () => (await gateway.requests()).filter(({ operation }) => operation === 'get_events').length
  const before = await lists()
  expect(await looks()).toBe(230)
  // Where to begin, and three pages.
  expect((await lists()) - before).toBe(4)
  expect(idsOf(await known())).toEqual(idsOf(all))
})

test('FR-061 an event that is listed late is found: it is looked back a little', async () => {
  await happens(1)
  await looks()
  const cursor = await readTo()
  await sql(
    'update gateway_accounts set events_read_to = $2 where id = $1',
    id(),
    new Date(cursor + 300_000).toISOString(),
  )
  const events = await happens(1)
  expect(await looks()).toBe(1)
  expect(idsOf(await known())).toEqual(idsOf(events))
  expect(await readTo()).toBe(cursor + 300_000)
})

test('FR-061 what lies far behind is not read again', async () => {
  await happens(2)
  await looks()
  await gateway.passes(3600)
  await happens(1)
  await looks()
  await sql('delete from gateway_events where gateway_account_id = $1', id())
  await gateway.passes(3600)
  const events = await happens(1)
  expect(await looks()).toBe(2)
  expect(idsOf(await known())).toEqual(idsOf(events.slice(-2)))
})

test('FR-061 a look that fails keeps what it read, and the next goes on', async () => {
  const events = await happens(151)
  await database.losesRequest(events.at(-1).id)
  await expect(looks()).rejects.toThrow()
  expect(await known()).toHaveLength(100)
  expect(await looks()).toBe(51)
  expect(idsOf(await known())).toEqual(idsOf(events))
})

test('FR-061 a gateway that gives no answer moves nothing on', async () => {
  await happens(1)
  await gateway.down(true)
  await expect(looks()).rejects.toThrow()
  expect([await readTo(), await known()]).toEqual([0, []])
  await gateway.down(false)
  expect(await looks()).toBe(1)
})

test('FR-061 an event that was applied is forgotten once nobody tells of it any more; one that was not stays', async () => {
  await happens(3)
  expect(await looks()).toBe(3)
  const [old, given, young] = (await known()).map(({ event_id }) => event_id)
  const age = (event: string, days: number, isApplied: boolean) =>
    sql(
      `update gateway_events set received_at = now() - make_interval(days => $2), applied_at = case when $3 then now() end
       where event_id = $1`,
      ...[event, days, isApplied],
    )
  await age(old, 36, true)
  await age(given, 36, false)
  await age(young, 34, true)
  expect(await looks()).toBe(0)
  expect(idsOf(await known())).toEqual([given, young].toSorted())
})
