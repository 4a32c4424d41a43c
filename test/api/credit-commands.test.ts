import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { type Customer, newWorld, type World } from '../support/world.ts'

type Jane = World & {
  readonly jane: Customer
  readonly subscription: string
  readonly invoice: Json
  readonly grants: (amount: number, about?: Json) => Promise<Json>
  readonly notes: (about: Json) => Promise<Json>
  readonly balance: () => Promise<number>
}

/** Jane with an invoice of 4900, paid by card unless she has none. */
async function subscribed(about: Json = {}): Promise<Jane> {
  const world = await newWorld('2026-04-01T00:00:00Z')
  const { client } = world
  await world.plan('pro')
  const jane = await world.account(about)
  const { id: subscription, latest_invoice: invoice } = await jane.subscribes('pro')
  const grants = async (amount: number, more: Json = {}) =>
    body(await client.post('/v1/credits', { account: jane.id, amount, reason: 'Sorry', ...more }))
  const notes = async (more: Json) =>
    body(await client.post('/v1/credit_notes', { invoice: invoice.id, reason: 'Wrong', ...more }))
  const balance = async () => body(await client.get(`/v1/accounts/${jane.id}`)).credit_balance
  return { ...world, jane, subscription, invoice, grants, notes, balance }
}

describe('a grant', () => {
  test('FR-092 FR-093 S9 pays for the next invoice', async () => {
    const { grants, balance, until, jane, isBalanced } = await subscribed()
    const credit = await grants(1000, { metadata: { ticket: '7' }, expires_at: '2026-06-01T00:00:00Z' })
    expect(credit).toMatchObject({ account: jane.id, status: 'available', remaining: 1000, metadata: { ticket: '7' } })
    expect(await balance()).toBe(1000)
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).at(-1)).toMatchObject({ total: 4900, credits_applied: 1000, paid: 3900 })
    expect(await balance()).toBe(0)
    await isBalanced()
  })

  test('FR-049 is applied to an open invoice when it is told to', async () => {
    const { client, grants, invoice, isBalanced } = await subscribed({ card: null })
    const path = `/v1/invoices/${invoice.id}/apply_credit`
    expectProblem(await client.post(path, {}), 422, 'credit_too_large')
    const { id } = await grants(5000)
    expect(body(await client.post(path, { amount: 900 }))).toMatchObject({ credits_applied: 900, balance: 4000 })
    expectProblem(await client.post(path, { amount: 4001 }), 422, 'credit_too_large', pointsAt('/amount'))
    expect(body(await client.post(path, {}))).toMatchObject({ status: 'paid', credits_applied: 4900, balance: 0 })
    expectProblem(await client.post(path, {}), 409, 'invoice_not_open')
    expect(body(await client.get(`/v1/credits/${id}`))).toMatchObject({ remaining: 100, applied: 4900 })
    await isBalanced()
  })

  test('FR-092 is taken back as far as it is left, once', async () => {
    const { client, grants, balance, isBalanced } = await subscribed()
    const { id } = await grants(500)
    expect(body(await client.post(`/v1/credits/${id}/void`))).toMatchObject({ status: 'voided', voided: 500 })
    expect(await balance()).toBe(0)
    await isBalanced()
    expectProblem(await client.post(`/v1/credits/${id}/void`), 409, 'credit_used_up')
    expectProblem(await client.post('/v1/credits/cred_01jpd3wz80f448000000000001/void'), 404, 'not_found')
  })
})

