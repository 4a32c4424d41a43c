import { mkdtempSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Stripe from 'stripe'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type StripeEmulator, startStripeEmulator } from '../../dev/stripe/server.ts'

const key = 'sk_test_emulator'
let emulator: StripeEmulator
let stripe: Stripe

beforeAll(async () => {
  emulator = await startStripeEmulator()
  stripe = clientOf(emulator, key)
})

afterAll(() => emulator.stop())

// The emulator checks each of its answers against the document; no test may have seen it contradict itself.
afterEach(async () => {
  expect(await control('GET', 'bugs')).toEqual([])
  await control('DELETE', 'faults')
})

function clientOf({ port }: StripeEmulator, secretKey: string, timeout = 5_000): Stripe {
  return new Stripe(secretKey, {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout,
    httpClient: Stripe.createFetchHttpClient(),
    telemetry: false,
  })
}

async function control(method: string, route: string, body?: unknown, secretKey = key): Promise<unknown> {
  const response = await fetch(`${emulator.url}/_control/${route}`, {
    method,
    headers: { authorization: `Bearer ${secretKey}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(JSON.stringify(answer))
  return answer
}

function fault(operation: string, kind: string, more: object = {}): Promise<unknown> {
  return control('POST', 'faults', { match: { operation }, times: 1, fault: kind, ...more })
}

const confirmOperation = 'post_payment_intents_intent_confirm'

async function customerWith(token: string): Promise<{ customer: string; payment_method: string }> {
  const customer = await stripe.customers.create({ email: 'ada@example.com', metadata: { account: 'acc_1' } })
  const method = await stripe.paymentMethods.attach(token, { customer: customer.id })
  return { customer: customer.id, payment_method: method.id }
}

/** A PaymentIntent as the platform makes it: created without confirm, confirmed off-session afterwards. */
async function payable(token: string, amount = 1999): Promise<{ id: string; payment_method: string }> {
  const { customer, payment_method } = await customerWith(token)
  const intent = await stripe.paymentIntents.create({
    amount,
    currency: 'usd',
    customer,
    metadata: { invoice: 'inv_1' },
    allowed_payment_method_types: ['card', 'us_bank_account'],
  })
  expect(intent.status).toBe('requires_payment_method')
  return { id: intent.id, payment_method }
}

function confirmed(intent: { id: string; payment_method: string }, idempotencyKey?: string, client = stripe) {
  const options = idempotencyKey === undefined ? {} : { idempotencyKey }
  const { payment_method } = intent
  return client.paymentIntents.confirm(intent.id, { payment_method, off_session: true }, options)
}

/** With the fetch client `lastResponse.headers` is a Headers object, whatever its type says. */
function headerOf(answer: { lastResponse: { headers: Record<string, string> } }, name: string): string | null {
  return new Headers(answer.lastResponse.headers).get(name)
}

async function refusal(promise: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof Stripe.errors.StripeError) return error
  throw new Error(`expected a Stripe error, got ${String(error)}`)
}

async function paymentsMade(secretKey = key): Promise<unknown> {
  return control('GET', 'payments', undefined, secretKey)
}

describe('a payment', () => {
  it('succeeds, with its charge and its balance transaction', async () => {
    const intent = await confirmed(await payable('pm_card_visa', 10_00))
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 1000, metadata: { invoice: 'inv_1' } })
    const charge = await stripe.charges.retrieve(String(intent.latest_charge), { expand: ['balance_transaction'] })
    expect(charge).toMatchObject({ status: 'succeeded', amount_captured: 1000, payment_intent: intent.id })
    expect(charge.balance_transaction).toMatchObject({ amount: 1000, fee: 59, net: 941, source: charge.id })
    const entries = await stripe.balanceTransactions.list({ limit: 1 })
    expect(entries.data[0]?.source).toBe(charge.id)
  })

  it('can succeed once only', async () => {
    const intent = await payable('pm_card_visa')
    await confirmed(intent)
    const error = await refusal(confirmed(intent))
    expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' })
    const charges = await stripe.charges.list({ payment_intent: intent.id })
    expect(charges.data).toHaveLength(1)
  })

  it('is declined: 402 with the intent inside, which waits for another method and then takes it', async () => {
    const intent = await payable('pm_card_chargeCustomerFail')
    const error = await refusal(confirmed(intent))
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError)
    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined', decline_code: 'generic_decline' })
    expect(error.payment_intent).toMatchObject({
      id: intent.id,
      status: 'requires_payment_method',
      payment_method: null,
    })
    const after = await stripe.paymentIntents.retrieve(intent.id)
    expect(after.last_payment_error).toMatchObject({
      code: 'card_declined',
      payment_method: { id: intent.payment_method },
    })
    const failed = await stripe.charges.retrieve(String(after.latest_charge))
    expect(failed).toMatchObject({ status: 'failed', failure_code: 'card_declined', balance_transaction: null })
    const customer = String(after.customer)
    const other = await stripe.paymentMethods.attach('pm_card_mastercard', { customer })
    expect((await confirmed({ id: intent.id, payment_method: other.id })).status).toBe('succeeded')
  })

  it('needs the customer: off-session it fails, with a return_url it redirects and the bank sends back', async () => {
    const intent = await payable('pm_card_authenticationRequired')
    const error = await refusal(confirmed(intent))
    expect(error).toMatchObject({ code: 'authentication_required', decline_code: 'authentication_required' })
    const { payment_method } = intent
    const return_url = 'http://127.0.0.1:9/paid'
    const waiting = await stripe.paymentIntents.confirm(intent.id, { payment_method, return_url })
    expect(waiting.status).toBe('requires_action')
    const url = waiting.next_action?.redirect_to_url?.url ?? ''
    const back = await fetch(url, { method: 'POST', body: 'answer=yes', redirect: 'manual' })
    expect(back.headers.get('location')).toMatch(
      /^http:\/\/127.0.0.1:9\/paid\?payment_intent=pi_.*redirect_status=succeeded$/,
    )
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
  })

  it('goes back to the start when the customer fails the bank', async () => {
    const intent = await payable('pm_card_authenticationRequired')
    await stripe.paymentIntents.confirm(intent.id, { payment_method: intent.payment_method })
    await control('POST', 'authenticate', { intent: intent.id, succeeds: false })
    const after = await stripe.paymentIntents.retrieve(intent.id)
    expect(after.status).toBe('requires_payment_method')
    expect(after.last_payment_error?.code).toBe('payment_intent_authentication_failure')
  })

  it('by debit is processing until it settles', async () => {
    const intent = await payable('pm_usBankAccount_success')
    expect((await confirmed(intent)).status).toBe('processing')
    await control('POST', 'settle')
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
  })

  it('with automatic methods wants a return_url, even off-session', async () => {
    const { customer, payment_method } = await customerWith('pm_card_visa')
    const { id } = await stripe.paymentIntents.create({ amount: 1999, currency: 'usd', customer })
    expect(await refusal(confirmed({ id, payment_method }))).toMatchObject({ statusCode: 400, param: 'return_url' })
    const allowed_payment_method_types = ['card' as const]
    const paid = await stripe.paymentIntents.confirm(id, { payment_method, allowed_payment_method_types })
    expect(paid.status).toBe('succeeded')
  })

  it('takes no method of another customer', async () => {
    const { id } = await payable('pm_card_visa')
    const { payment_method } = await customerWith('pm_card_visa')
    expect(await refusal(confirmed({ id, payment_method }))).toMatchObject({ statusCode: 400, param: 'payment_method' })
  })

  it('once cancelled is never confirmed, once paid never cancelled', async () => {
    const cancelled = await payable('pm_card_visa')
    expect((await stripe.paymentIntents.cancel(cancelled.id)).status).toBe('canceled')
    expect(await refusal(confirmed(cancelled))).toMatchObject({ code: 'payment_intent_unexpected_state' })
    const paid = await payable('pm_card_visa')
    await confirmed(paid)
    expect(await refusal(stripe.paymentIntents.cancel(paid.id))).toMatchObject({
      code: 'payment_intent_unexpected_state',
    })
    expect(await refusal(stripe.paymentIntents.update(paid.id, { amount: 5000 }))).toMatchObject({ statusCode: 400 })
  })
})

describe('a customer', () => {
  it('is created, changed, listed and deleted', async () => {
    const { customer, payment_method } = await customerWith('pm_card_amex')
    const changed = await stripe.customers.update(customer, {
      name: 'Ada',
      email: '',
      metadata: { account: '', plan: 'pro' },
      invoice_settings: { default_payment_method: payment_method },
    })
    expect(changed).toMatchObject({ name: 'Ada', email: null })
    expect(changed.metadata).toEqual({ plan: 'pro' })
    expect((await stripe.customers.list({ limit: 1 })).data[0]?.id).toBe(customer)
    await stripe.paymentMethods.detach(payment_method)
    const detached = await stripe.customers.retrieve(customer)
    expect(detached).toMatchObject({ invoice_settings: { default_payment_method: null } })
    expect(await refusal(stripe.paymentMethods.attach(payment_method, { customer }))).toMatchObject({ statusCode: 400 })
    await stripe.customers.del(customer)
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ id: customer, deleted: true })
    expect(await refusal(stripe.customers.update(customer, { name: 'x' }))).toMatchObject({ code: 'resource_missing' })
  })

  it.each([
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', undefined],
  ])('cannot attach %s', async (token, code, decline_code) => {
    const { id } = await stripe.customers.create()
    const error = await refusal(stripe.paymentMethods.attach(token, { customer: id }))
    expect(error).toMatchObject({ statusCode: 402, code })
    // The SDK turns a missing decline code into an empty one.
    expect(error.decline_code || undefined).toBe(decline_code)
    expect((await stripe.customers.listPaymentMethods(id)).data).toEqual([])
  })

  it('saves a card by a SetupIntent', async () => {
    const { id } = await stripe.customers.create()
    const setup = await stripe.setupIntents.create({
      customer: id,
      payment_method: 'pm_card_visa',
      confirm: true,
      allowed_payment_method_types: ['card'],
    })
    expect(setup.status).toBe('succeeded')
    expect((await stripe.customers.listPaymentMethods(id)).data.map((method) => method.id)).toEqual([
      setup.payment_method,
    ])
  })

  it('is listed in pages', async () => {
    const paged = clientOf(emulator, 'sk_test_pages')
    for (let n = 0; n < 5; n += 1) await paged.customers.create({ name: `customer ${n}` })
    const first = await paged.customers.list({ limit: 3 })
    expect([first.data.map(({ name }) => name), first.has_more]).toEqual([
      ['customer 4', 'customer 3', 'customer 2'],
      true,
    ])
    const second = await paged.customers.list({ limit: 3, starting_after: first.data[2]?.id ?? '' })
    expect([second.data.map(({ name }) => name), second.has_more]).toEqual([['customer 1', 'customer 0'], false])
    expect(await refusal(paged.customers.list({ limit: 101 }))).toMatchObject({ param: 'limit' })
  })
})

describe('an idempotency key', () => {
  it('replays the first answer, and charges once', async () => {
    const before = await paymentsMade()
    const intent = await payable('pm_card_visa')
    const first = await confirmed(intent, 'att_replay')
    const second = await confirmed(intent, 'att_replay')
    expect(second).toEqual(first)
    expect(headerOf(second, 'idempotent-replayed')).toBe('true')
    expect(headerOf(second, 'original-request')).toBe(first.lastResponse.requestId)
    expect(second.lastResponse.requestId).not.toBe(first.lastResponse.requestId)
    expect(await paymentsMade()).toMatchObject({
      succeeded_count: countIn(before) + 1,
      captured_charges: countIn(before) + 1,
    })
  })

  it('replays a decline too, though the card would pay now', async () => {
    const intent = await payable('pm_card_visa')
    await fault(confirmOperation, 'decline', {
      decline_code: 'insufficient_funds',
      advice_code: 'try_again_later',
      times: 2,
    })
    for (const _ of ['first', 'replay']) {
      const error = await refusal(confirmed(intent, 'att_declined'))
      expect(error).toMatchObject({
        statusCode: 402,
        decline_code: 'insufficient_funds',
        advice_code: 'try_again_later',
      })
    }
    // The replay used up no fault: the next attempt meets the second one, and the third pays.
    expect(await refusal(confirmed(intent, 'att_second'))).toMatchObject({ statusCode: 402 })
    expect((await confirmed(intent, 'att_third')).status).toBe('succeeded')
  })

  it('refuses other parameters', async () => {
    await stripe.customers.create({ name: 'one' }, { idempotencyKey: 'key_other' })
    const error = await refusal(stripe.customers.create({ name: 'two' }, { idempotencyKey: 'key_other' }))
    expect(error).toMatchObject({ statusCode: 400, type: 'StripeIdempotencyError' })
  })

  it('in flight answers 409, and the truth afterwards', async () => {
    const intent = await payable('pm_card_visa')
    await fault(confirmOperation, 'delay', { delay_ms: 150 })
    const slow = confirmed(intent, 'att_flight')
    await expect.poll(() => requestsWith('att_flight')).toHaveLength(1)
    const error = await refusal(confirmed(intent, 'att_flight'))
    expect(error).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' })
    expect((await slow).status).toBe('succeeded')
    expect((await confirmed(intent, 'att_flight')).status).toBe('succeeded')
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

describe('a fault', () => {
  it.each(['execute_then_drop', 'truncate'])('%s: the same key tells the truth afterwards', async (kind) => {
    const intent = await payable('pm_card_visa')
    await fault(confirmOperation, kind)
    const error = await refusal(confirmed(intent, `att_${kind}`))
    expect(error.statusCode === undefined || error.statusCode === 200).toBe(true)
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
    const replayed = await confirmed(intent, `att_${kind}`)
    expect(replayed.status).toBe('succeeded')
    expect(headerOf(replayed, 'idempotent-replayed')).toBe('true')
  })

  it('drop_before: nothing happened, and the same key may still pay', async () => {
    const intent = await payable('pm_card_visa')
    await fault(confirmOperation, 'drop_before')
    expect(await refusal(confirmed(intent, 'att_dropped'))).toBeInstanceOf(Stripe.errors.StripeConnectionError)
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('requires_payment_method')
    expect((await confirmed(intent, 'att_dropped')).status).toBe('succeeded')
  })

  it('delay past the timeout: the caller gives up, the payment happens', async () => {
    const intent = await payable('pm_card_visa')
    await fault(confirmOperation, 'delay', { delay_ms: 200 })
    const error = await refusal(confirmed(intent, 'att_slow', clientOf(emulator, key, 50)))
    expect(error).toBeInstanceOf(Stripe.errors.StripeConnectionError)
    await expect.poll(() => confirmed(intent, 'att_slow').then(({ status }) => status, String)).toBe('succeeded')
  })

  it('stored_500 is replayed for its key; a new key pays', async () => {
    const intent = await payable('pm_card_visa')
    await fault(confirmOperation, 'stored_500')
    for (const _ of ['first', 'replay'])
      expect(await refusal(confirmed(intent, 'att_500'))).toMatchObject({ statusCode: 500 })
    expect((await confirmed(intent, 'att_501')).status).toBe('succeeded')
  })

  it('stored_500 that executes: the error is stored, the money has moved', async () => {
    const intent = await payable('pm_card_visa')
    await fault(confirmOperation, 'stored_500', { executes: 'before' })
    expect(await refusal(confirmed(intent, 'att_forward'))).toMatchObject({ statusCode: 500 })
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
  })

  it.each([
    ['conflict_409', 409, 'idempotency_key_in_use'],
    ['rate_limited_429', 429, 'rate_limit'],
  ])('%s passes, and the same key pays', async (kind, statusCode, code) => {
    const intent = await payable('pm_card_visa')
    await fault(confirmOperation, kind)
    expect(await refusal(confirmed(intent, `att_${kind}`))).toMatchObject({ statusCode, code })
    expect((await confirmed(intent, `att_${kind}`)).status).toBe('succeeded')
  })

  it('down: nobody answers and nothing happens until it is up again', async () => {
    await control('POST', 'down', { down: true })
    const email = 'nobody@example.com'
    expect(await refusal(stripe.customers.create({ email }))).toBeInstanceOf(Stripe.errors.StripeConnectionError)
    await control('POST', 'down', { down: false })
    expect((await stripe.customers.list({ email })).data).toEqual([])
  })

  it('that names no operation of the document is refused', async () => {
    await expect(fault('post_payment_intent', 'delay')).rejects.toThrow('openapi.json has no operation')
  })
})

describe('a webhook', () => {
  it('can be held back, and released late, twice and in the wrong order', async () => {
    const watched = 'sk_test_held'
    const client = clientOf(emulator, watched)
    const types: string[] = []
    const receiver = await listener((body) => {
      types.push(JSON.parse(body).type)
      return 200
    })
    await client.webhookEndpoints.create({ url: receiver.url, enabled_events: ['*'] })
    await control('POST', 'webhooks/hold', {}, watched)
    const customer = await client.customers.create()
    await client.customers.update(customer.id, { name: 'Ada' })
    expect(types).toEqual([])
    await control('POST', 'webhooks/release', { order: 'newest_first', copies: 2 }, watched)
    await receiver.close()
    expect(types).toEqual(['customer.updated', 'customer.updated', 'customer.created', 'customer.created'])
  })

  it('is signed, retried until it is taken, and its event can be read again', async () => {
    const watched = 'sk_test_webhooks'
    const client = clientOf(emulator, watched)
    const received: { body: string; signature: string }[] = []
    const receiver = await listener((body, signature) => {
      received.push({ body, signature })
      return received.length === 1 ? 500 : 200
    })
    const endpoint = await client.webhookEndpoints.create({ url: receiver.url, enabled_events: ['customer.created'] })
    const customer = await client.customers.create({ name: 'Ada' }, { idempotencyKey: 'key_hook' })
    expect(await control('POST', 'webhooks/settle', {}, watched)).toEqual({ settled: true })
    await receiver.close()
    expect(received).toHaveLength(2)
    const last = received[1] ?? { body: '', signature: '' }
    const event = await client.webhooks.constructEventAsync(last.body, last.signature, endpoint.secret ?? '')
    expect(event).toMatchObject({ type: 'customer.created', data: { object: { id: customer.id, name: 'Ada' } } })
    expect(event.request?.idempotency_key).toBe('key_hook')
    await expect(
      client.webhooks.constructEventAsync(`${last.body} `, last.signature, endpoint.secret ?? ''),
    ).rejects.toThrow()
    expect(await client.events.retrieve(event.id)).toMatchObject({ id: event.id, pending_webhooks: 0 })
    expect((await client.webhookEndpoints.retrieve(endpoint.id)).secret).toBeUndefined()
  })

  it('events are listed, newest first, by type', async () => {
    const client = clientOf(emulator, 'sk_test_events')
    const customer = await client.customers.create({ payment_method: 'pm_card_visa' })
    await client.customers.update(customer.id, { name: 'Ada' })
    const all = await client.events.list()
    expect(all.data.map(({ type }) => type)).toEqual([
      'customer.updated',
      'customer.created',
      'payment_method.attached',
    ])
    expect(all.data[0]?.data.previous_attributes).toEqual({ name: null })
    expect((await client.events.list({ types: ['customer.created'] })).data).toHaveLength(1)
  })
})

describe('a request that the document does not allow', () => {
  it.each([
    ['an unknown parameter', 'customers', 'nickname=x', { code: 'parameter_unknown', param: 'nickname' }],
    ['an unknown inner one', 'customers', 'address[planet]=x', { code: 'parameter_unknown', param: 'address[planet]' }],
    ['a missing one', 'payment_intents', 'amount=500', { code: 'parameter_missing', param: 'currency' }],
    [
      'no integer',
      'payment_intents',
      'amount=5.5&currency=usd',
      { code: 'parameter_invalid_integer', param: 'amount' },
    ],
    [
      'a value outside the list',
      'payment_intents',
      'amount=500&currency=usd&capture_method=x',
      { param: 'capture_method' },
    ],
    ['an object for a string', 'customers', 'name[first]=x', { param: 'name' }],
    [
      'an unset integer',
      'payment_intents',
      'amount=&currency=usd',
      { code: 'parameter_invalid_empty', param: 'amount' },
    ],
    ['too little money', 'payment_intents', 'amount=49&currency=usd', { code: 'amount_too_small', param: 'amount' }],
    [
      'a customer who is not there',
      'payment_intents',
      'amount=500&currency=usd&customer=cus_x',
      { code: 'resource_missing' },
    ],
  ])('with %s is refused', async (_, path, body, expected) => {
    const response = await post(path, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', ...expected } })
  })

  it('is told 404, 401 and 501 apart', async () => {
    expect((await post('unicorns', '')).status).toBe(404)
    expect((await fetch(`${emulator.url}/v1/customers`)).status).toBe(401)
    const later = await post('refunds', 'payment_intent=pi_x')
    expect([later.status, later.headers.get('request-id')]).toEqual([501, expect.stringMatching(/^req_/)])
  })
})

describe('the data file', () => {
  it('keeps customers, payments and keys between starts', async () => {
    const dataFile = join(mkdtempSync(join(tmpdir(), 'stripe-emulator-')), 'state.json')
    const first = await startStripeEmulator({ dataFile })
    const customer = await clientOf(first, key).customers.create({ name: 'Ada' }, { idempotencyKey: 'key_kept' })
    await first.stop()
    const second = await startStripeEmulator({ dataFile })
    const again = clientOf(second, key)
    expect(await again.customers.retrieve(customer.id)).toMatchObject({ name: 'Ada' })
    expect((await again.customers.create({ name: 'Ada' }, { idempotencyKey: 'key_kept' })).id).toBe(customer.id)
    await second.stop()
  })
})

function post(path: string, body: string): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/x-www-form-urlencoded' }
  return fetch(`${emulator.url}/v1/${path}`, { method: 'POST', headers, body })
}

async function requestsWith(idempotencyKey: string): Promise<unknown[]> {
  const requests = (await control('GET', 'requests')) as { idempotency_key: string | null }[]
  return requests.filter((request) => request.idempotency_key === idempotencyKey)
}

function countIn(payments: unknown): number {
  return (payments as { succeeded_count: number }).succeeded_count
}

type Listener = { readonly url: string; readonly close: () => Promise<unknown> }

async function listener(answer: (body: string, signature: string) => number): Promise<Listener> {
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    response.writeHead(answer(Buffer.concat(chunks).toString(), String(request.headers['stripe-signature']))).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}/hook`, close: () => new Promise((resolve) => server.close(resolve)) }
}
