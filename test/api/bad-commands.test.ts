import { beforeAll, describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { storesNothing } from '../support/rows.ts'
import { monthly, newWorld, type World } from '../support/world.ts'

let world: World
/** Jane, her subscription, its paid invoice and that one's line; a draft; a credit; a coupon that she has. */
let ids: Record<'account' | 'subscription' | 'invoice' | 'line' | 'draft' | 'credit', string>

beforeAll(async () => {
  world = await newWorld('2026-04-01T00:00:00Z')
  const { client } = world
  await world.plan('starter')
  await world.plan('extra', { kind: 'add_on', prices: [monthly('USD', '1000')] })
  const jane = await world.account()
  const { id: subscription, latest_invoice } = await jane.subscribes('starter')
  const written = { account: jane.id, lines: [{ description: 'Set-up', unit_amount: '100' }], finalize: false }
  const draft = body(await client.post('/v1/invoices', written))
  const credit = body(await client.post('/v1/credits', { account: jane.id, amount: 100, reason: 'Sorry' }))
  body(await client.post('/v1/coupons', { code: 'HALF', percent_off: '50' }))
  body(await client.post(`/v1/accounts/${jane.id}/discount`, { coupon: 'HALF' }))
  ids = {
    ...{ account: jane.id, subscription, invoice: latest_invoice.id, line: latest_invoice.lines[0].id },
    ...{ draft: draft.id, credit: credit.id },
  }
})

/** `:account` and the like stand for their ids, in a path as in a body. */
const filled = (text: string) =>
  text.replaceAll(/:(account|subscription|invoice|line|draft|credit)\b/g, (_, name: keyof typeof ids) => ids[name])

async function refuses(path: string, about: Json, pointer: string): Promise<void> {
  const reply = await storesNothing(() =>
    world.client.post(`/v1/${filled(path)}`, JSON.parse(filled(JSON.stringify(about)))),
  )
  expect([reply.status >= 400, reply.body.errors], JSON.stringify(reply.body)).toMatchObject([true, [{ pointer }]])
  expect(reply.body.hint).toMatch(/./)
}

describe('FR-128 what a command on a subscription cannot take is named, and nothing is written', () => {
  test.each<[string, Json, string]>([
    ['change', { plan_version: 'newest' }, '/plan_version'],
    ['change', { quantity: 0 }, '/quantity'],
    ['change', { quantity: 1_000_001 }, '/quantity'],
    ['change', { interval_count: 3 }, '/interval_count'],
    ['change', { interval: 'day' }, '/interval'],
    ['change', { unit_amount: 4900 }, '/unit_amount'],
    ['change', { unit_amount: '-1' }, '/unit_amount'],
    ['change', { unit_amount: '0.0000000000001' }, '/unit_amount'],
    ['change', { add_ons: [{ plan: 'extra' }] }, '/add_ons/0/quantity'],
    ['change', { add_ons: [{ plan: 'extra', quantity: -1 }] }, '/add_ons/0/quantity'],
    [
      'change',
      {
        add_ons: [
          { plan: 'extra', quantity: 1 },
          { plan: 'extra', quantity: 2 },
        ],
      },
      '/add_ons/1',
    ],
    ['change', { add_ons: Array.from({ length: 51 }, (_, index) => ({ plan: `p${index}`, quantity: 1 })) }, '/add_ons'],
    ['change', { effective: 'tomorrow' }, '/effective'],
    ['change', { effective: '2026-04-16' }, '/effective'],
    ['change', { proration: 'hour' }, '/proration'],
    ['change', { invoice: 'later' }, '/invoice'],
    ['change', { only_if_paid: 'yes' }, '/only_if_paid'],
    ['change', { credit: 'cash' }, '/credit'],
    ['change', { preview_hash: 'abc' }, '/preview_hash'],
    ['change', { payment_behavior: 'require' }, '/payment_behavior'],
    ['change', { plan: 'none' }, '/plan'],
    ['change', { quantity: 2, effective: '2026-03-31T00:00:00Z' }, '/effective'],
    ['change', { quantity: 2, effective: 'period_end', only_if_paid: true }, '/only_if_paid'],
    ['items', { plan: 'extra' }, '/quantity'],
    ['items', { quantity: 1 }, '/plan'],
    ['items', { plan: 'extra', quantity: 1, only_if_paid: true }, '/only_if_paid'],
    ['items', { plan: 'none', quantity: 1 }, '/plan'],
    ['cancel', { when: 'later' }, '/when'],
    ['cancel', { prorate: 1 }, '/prorate'],
    ['cancel', { prorate: true }, '/prorate'],
    ['pause', { resumes_at: 'never' }, '/resumes_at'],
    ['pause', { resumes_at: '2026-03-01T00:00:00Z' }, '/resumes_at'],
    ['pause', { resumes_at: '2026-07-02T00:00:00Z' }, '/resumes_at'],
    ['trial', {}, '/end'],
    ['trial', { end: 'period_end' }, '/end'],
  ])('%s %j', (path, about, pointer) => refuses(`subscriptions/:subscription/${path}`, about, pointer))
})

describe('FR-128 so is what a new subscription cannot have', () => {
  test.each<[Json, string]>([
    [{ interval_count: 2 }, '/interval_count'],
    [{ interval: 'month', interval_count: 0 }, '/interval_count'],
    [{ unit_amount: '1e3' }, '/unit_amount'],
    [{ add_ons: { plan: 'extra' } }, '/add_ons'],
    [{ add_ons: [{ plan: 'extra', quantity: 0 }] }, '/add_ons/0/quantity'],
    [{ add_ons: [{ plan: 'starter' }] }, '/add_ons/0/plan'],
    [{ billing_time: 'weekly' }, '/billing_time'],
    [{ start: '2026-04-01' }, '/start'],
    [{ trial_days: 731 }, '/trial_days'],
    [{ trial_end: 'expire' }, '/trial_end'],
    [{ bill_from: 'now' }, '/bill_from'],
    [{ ends_at: '2026-04-01T00:00:00Z' }, '/ends_at'],
    [{ coupon: 'NONE' }, '/coupon'],
    [{ coupon: '' }, '/coupon'],
    [{ payment_behavior: 'require' }, '/payment_behavior'],
    [{ preview_hash: 'A'.repeat(64) }, '/preview_hash'],
  ])('%j', async (about, pointer) => {
    const john = await world.account({ name: 'John', card: null })
    await refuses('subscriptions', { account: john.id, plan: 'starter', ...about }, pointer)
  })
})

const line = { description: 'Set-up', unit_amount: '100' }
const note = { invoice: ':invoice', reason: 'Wrong' }

describe('FR-128 so is what an invoice, a credit note, a credit or a discount cannot be', () => {
  test.each<[string, Json, string]>([
    ['invoices', { account: ':account' }, '/lines'],
    ['invoices', { account: ':account', lines: [] }, '/lines'],
    ['invoices', { account: ':account', lines: Array.from({ length: 251 }, () => line) }, '/lines'],
    ['invoices', { account: ':account', lines: [{ ...line, description: ' ' }] }, '/lines/0/description'],
    ['invoices', { account: ':account', lines: [{ ...line, description: 'x'.repeat(501) }] }, '/lines/0/description'],
    ['invoices', { account: ':account', lines: [{ ...line, quantity: 1 }] }, '/lines/0/quantity'],
    ['invoices', { account: ':account', lines: [{ ...line, quantity: '0' }] }, '/lines/0/quantity'],
    ['invoices', { account: ':account', lines: [{ ...line, quantity: '-1' }] }, '/lines/0/quantity'],
    ['invoices', { account: ':account', lines: [{ ...line, quantity: '0.0000000000001' }] }, '/lines/0/quantity'],
    ['invoices', { account: ':account', lines: [{ ...line, unit_amount: '-100' }] }, '/lines/0/unit_amount'],
    ['invoices', { account: ':account', lines: [line, { ...line, amount: 100 }] }, '/lines/1/amount'],
    ['invoices', { account: ':account', lines: [line], memo: '' }, '/memo'],
    ['invoices', { account: ':account', lines: [line], payment_terms_days: 366 }, '/payment_terms_days'],
    ['invoices', { account: ':account', lines: [line], finalize: null }, '/finalize'],
    ['invoices', { account: ':account', lines: [line], currency: 'EUR' }, '/currency'],
    ['invoices/:draft/finalize', { taxes: [{ name: 'VAT', amount: -1 }] }, '/taxes/0/amount'],
    ['invoices/:draft/finalize', { taxes: [{ amount: 1 }] }, '/taxes/0/name'],
    ['invoices/:invoice/void', {}, '/reason'],
    ['invoices/:invoice/void', { reason: '' }, '/reason'],
    ['invoices/:invoice/void', { reason: 'x'.repeat(501) }, '/reason'],
    ['invoices/:invoice/void', { reason: 'Wrong', regenerate: 'no' }, '/regenerate'],
    ['invoices/:draft/apply_credit', { amount: 0 }, '/amount'],
    ['invoices/:draft/apply_credit', { amount: 1.5 }, '/amount'],
    ['credit_notes', { invoice: ':invoice' }, '/reason'],
    ['credit_notes', { reason: 'Wrong' }, '/invoice'],
    ['credit_notes', { ...note, invoice: ':draft' }, '/invoice'],
    ['credit_notes', { ...note, lines: [] }, '/lines'],
    ['credit_notes', { ...note, lines: [{ line: ':line', amount: 0 }] }, '/lines/0/amount'],
    ['credit_notes', { ...note, lines: [{ line: ':line', amount: 4901 }] }, '/lines/0'],
    [
      'credit_notes',
      {
        ...note,
        lines: [
          { line: ':line', amount: 1 },
          { line: ':line', amount: 2 },
        ],
      },
      '/lines/1',
    ],
    ['credit_notes', { ...note, lines: [{ line: ':invoice', amount: 1 }] }, '/lines/0/line'],
    ['credit_notes', { ...note, refund: -1 }, '/refund'],
    ['credit_notes', { ...note, refund: 4900, credit: 1 }, '/refund'],
    ['credit_notes', { ...note, out_of_band: '1' }, '/out_of_band'],
    ['credits', { account: ':account', amount: 100 }, '/reason'],
    ['credits', { account: ':account', amount: 0, reason: 'Sorry' }, '/amount'],
    ['credits', { account: ':account', amount: 2 ** 52, reason: 'Sorry' }, '/amount'],
    ['credits', { account: ':account', amount: 1, reason: 'Sorry', expires_at: '2026-03-01T00:00:00Z' }, '/expires_at'],
    ['accounts/:account/discount', {}, '/coupon'],
    ['accounts/:account/discount', { coupon: 'NONE' }, '/coupon'],
    ['accounts/:account/discount', { coupon: 'HALF' }, '/coupon'],
    ['subscriptions/:subscription/discount', { coupon: 5 }, '/coupon'],
  ])('%s %j', refuses)
})

test('FR-128 a draft’s patch is checked as the draft was', async () => {
  for (const [about, pointer] of [
    [{ lines: [] }, '/lines'],
    [{ lines: [{ description: 'x' }] }, '/lines/0/unit_amount'],
    [{ memo: '' }, '/memo'],
    [{ status: 'open' }, '/status'],
  ] as const) {
    const reply = await storesNothing(() => world.client.patch(`/v1/invoices/${ids.draft}`, about))
    expect([reply.status, reply.body.errors]).toMatchObject([422, [{ pointer }]])
  }
})
