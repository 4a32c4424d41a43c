import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { newWorld } from '../support/world.ts'

const unknownId = 'inv_01jpd3wz80f448000000000001'

async function written(about: Json = {}) {
  const world = await newWorld('2026-04-01T00:00:00Z')
  const jane = await world.account()
  const lines = [
    { description: 'Set-up', quantity: '1.5', unit_amount: '101' },
    { description: 'Journey', unit_amount: '0.5' },
  ]
  const reply = await world.client.post('/v1/invoices', { account: jane.id, lines, ...about })
  const path = `/v1/invoices/${reply.body.id}`
  return { ...world, jane, lines, invoice: body(reply), reply, path }
}

describe('an invoice written by hand', () => {
  test('FR-048 is rounded a line, final at once, charged, and posted', async () => {
    const { invoice, reply, isBalanced } = await written({ memo: 'As agreed on the phone' })
    expect(reply.status).toBe(201)
    expect(invoice).toMatchObject({
      ...{ status: 'paid', reason: 'one_off', number: 'JANE-0001', total: 153, paid: 153, subscription: null },
      ...{ memo: 'As agreed on the phone', corrects: null, awaits: null, payment_terms_days: null },
      payment: { status: 'succeeded', amount: 153 },
    })
    expect(invoice.lines).toMatchObject([
      { kind: 'one_off', quantity: '1.5', unit_amount: '101', amount: 152, subscription: null, plan_version: null },
      { description: 'Journey', quantity: '1', unit_amount: '0.5', amount: 1, metric: null, tiers: [], discounts: [] },
    ])
    await isBalanced()
  })

  test('FR-053 is due by its own terms', async () => {
    const { invoice } = await written({ payment_terms_days: 10, finalize: true })
    expect(invoice).toMatchObject({ payment_terms_days: 10, due_at: '2026-04-12T00:00:00Z' })
  })

  test('FR-043 is a draft first where that is wanted: changed, finalised, and then frozen', async () => {
    const { client, invoice, path } = await written({ finalize: false })
    expect(invoice).toMatchObject({
      status: 'draft',
      awaits: 'request',
      finalize_at: null,
      number: null,
      payment: null,
    })
    const patch = { lines: [{ description: 'Set-up', unit_amount: '300' }], memo: 'Thank you' }
    expect(body(await client.patch(path, patch))).toMatchObject({ total: 300, memo: 'Thank you', status: 'draft' })
    const later = { memo: null, payment_terms_days: 5 }
    expect(body(await client.patch(path, later))).toMatchObject({ total: 300, ...later })
    expect(body(await client.get(path))).toMatchObject({ total: 300, ...later, lines: [{ amount: 300 }] })
    const final = body(await client.post(`${path}/finalize`, {}))
    expect(final).toMatchObject({ status: 'paid', number: 'JANE-0001', payment: { status: 'succeeded', amount: 300 } })
    expectProblem(await client.patch(path, patch), 409, 'invoice_not_draft')
    expectProblem(await client.delete(path), 409, 'invoice_not_draft')
    expectProblem(await client.post(`${path}/finalize`, {}), 409, 'invoice_not_draft')
  })

  test('FR-043 that is deleted as a draft is gone, and takes no number', async () => {
    const { client, invoice, path, lines, jane } = await written({ finalize: false })
    expect(body(await client.delete(path))).toMatchObject({ id: invoice.id, status: 'deleted', number: null })
    expectProblem(await client.get(path), 404, 'not_found')
    expectProblem(await client.delete(path), 404, 'not_found')
    const next = body(await client.post('/v1/invoices', { account: jane.id, lines }))
    expect(next.number).toBe('JANE-0001')
  })

  test('FR-101 takes the taxes that were computed elsewhere as they are', async () => {
    const { client, path } = await written({ finalize: false })
    const taxes = [{ name: 'VAT', country: 'DE', percent: '19', amount: 29 }]
    const final = body(await client.post(`${path}/finalize`, { taxes }))
    expect(final).toMatchObject({ tax: 29, total: 182, taxes: [{ ...taxes[0], region: null, taxable: 153 }] })
    // 152 and 1 bear 28.81 and 0.19 of it: the largest remainder gets the unit.
    expect(final.lines.map(({ tax }: Json) => tax)).toEqual([29, 0])
  })
})

