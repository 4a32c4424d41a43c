import { mkdtempSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { operationsOfDocument } from '../../dev/stripe/document.ts'
import { startStripeEmulator } from '../../dev/stripe/server.ts'
import { mark } from './stripe-words.ts'
import { clientOf, control, emulator, inEachWorld, inTheEmulator, key } from './stripe-world.ts'

inEachWorld('an event', ({ stripe, eventually }) => {
  it('is listed by its type, and can be read again', async () => {
    const customer = await stripe.customers.create({ name: 'Ada', metadata: mark })
    const ours = async () => {
      const { data } = await stripe.events.list({ type: 'customer.created', limit: 100 })
      return data.filter(({ data: { object } }) => 'id' in object && object.id === customer.id)
    }
    await eventually(ours).toMatchObject([{ type: 'customer.created', data: { object: { name: 'Ada' } } }])
    const [event] = await ours()
    expect(await stripe.events.retrieve(event?.id ?? '')).toMatchObject({ id: event?.id, type: 'customer.created' })
  })
})

inTheEmulator('a webhook', () => {
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

inTheEmulator('a delivery plan', () => {
  const arrivals = async (watched: string, plan: object): Promise<{ types: string[]; listed: string[] }> => {
    const client = clientOf(emulator, watched)
    const types: string[] = []
    const receiver = await listener((body) => {
      types.push(JSON.parse(body).type)
      return 200
    })
    await client.webhookEndpoints.create({ url: receiver.url, enabled_events: ['*'] })
    await control('POST', 'webhooks/plan', plan, watched)
    const customer = await client.customers.create()
    await client.customers.update(customer.id, { name: 'Ada' })
    expect(await control('POST', 'webhooks/settle', {}, watched)).toEqual({ settled: true })
    await receiver.close()
    return { types, listed: (await client.events.list()).data.map(({ type }) => type) }
  }

  it('sends each event as often as it says', async () => {
    const { types } = await arrivals('sk_test_copies', { copies: 3 })
    expect(types.toSorted()).toEqual([
      ...['customer.created', 'customer.created', 'customer.created'],
      ...['customer.updated', 'customer.updated', 'customer.updated'],
    ])
  })

  it('lets every second event overtake the one before', async () => {
    const { types } = await arrivals('sk_test_late', { late_ms: 300 })
    expect(types).toEqual(['customer.updated', 'customer.created'])
  })

  it('loses events for good, which only their list still has', async () => {
    const { types, listed } = await arrivals('sk_test_lost', { lose: 1 })
    expect(types).toEqual(['customer.updated'])
    expect(listed).toEqual(['customer.updated', 'customer.created'])
  })

  it('that makes no sense is refused', async () => {
    await expect(control('POST', 'webhooks/plan', { copies: 0 })).rejects.toThrow('copies is a whole number')
  })
})

inTheEmulator('the document', () => {
  it('is served whole: each operation answers, if only that the thing is not there', async () => {
    const served: string[] = []
    for (const { id, method, segments } of operationsOfDocument) {
      const path = segments.map((segment) => (segment.startsWith('{') ? 'none' : segment)).join('/')
      const query = path.endsWith('search') ? `?query=${encodeURIComponent('created>0')}` : ''
      const headers = { authorization: `Bearer ${key}` }
      const { status } = await fetch(`${emulator.url}/${path}${query}`, { method, headers })
      if (status < 500) served.push(id)
    }
    expect(served).toEqual(operationsOfDocument.map(({ id }) => id))
    expect(served).toHaveLength(60)
  })
})

inTheEmulator('the data file', () => {
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
