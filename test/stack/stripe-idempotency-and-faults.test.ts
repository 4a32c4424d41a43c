import Stripe from 'stripe'
import { expect, it } from 'vitest'
import { confirmed, mark, once, payable, refusal } from './stripe-words.ts'
import { clientOf, control, emulator, inEachWorld, inTheEmulator, key } from './stripe-world.ts'

const confirmOperation = 'post_payment_intents_intent_confirm'

inEachWorld('an idempotency key', (world) => {
  const { stripe } = world

  it('replays the first answer, and charges once', async () => {
    const intent = await payable(world, 'pm_card_visa')
    const first = await confirmed(world, intent, once('att_replay'))
    const second = await confirmed(world, intent, once('att_replay'))
    expect(second).toEqual(first)
    expect(headerOf(second, 'idempotent-replayed')).toBe('true')
    expect(headerOf(second, 'original-request')).toBe(first.lastResponse.requestId)
    expect(second.lastResponse.requestId).not.toBe(first.lastResponse.requestId)
    expect((await stripe.charges.list({ payment_intent: intent.id })).data).toHaveLength(1)
  })

  it('replays a decline, though another method would pay now', async () => {
    const intent = await payable(world, 'pm_card_chargeCustomerFail')
    const declined = { statusCode: 402, decline_code: 'generic_decline' }
    for (const _ of ['first', 'replay']) {
      expect(await refusal(confirmed(world, intent, once('att_refused')))).toMatchObject(declined)
    }
    expect((await stripe.charges.list({ payment_intent: intent.id })).data).toHaveLength(1)
  })

  it('refuses other parameters', async () => {
    const idempotencyKey = once('key_other')
    await stripe.customers.create({ name: 'one', metadata: mark }, { idempotencyKey })
    const error = await refusal(stripe.customers.create({ name: 'two', metadata: mark }, { idempotencyKey }))
    expect(error).toMatchObject({ statusCode: 400, type: 'StripeIdempotencyError' })
  })
})

inTheEmulator('an idempotency key', (world) => {
  const { stripe } = world

  it('replays a decline too, though the card would pay now', async () => {
    const intent = await payable(world, 'pm_card_visa')
    await fault(confirmOperation, 'decline', {
      decline_code: 'insufficient_funds',
      advice_code: 'try_again_later',
      times: 2,
    })
    for (const _ of ['first', 'replay']) {
      const error = await refusal(confirmed(world, intent, 'att_declined'))
      expect(error).toMatchObject({
        statusCode: 402,
        decline_code: 'insufficient_funds',
        advice_code: 'try_again_later',
      })
    }
    // The replay used up no fault: the next attempt meets the second one, and the third pays.
    expect(await refusal(confirmed(world, intent, 'att_second'))).toMatchObject({ statusCode: 402 })
    expect((await confirmed(world, intent, 'att_third')).status).toBe('succeeded')
  })

  it('in flight answers 409, and the truth afterwards', async () => {
    const intent = await payable(world, 'pm_card_visa')
    await fault(confirmOperation, 'delay', { delay_ms: 150 })
    const slow = confirmed(world, intent, 'att_flight')
    await expect.poll(() => requestsWith('att_flight')).toHaveLength(1)
    const error = await refusal(confirmed(world, intent, 'att_flight'))
    expect(error).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' })
    expect((await slow).status).toBe('succeeded')
    expect((await confirmed(world, intent, 'att_flight')).status).toBe('succeeded')
  })

  it('is forgotten after 24 hours', async () => {
    const other = clientOf(emulator, 'sk_test_clock')
    const first = await other.customers.create({}, { idempotencyKey: 'key_day' })
    await control('POST', 'clock', { advance_s: 24 * 3600 - 60 }, 'sk_test_clock')
    expect((await other.customers.create({}, { idempotencyKey: 'key_day' })).id).toBe(first.id)
    await control('POST', 'clock', { advance_s: 61 }, 'sk_test_clock')
    expect((await other.customers.create({}, { idempotencyKey: 'key_day' })).id).not.toBe(first.id)
  })

  it('belongs to one secret key', async () => {
    const other = clientOf(emulator, 'sk_test_other_world')
    const ours = await stripe.customers.create({}, { idempotencyKey: 'key_shared' })
    const theirs = await other.customers.create({}, { idempotencyKey: 'key_shared' })
    expect(theirs.id).not.toBe(ours.id)
    expect(await refusal(other.customers.update(ours.id, {}))).toMatchObject({ statusCode: 404 })
  })
})