describe('FR-050 a void', () => {
  async function unpaid() {
    const world = await newWorld('2026-04-01T00:00:00Z')
    await world.plan('pro')
    const jane = await world.account({ card: null })
    const { latest_invoice: invoice } = await jane.subscribes('pro')
    return { ...world, jane, invoice, path: `/v1/invoices/${invoice.id}` }
  }

  test('has its reason, and bills the period again in the same commit', async () => {
    const { client, invoice, path, jane, isBalanced } = await unpaid()
    const { correction, ...voided } = body(await client.post(`${path}/void`, { reason: 'Wrong address' }))
    expect(voided).toMatchObject({ id: invoice.id, status: 'void', void_reason: 'Wrong address', balance: 0 })
    expect(voided.voided_at).toBe('2026-04-01T00:00:00Z')
    expect(correction).toMatchObject({ reason: 'correction', corrects: invoice.id, total: 4900, number: 'JANE-0002' })
    expect((await jane.invoices()).map(({ id, status }) => [id, status])).toEqual([
      [invoice.id, 'void'],
      [correction.id, 'open'],
    ])
    await isBalanced()
    expectProblem(await client.post(`${path}/void`, { reason: 'Again' }), 409, 'invoice_not_voidable')
  })

  /** It has a card meanwhile, which was declined for what is to be voided. */
  async function declined() {
    const world = await unpaid()
    await world.gateway.declines('lost_card')
    await world.jane.changesCard('pm_card_visa')
    return world
  }

  test('charges what it makes instead', async () => {
    const { client, path } = await declined()
    const { correction } = body(await client.post(`${path}/void`, { reason: 'Wrong address' }))
    expect(correction).toMatchObject({ status: 'paid', payment: { status: 'succeeded', amount: 4900 } })
  })

  test('FR-062 repeated under its key voids, bills and charges once, and answers as before', async () => {
    const { client, jane, path, gateway } = await declined()
    const send = () =>
      client.post(`${path}/void`, { reason: 'Wrong address' }, { headers: { 'Idempotency-Key': 'key-1' } })
    const first = await send()
    const again = await send()
    expect([again.status, again.text]).toEqual([200, first.text])
    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
    expect((await gateway.taken()).succeeded_count).toBe(1)
    expect(await jane.invoices()).toHaveLength(2)
  })

  test('makes nothing in its place where that is not wanted', async () => {
    const { client, path } = await unpaid()
    const voided = body(await client.post(`${path}/void`, { reason: 'A gift', regenerate: false }))
    expect(voided).toMatchObject({ status: 'void', correction: null })
  })

  test('is no way back once it is paid', async () => {
    const { client, path } = await written()
    expectProblem(await client.post(`${path}/void`, { reason: 'Wrong' }), 409, 'invoice_not_voidable')
  })

  test('writes off what nobody will pay, where it is given up instead', async () => {
    const { client, path, isBalanced } = await unpaid()
    const given = body(await client.post(`${path}/mark_uncollectible`))
    expect(given).toMatchObject({ status: 'uncollectible', written_off: 4900, balance: 0, payment: null })
    await isBalanced()
    expectProblem(await client.post(`${path}/mark_uncollectible`), 409, 'invoice_not_open')
  })
})

describe('FR-128 commands on an invoice that is not there', () => {
  test.each<[string, string, Json?]>([
    ['patch', '', { memo: 'x' }],
    ['delete', ''],
    ['post', '/finalize', {}],
    ['post', '/void', { reason: 'x' }],
    ['post', '/mark_uncollectible'],
    ['post', '/apply_credit', {}],
  ])('%s %s', async (method, path, about) => {
    const { client } = await newWorld()
    const send = client[method as 'patch']
    expectProblem(await send(`/v1/invoices/${unknownId}${path}`, about), 404, 'not_found')
  })
})
