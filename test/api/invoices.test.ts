import { describe, expect, test } from 'vitest'
import { body, type Client, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { sql } from '../support/sql.ts'
import { monthly, newWorld } from '../support/world.ts'

const NOW = '2026-01-31T10:00:00Z'

const taxes = async (client: Client, tax: Json) => body(await client.patch('/v1/settings', { tax }))
const external = { engine: 'external' }

describe('FR-043 an invoice is', () => {
  test('open until it is paid: a customer without a method owes all of it', async () => {
    const { account, plan } = await newWorld(NOW)
    await plan('pro')
    const { latest_invoice, payment } = await (await account({ card: null })).subscribes('pro')
    expect(latest_invoice).toMatchObject({
      status: 'open',
      number: 'JANE-0001',
      paid: 0,
      balance: 4900,
      finalized_at: NOW,
    })
    expect(payment).toBeNull()
  })

  test('paid when the charge covers it, with its event', async () => {
    const { account, plan } = await newWorld(NOW)
    await plan('pro')
    const { latest_invoice } = await (await account()).subscribes('pro')
    expect(latest_invoice).toMatchObject({ status: 'paid', paid: 4900, balance: 0 })
    const [event] = await sql(
      `select * from events where type = 'invoice.paid' and data ->> 'id' = $1`,
      latest_invoice.id,
    )
    expect(event).toMatchObject({
      sequence: 2,
      data: latest_invoice,
      previous: { status: 'open', paid: 0, balance: 4900 },
    })
  })

  test('paid at once where its total is zero, without a payment', async () => {
    const { account, plan } = await newWorld(NOW)
    await plan('free', { prices: [monthly('USD', '0')] })
    const jane = await account()
    const { latest_invoice, payment } = await jane.subscribes('free')
    expect(latest_invoice).toMatchObject({ status: 'paid', number: 'JANE-0001', total: 0, paid: 0, balance: 0 })
    expect([payment, await jane.payments()]).toEqual([null, []])
  })

  test('a draft while it awaits its tax: no number, no due date, no payment, nothing in the ledger', async () => {
    const { account, plan, client } = await newWorld(NOW)
    await taxes(client, external)
    await plan('pro')
    const jane = await account()
    const { latest_invoice, payment, status } = await jane.subscribes('pro')
    expect(status).toBe('active')
    expect(latest_invoice).toMatchObject({
      status: 'draft',
      tax_status: 'pending',
      number: null,
      balance: 4900,
      total: 4900,
    })
    expect(latest_invoice).toMatchObject({ due_at: null, finalized_at: null, bill_to: null, issued_at: NOW })
    expect([payment, await jane.payments()]).toEqual([null, []])
    expect(body(await client.get('/v1/ledger/trial_balance')).currencies).toEqual([])
  })
})

describe('FR-045 a tax computed elsewhere', () => {
  async function drafted(about: Json = {}) {
    const world = await newWorld(NOW)
    await taxes(world.client, external)
    await world.plan('pro')
    const jane = await world.account({ timezone: 'UTC', ...about })
    const { latest_invoice: draft } = await jane.subscribes('pro')
    const finalize = (given: Json, options = {}) =>
      world.client.post(`/v1/invoices/${draft.id}/finalize`, given, options)
    return { ...world, jane, draft, finalize }
  }

  const vat = { name: 'VAT', country: 'DE', region: null, percent: '19', amount: 931 }

  test('closes the draft: number, tax as given, and the charge of the whole', async () => {
    const { jane, draft, finalize, gateway, isBalanced, passes } = await drafted()
    await passes('2 days')
    const done = body(await finalize({ taxes: [vat] }))
    expect(done).toMatchObject({
      id: draft.id,
      status: 'paid',
      number: 'JANE-0001',
      tax_status: 'final',
      issued_at: NOW,
    })
    expect(done).toMatchObject({
      subtotal: 4900,
      tax: 931,
      total: 5831,
      paid: 5831,
      finalized_at: '2026-02-02T10:00:00Z',
    })
    expect(done.taxes).toEqual([{ ...vat, taxable: 4900 }])
    expect(done.lines).toMatchObject([{ amount: 4900, tax: 931 }])
    expect(done.payment).toMatchObject({ status: 'succeeded', amount: 5831 })
    const { payment, ...invoice } = done
    expect(await jane.invoices()).toEqual([invoice])
    expect((await gateway.taken()).received).toEqual({ usd: 5831 })
    await isBalanced()
  })

  test('may be none, or several', async () => {
    const [one, two] = [await drafted(), await drafted()]
    expect(body(await one.finalize({ taxes: [] }))).toMatchObject({ tax: 0, total: 4900, taxes: [], status: 'paid' })
    const state = { ...vat, name: 'State', amount: 300 }
    const city = { ...vat, name: 'City', percent: null, amount: 1 }
    expect(body(await two.finalize({ taxes: [state, city] }))).toMatchObject({ tax: 301, total: 5201 })
  })

  test('closes a draft once: at the same time, again, or with the same key', async () => {
    const { finalize, client, gateway, jane } = await drafted()
    const replies = await Promise.all(Array.from({ length: 5 }, () => finalize({ taxes: [vat] })))
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409])
    expectProblem(await finalize({ taxes: [] }), 409, 'invoice_not_draft')
    expect((await gateway.taken()).received).toEqual({ usd: 5831 })
    expect((await jane.invoices()).map(({ number }) => number)).toEqual(['JANE-0001'])
    const other = await drafted()
    const key = { headers: { 'Idempotency-Key': 'close' } }
    const [first, second] = [await other.finalize({ taxes: [vat] }, key), await other.finalize({ taxes: [vat] }, key)]
    expect([second.body, second.headers.get('Idempotent-Replayed')]).toEqual([body(first), 'true'])
    expectProblem(await client.post(`/v1/invoices/${other.draft.id}/finalize`, {}), 404, 'not_found')
  })

  test('is numbered when it closes, so that a later invoice may come first', async () => {
    const { jane, draft, finalize, plan, client } = await drafted()
    await plan('storage')
    await taxes(client, { engine: 'none' })
    expect((await jane.subscribes('storage')).latest_invoice.number).toBe('JANE-0001')
    expect(body(await finalize({ taxes: [] }))).toMatchObject({ id: draft.id, number: 'JANE-0002' })
  })

  test('is due by the calendar of its subscription, even after that has ended', async () => {
    const { client, draft, finalize, jane } = await drafted({ timezone: 'Asia/Tokyo', card: null })
    const cancelled = await client.post(`/v1/subscriptions/${draft.subscription}/cancel`, { when: 'now' })
    expect(body(cancelled).status).toBe('cancelled')
    body(await client.patch(`/v1/accounts/${jane.id}`, { timezone: 'America/New_York' }))
    expect(body(await finalize({ taxes: [] }))).toMatchObject({ status: 'open', due_at: '2026-02-07T15:00:00Z' })
  })

  test.each([
    [{ taxes: [{ ...vat, amount: -1 }] }, '/taxes/0/amount'],
    [{ taxes: [{ ...vat, amount: 1.5 }] }, '/taxes/0/amount'],
    [{ taxes: [{ ...vat, country: 'Germany' }] }, '/taxes/0/country'],
    [{ taxes: [{ ...vat, extra: 1 }] }, '/taxes/0/extra'],
  ])('%o is refused', async (given, pointer) => {
    const { finalize } = await drafted()
    expectProblem(await finalize(given), 422, 'invalid_request', pointsAt(pointer))
  })

  test('that no JSON number can carry is refused', async () => {
    const { finalize } = await drafted()
    const most = Math.floor(Number.MAX_SAFE_INTEGER / 4)
    const taxes = [1, 2, 3, 4].map((name) => ({ ...vat, name: `Tax ${name}`, amount: most }))
    expectProblem(await finalize({ taxes }), 422, 'amount_too_large', pointsAt('/taxes'))
  })

  test('is not awaited where there is nothing to tax', async () => {
    const { account, plan, client } = await newWorld(NOW)
    await taxes(client, external)
    await plan('free', { prices: [monthly('USD', '0')] })
    const { latest_invoice } = await (await account()).subscribes('free')
    expect(latest_invoice).toMatchObject({ status: 'paid', awaits: null, number: 'JANE-0001', total: 0, taxes: [] })
  })

  test('cannot be on nothing', async () => {
    const { account, client } = await newWorld(NOW)
    await taxes(client, external)
    const lines = [{ description: 'A gift', unit_amount: '0' }]
    const { id } = await account()
    const draft = body(await client.post('/v1/invoices', { account: id, lines, finalize: false }))
    expect(draft).toMatchObject({ status: 'draft', awaits: 'request' })
    const finalize = (given: Json) => client.post(`/v1/invoices/${draft.id}/finalize`, given)
    expectProblem(await finalize({ taxes: [vat] }), 422, 'invalid_request', pointsAt('/taxes'))
    expect(body(await finalize({ taxes: [{ ...vat, amount: 0 }] }))).toMatchObject({ status: 'paid', total: 0 })
  })

  test('exempt accounts await none', async () => {
    const { account, client, plan } = await newWorld(NOW)
    await taxes(client, external)
    await plan('pro')
    const { latest_invoice } = await (await account({ tax_exempt: true })).subscribes('pro')
    expect(latest_invoice).toMatchObject({ status: 'paid', tax: 0, total: 4900 })
  })
})