inTheEmulator('a fault', (world) => {
  const { stripe } = world

  it.each(['execute_then_drop', 'truncate'])('%s: the same key tells the truth afterwards', async (kind) => {
    const intent = await payable(world, 'pm_card_visa')
    await fault(confirmOperation, kind)
    const error = await refusal(confirmed(world, intent, `att_${kind}`))
    expect(error.statusCode === undefined || error.statusCode === 200).toBe(true)
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
    const replayed = await confirmed(world, intent, `att_${kind}`)
    expect(replayed.status).toBe('succeeded')
    expect(headerOf(replayed, 'idempotent-replayed')).toBe('true')
  })

  it('drop_before: nothing happened, and the same key may still pay', async () => {
    const intent = await payable(world, 'pm_card_visa')
    await fault(confirmOperation, 'drop_before')
    expect(await refusal(confirmed(world, intent, 'att_dropped'))).toBeInstanceOf(Stripe.errors.StripeConnectionError)
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('requires_payment_method')
    expect((await confirmed(world, intent, 'att_dropped')).status).toBe('succeeded')
  })

  it('delay past the timeout: the caller gives up, the payment happens', async () => {
    const intent = await payable(world, 'pm_card_visa')
    await fault(confirmOperation, 'delay', { delay_ms: 200 })
    const error = await refusal(confirmed({ stripe: clientOf(emulator, key, 50) }, intent, 'att_slow'))
    expect(error).toBeInstanceOf(Stripe.errors.StripeConnectionError)
    await expect.poll(() => confirmed(world, intent, 'att_slow').then(({ status }) => status, String)).toBe('succeeded')
  })

  it('stored_500 is replayed for its key; a new key pays', async () => {
    const intent = await payable(world, 'pm_card_visa')
    await fault(confirmOperation, 'stored_500')
    for (const _ of ['first', 'replay'])
      expect(await refusal(confirmed(world, intent, 'att_500'))).toMatchObject({ statusCode: 500 })
    expect((await confirmed(world, intent, 'att_501')).status).toBe('succeeded')
  })

  it('stored_500 that executes: the error is stored, the money has moved', async () => {
    const intent = await payable(world, 'pm_card_visa')
    await fault(confirmOperation, 'stored_500', { executes: 'before' })
    expect(await refusal(confirmed(world, intent, 'att_forward'))).toMatchObject({ statusCode: 500 })
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
  })

  it('stored_500 that rolls forward: the money moves later, and is told of then', async () => {
    const intent = await payable(world, 'pm_card_visa')
    await fault(confirmOperation, 'stored_500', { executes: 'after' })
    expect(await refusal(confirmed(world, intent, 'att_later'))).toMatchObject({ statusCode: 500 })
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('requires_payment_method')
    await control('POST', 'settle')
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
    const [event] = (await stripe.events.list({ type: 'payment_intent.succeeded', limit: 1 })).data
    expect(event?.data.object).toMatchObject({ id: intent.id })
    expect(await refusal(confirmed(world, intent, 'att_later'))).toMatchObject({ statusCode: 500 })
  })

  it.each([
    ['conflict_409', 409, 'idempotency_key_in_use'],
    ['rate_limited_429', 429, 'rate_limit'],
    ['lock_timeout_429', 429, 'lock_timeout'],
  ])('%s passes, and the same key pays', async (kind, statusCode, code) => {
    const intent = await payable(world, 'pm_card_visa')
    await fault(confirmOperation, kind)
    expect(await refusal(confirmed(world, intent, `att_${kind}`))).toMatchObject({ statusCode, code })
    expect((await confirmed(world, intent, `att_${kind}`)).status).toBe('succeeded')
  })

  it('down: nobody answers and nothing happens until it is up again', async () => {
    await control('POST', 'down', { down: true })
    const email = 'nobody@example.com'
    expect(await refusal(stripe.customers.create({ email }))).toBeInstanceOf(Stripe.errors.StripeConnectionError)
    await control('POST', 'down', { down: false })
    expect((await stripe.customers.list({ email })).data).toEqual([])
  })

  it('no fault but too many requests: 429, and the key is free', async () => {
    const limited = 'sk_test_limited'
    const client = clientOf(emulator, limited)
    const creation = (n: number) => client.customers.create({}, { idempotencyKey: `key_limited_${n}` })
    await control('POST', 'limit', { per_second: 3, per_operation: 2 }, limited)
    await Promise.all([creation(1), creation(2)])
    expect(await refusal(creation(3))).toMatchObject({ statusCode: 429, code: 'rate_limit' })
    // Another operation has room until the whole is full.
    expect((await client.customers.list()).data).toHaveLength(2)
    expect(await refusal(client.customers.list())).toMatchObject({ statusCode: 429, code: 'rate_limit' })
    await control('POST', 'limit', { per_second: null }, limited)
    expect((await creation(3)).id).toMatch(/^cus_/)
  })

  it('that names no operation of the document is refused', async () => {
    await expect(fault('post_payment_intent', 'delay')).rejects.toThrow('openapi.json has no operation')
  })
})

function fault(operation: string, kind: string, more: object = {}): Promise<unknown> {
  return control('POST', 'faults', { match: { operation }, times: 1, fault: kind, ...more })
}

/** With the fetch client `lastResponse.headers` is a Headers object, whatever its type says. */
function headerOf(answer: { lastResponse: { headers: Record<string, string> } }, name: string): string | null {
  return new Headers(answer.lastResponse.headers).get(name)
}

async function requestsWith(idempotencyKey: string): Promise<unknown[]> {
  const requests = (await control('GET', 'requests')) as { idempotency_key: string | null }[]
  return requests.filter((request) => request.idempotency_key === idempotencyKey)
}