describe('S9 a credit note', () => {
  test('of a paid invoice gives back to the credit balance, unless it says otherwise', async () => {
    const { client, notes, invoice, balance, isBalanced } = await subscribed()
    const [{ id: line }] = invoice.lines
    const note = await notes({ lines: [{ line, amount: 900 }] })
    expect(note).toMatchObject({
      ...{ id: expect.stringMatching(/^cn_/), number: 'JANE-CN-0001', status: 'issued', invoice: invoice.id },
      ...{ reason: 'Wrong', tax: 0, total: 900, reduced: 0, refund: 0, credit: 900, out_of_band: 0 },
      ...{ source_invoice: null, issued_at: '2026-04-01T00:00:00Z', voided_at: null },
      lines: [{ line, amount: 900, tax: 0, taxes: [] }],
    })
    expect(await balance()).toBe(900)
    expect(body(await client.get(`/v1/credit_notes/${note.id}`))).toEqual(note)
    expect(body(await client.get(`/v1/credit_notes?invoice=${invoice.id}`)).data).toEqual([note])
    const rest = await notes({ refund: 3000, credit: 0, out_of_band: 1000 })
    expect(rest).toMatchObject({ number: 'JANE-CN-0002', total: 4000, refund: 3000, out_of_band: 1000 })
    expect(body(await client.get('/v1/refunds')).data).toMatchObject([{ amount: 3000, credit_note: rest.id }])
    const more = await client.post('/v1/credit_notes', { invoice: invoice.id, reason: 'More' })
    expectProblem(more, 422, 'credit_note_too_large')
    await isBalanced()
  })

  test('of an open one reduces what it owes, and can be taken back', async () => {
    const { client, notes, invoice, jane, isBalanced } = await subscribed({ card: null })
    const note = await notes({})
    expect(note).toMatchObject({ total: 4900, reduced: 4900, credit: 0 })
    const path = `/v1/invoices/${invoice.id}`
    expect(body(await client.get(path))).toMatchObject({ status: 'paid', credit_notes: 4900, balance: 0 })
    const voided = body(await client.post(`/v1/credit_notes/${note.id}/void`))
    expect(voided).toMatchObject({ id: note.id, status: 'void', voided_at: '2026-04-01T00:00:00Z' })
    expect(body(await client.get(path))).toMatchObject({ status: 'open', credit_notes: 0, balance: 4900 })
    expect(await jane.owes()).toBe(4900)
    await isBalanced()
    expectProblem(await client.post(`/v1/credit_notes/${note.id}/void`), 409, 'command_not_possible')
    expectProblem(await client.post('/v1/credit_notes/cn_01jpd3wz80f448000000000001/void'), 404, 'not_found')
    expectProblem(await client.get('/v1/credit_notes/cn_01jpd3wz80f448000000000001'), 404, 'not_found')
  })

  test('that gave credit is taken back with it, and not once any of it was used', async () => {
    const { client, notes, invoice, balance, until, isBalanced } = await subscribed()
    const [{ id: line }] = invoice.lines
    const first = await notes({ lines: [{ line, amount: 900 }] })
    body(await client.post(`/v1/credit_notes/${first.id}/void`))
    expect(await balance()).toBe(0)
    const second = await notes({ lines: [{ line, amount: 900 }] })
    await until('2026-05-01T00:00:00Z')
    expect(await balance()).toBe(0)
    expectProblem(await client.post(`/v1/credit_notes/${second.id}/void`), 409, 'command_not_possible')
    await isBalanced()
  })

  test('takes its number from the organization’s own series where invoices do', async () => {
    const { client, notes } = await subscribed()
    body(await client.patch('/v1/settings', { numbering: { series: 'organization', prefix: 'ACME' } }))
    const note = await notes({})
    expect(note.number).toMatch(/^ACME-CN-\d+$/)
    expect(body(await client.get(`/v1/credit_notes/${note.id}`)).number).toBe(note.number)
  })
})

describe('a discount', () => {
  test('is attached to an account or a subscription, shown there, and taken away', async () => {
    const { client, jane, subscription } = await subscribed()
    body(await client.post('/v1/coupons', { code: 'HALF', percent_off: '50', duration: 'forever' }))
    body(
      await client.post('/v1/coupons', {
        code: 'LESS',
        amount_off: 100,
        currency: 'USD',
        duration: 'periods',
        periods: 3,
      }),
    )
    const [account, sub] = [`/v1/accounts/${jane.id}`, `/v1/subscriptions/${subscription}`]
    const attached = await client.post(`${account}/discount`, { coupon: 'HALF' })
    expect([attached.status, attached.body]).toMatchObject([
      201,
      { coupon: 'HALF', subscription: null, ended_at: null },
    ])
    const less = body(await client.post(`${sub}/discount`, { coupon: 'LESS' }))
    expect(less).toMatchObject({ coupon: 'LESS', subscription, periods_left: 3, amount_off: 100 })
    expectProblem(await client.post(`${sub}/discount`, { coupon: 'LESS' }), 409, 'coupon_already_applied')
    expect(body(await client.get(account)).discounts).toEqual([attached.body])
    expect(body(await client.get(sub)).discounts).toEqual([less])
    expectProblem(await client.delete(`${sub}/discount?coupon=HALF`), 404, 'not_found')
    expect(body(await client.delete(`${sub}/discount?coupon=LESS`)).data).toMatchObject([{ id: less.id }])
    expect(body(await client.delete(`${account}/discount`)).data).toMatchObject([
      { id: attached.body.id, ended_at: '2026-04-01T00:00:00Z' },
    ])
    expectProblem(await client.delete(`${account}/discount`), 404, 'not_found')
    expect(body(await client.get(account)).discounts).toEqual([])
  })

  test('shows on the lines it is taken off and, by coupon, on the invoice', async () => {
    const { client, jane, plan } = await subscribed()
    await plan('team', { prices: [{ currency: 'USD', interval: 'month', unit_amount: '10000' }] })
    body(await client.post('/v1/coupons', { code: 'TENTH', percent_off: '10' }))
    body(await client.post('/v1/coupons', { code: 'LESS', amount_off: 500, currency: 'USD' }))
    body(await client.post(`/v1/accounts/${jane.id}/discount`, { coupon: 'LESS' }))
    const { latest_invoice } = await jane.subscribes('team', { coupon: 'TENTH' })
    const taken = [
      { coupon: 'TENTH', scope: 'subscription', percent_off: '10', amount: 1000 },
      { coupon: 'LESS', scope: 'account', percent_off: null, amount: 500 },
    ]
    expect(latest_invoice).toMatchObject({ subtotal: 10_000, discount: 1500, total: 8500, discounts: taken })
    expect(latest_invoice.lines).toMatchObject([{ amount: 10_000, discount: 1500, discounts: taken }])
  })
})

test('settings of proration and invoicing are kept', async () => {
  const { client } = await newWorld()
  const wanted = { proration: { granularity: 'second', invoice: 'now' }, invoicing: { consolidate: true } }
  const changed = body(await client.patch('/v1/settings', wanted))
  expect(changed).toMatchObject(wanted)
  body(await client.patch('/v1/settings', { default_currency: 'EUR' }))
  expect(body(await client.get('/v1/settings'))).toEqual({ ...changed, default_currency: 'EUR' })
})