describe('a tax of our own rates', () => {
  const rates = [
    { country: 'DE', name: 'VAT', percent: '19' },
    { country: 'US', name: 'Federal', percent: '1' },
    { country: 'US', region: 'NY', name: 'State', percent: '8.875' },
  ]
  const inNewYork = { country: 'US', address: { region: 'NY' } }
  const amounts = (...all: readonly (readonly [string, number])[]) => all.map(([name, amount]) => ({ name, amount }))

  test.each([
    ['its country', '99', { country: 'DE' }, amounts(['VAT', 19])],
    ['another country', '99', { country: 'FR' }, []],
    ['its region, beside the country’s', '4900', inNewYork, amounts(['Federal', 49], ['State', 435])],
    ['another region', '4900', { country: 'US', address: { region: 'CA' } }, amounts(['Federal', 49])],
    ['half a cent, away from zero', '50', { country: 'US' }, amounts(['Federal', 1])],
    ['nothing', '0', { country: 'DE' }, []],
    ['an exempt account', '99', { country: 'DE', tax_exempt: true }, []],
    ['no country', '99', {}, []],
  ])('of %s on %s', async (_, unit_amount, about, expected) => {
    const { account, client, plan } = await newWorld(NOW)
    await taxes(client, { engine: 'rates', rates })
    await plan('pro', { prices: [monthly('USD', unit_amount)] })
    const { latest_invoice } = await (await account(about)).subscribes('pro')
    const tax = expected.reduce((sum, { amount }) => sum + amount, 0)
    expect(latest_invoice).toMatchObject({
      subtotal: +unit_amount,
      tax,
      total: +unit_amount + tax,
      paid: +unit_amount + tax,
    })
    expect(latest_invoice.taxes).toMatchObject(expected.map((one) => ({ ...one, taxable: +unit_amount })))
    expect(latest_invoice.lines).toMatchObject([{ tax }])
  })

  test('FR-098 of a country that was only guessed is none, until it is given; it counts from the next invoice', async () => {
    const world = await newWorld(NOW)
    await taxes(world.client, { engine: 'rates', rates })
    await world.plan('pro')
    const given = { email: 'jane@startup.example', name: 'Jane', test_clock: world.clock }
    const cf = { country: 'DE', timezone: 'Europe/Berlin' }
    const { id } = body(await world.client.post('/v1/accounts', given, { cf }))
    const made = body(await world.client.post('/v1/subscriptions', { account: id, plan: 'pro' }))
    expect(made.latest_invoice).toMatchObject({ tax: 0, bill_to: { country: 'DE' } })
    body(await world.client.patch(`/v1/accounts/${id}`, { country: 'DE' }))
    await world.passes('1 month')
    const { data } = body(await world.client.get(`/v1/invoices?account=${id}`))
    expect(data.map(({ tax }: Json) => tax)).toEqual([931, 0])
  })
})
