import { describe, expect, test } from 'vitest'
import type { Rejection } from '../../../src/kernel/rejection.ts'
import { id, price } from '../../support/given.ts'
import { givenCoupon } from '../../support/given-discount.ts'
import { givenCancel, givenCustomer, givenOffer, givenRules } from '../../support/given-selling.ts'
import { type Asked, beginning, type History, lived, refusal } from './history.ts'
import {
  advance,
  applies,
  attaches,
  cancels,
  changes,
  credits,
  deletes,
  finalizes,
  gateway,
  grants,
  subscribes,
  subscription,
  takesNoteBack,
  updates,
  voids,
  writes,
  writesOff,
} from './words.ts'

const START = '2026-06-01'
const LATER = '2026-06-16'
const then = (history: History, ...deeds: readonly Asked[]) =>
  deeds.reduce((next, asked) => lived(next, [next === history ? START : LATER, asked]), history)

/** Subscribed, and owing 4900 on terms. */
const owing = (about: Parameters<typeof beginning>[0] = {}) =>
  lived(beginning({ account: givenCustomer({ collection: 'invoice' }), ...about }), [START, subscribes()])
const paying = () => lived(beginning(), [START, subscribes()])
const paid = () => lived(paying(), [START, gateway('succeeded')])
const tax = (engine: 'external' | 'rates', percent = '19') => ({
  settings: givenRules({ tax: { engine, rates: [{ country: 'DE', region: null, name: 'VAT', percent }] } }),
})
const half = { parts: [[0, 2450n]] } as const
const partly = changes({ planCode: 'team' })
const now = changes({ planCode: 'team', invoicing: 'now' })

type Refusal = readonly [
  name: string,
  before: () => History,
  asked: Asked,
  code: Rejection['code'],
  pointer: string | undefined,
  detail: string | RegExp,
  hint: RegExp,
]

/** Each names the document it is about by what the customer reads on it, or by its id while it has no number. */
const ofInvoices: readonly Refusal[] = [
  [
    ...(['a void of what is void', () => then(owing(), voids(0, false)), voids(), 'invoice_not_voidable'] as const),
    ...([undefined, 'Invoice JANE-0001 is void already.', /nothing left to do/] as const),
  ],
  [
    ...(['a void of what gave credit', () => then(paid(), advance, cancels({ prorate: true })), voids(1)] as const),
    ...(['invoice_not_voidable', undefined, 'Invoice JANE-0002 gave credit.', /^Void the credit it gave/] as const),
  ],
  [
    ...(['a void of what is paid', paid, voids(), 'invoice_not_voidable', undefined] as const),
    ...(['Invoice JANE-0001 is paid.', /POST \/v1\/credit_notes/] as const),
  ],
  [
    ...(['a void of what is being paid', paying, voids(), 'payment_under_way', undefined] as const),
    ...(['A payment of invoice JANE-0001 is under way.', /when the payment has succeeded or failed/] as const),
  ],
  [
    ...(['a void of what a note credits', () => then(owing(), credits(0, half)), voids()] as const),
    ...(['invoice_not_voidable', undefined, 'Invoice JANE-0001 is credited by credit note JANE-CN-0001.'] as const),
    /^Void that document first/,
  ],
  [
    ...(['a void of what an invoice credits', () => then(owing(), advance, now), voids()] as const),
    ...(['invoice_not_voidable', undefined, 'Invoice JANE-0001 is credited by invoice JANE-0002.', /first/] as const),
  ],
  [
    ...(['a void of what a draft credits', () => then(owing(), advance, partly), voids()] as const),
    ...(['invoice_not_voidable', undefined, 'Invoice JANE-0001 is credited by a draft.', /first/] as const),
  ],
  [
    ...(['a void of a draft', () => then(owing(), writes([['1', '5']], false)), voids(1)] as const),
    ...(['invoice_not_voidable', undefined, /^Invoice inv_\w+ is not final\.$/, /deleted with DELETE/] as const),
  ],
  [
    ...(['a bad debt of what is paid', paid, writesOff(), 'invoice_not_open', undefined] as const),
    ...([/^Invoice inv_\w+ is not open: nothing is owed on it\.$/, /GET the invoice.*by a credit note/] as const),
  ],
  [
    ...(['a bad debt of what is being paid', paying, writesOff(), 'payment_under_way', undefined] as const),
    ...(['A payment of invoice JANE-0001 is under way.', /Repeat/] as const),
  ],
  [
    ...(['a bad debt of a draft', () => then(owing(), writes([['1', '5']], false)), writesOff(1)] as const),
    ...(['invoice_not_open', undefined, /is not open/, /status/] as const),
  ],
  [
    ...(['credit, of which there is none', owing, applies(null), 'credit_too_large', '/amount'] as const),
    'Nothing cannot be applied: the account has 0 minor units to its credit and the invoice owes 4900.',
    /^Apply the smaller of both .*POST \/v1\/credits/,
  ],
  [
    ...(['more credit than there is', () => then(owing(), grants(1000n)), applies(1001n)] as const),
    ...(['credit_too_large', '/amount', /^1001 cannot be applied: .* 1000 minor units .* owes 4900\.$/, /^/] as const),
  ],
  [
    ...(['more credit than is owed', () => then(owing(), grants(9000n)), applies(4901n)] as const),
    ...(['credit_too_large', '/amount', /^4901 cannot be applied: .* 9000 minor units .* owes 4900\.$/, /^/] as const),
  ],
]

const ofNotes: readonly Refusal[] = [
  [
    ...(['a credit note on a draft', () => then(owing(), writes([['1', '5']], false)), credits(1)] as const),
    ...([
      'invoice_not_open',
      '/invoice',
      /^Invoice inv_\w+ is not final, or it is void\.$/,
      /needs no credit/,
    ] as const),
  ],
  [
    ...(['a credit note on what is void', () => then(owing(), voids(0, false)), credits(0)] as const),
    ...(['invoice_not_open', '/invoice', /or it is void/, /void needs no credit note/] as const),
  ],
  [
    ...(['a credit note on what is being paid', paying, credits(0), 'payment_under_way', undefined] as const),
    ...(['A payment of invoice JANE-0001 is under way.', /Repeat/] as const),
  ],
  [
    ...(['to take back what was taken back', () => then(owing(), credits(0), takesNoteBack), takesNoteBack] as const),
    ...([
      'command_not_possible',
      undefined,
      'Credit note JANE-CN-0001 is void already.',
      /POST \/v1\/invoices/,
    ] as const),
  ],
  [
    'to take back what another invoice gave back',
    ...([() => then(owing(), advance, cancels({ prorate: true })), takesNoteBack, 'command_not_possible'] as const),
    ...([undefined, 'Credit note JANE-CN-0001 carries over what another invoice gave back.', /one-off/] as const),
  ],
  [
    ...(['to take back what goes back to the card', () => then(paid(), credits(0, { refund: 4900n }))] as const),
    ...([takesNoteBack, 'command_not_possible', undefined, 'Credit note JANE-CN-0001 was paid out.', /^Bill/] as const),
  ],
  [
    ...([
      'to take back what was given back by other means',
      () => then(paid(), credits(0, { outOfBand: 4900n })),
    ] as const),
    ...([takesNoteBack, 'command_not_possible', undefined, 'Credit note JANE-CN-0001 was paid out.', /^Bill/] as const),
  ],
  [
    'to take back credit some of which has been used',
    ...([() => then(paid(), credits(0), writes([['1', '1']])), takesNoteBack, 'command_not_possible'] as const),
    ...([undefined, 'Credit note JANE-CN-0001 gave credit that has been used.', /^Bill/] as const),
  ],
  [
    'to take back a note that is not there',
    ...([owing, { type: 'void_credit_note', creditNoteId: id('credit_note', 1) }, 'not_found', undefined] as const),
    ...([/^There is no credit note cn_\w+\.$/, /GET \/v1\/credit_notes/] as const),
  ],
  [
    'to take back credit that is not there',
    ...([owing, { type: 'void_credit', creditId: id('credit', 1) }, 'not_found', undefined] as const),
    ...([/^There is no credit \w+\.$/, /GET \/v1\/credits/] as const),
  ],
]

const ofDrafts: readonly Refusal[] = [
  [
    ...(['to change what is final', owing, updates(0, { memo: 'Hello' }), 'invoice_not_draft', undefined] as const),
    ...([/^Invoice inv_\w+ is not a draft\.$/, /^A final invoice never changes: void it.* GET it/] as const),
  ],
  [
    'to rewrite what follows from a subscription',
    ...([() => then(owing(), advance, partly), updates(1, { lines: [] }), 'invoice_not_draft', '/lines'] as const),
    ...(['This draft (proration) is made from a subscription, not by hand.', /^Change the subscription/] as const),
  ],
  [
    ...(['to delete what follows from a subscription', () => then(owing(), advance, partly), deletes(1)] as const),
    ...(['invoice_not_draft', undefined, /^This draft \(proration\)/, /its draft follows/] as const),
  ],
  [
    ...(['to finalise what awaits its tax without it', () => owing(tax('external')), finalizes(0)] as const),
    ...(['invalid_request', '/taxes', 'The draft awaits its tax.', /^Tell its `taxes`; an empty list/] as const),
  ],
  [
    'to finalise what credits a line that awaits its tax',
    ...([
      () => then(owing(tax('external')), advance, partly),
      finalizes(1),
      'command_not_possible',
      undefined,
    ] as const),
    ...([/^It credits a line of draft inv_\w+, which awaits its tax\.$/, /^Finalise that one first/] as const),
  ],
  [
    'a tax of nothing',
    ...([() => then(owing(tax('external')), writes([['1', '0']], false)), finalizes(1, [1n])] as const),
    ...(['invalid_request', '/taxes', /^There is nothing on the invoice that could be taxed/, /empty list/] as const),
  ],
  [
    ...(['taxes beyond all amounts', () => owing(tax('external')), finalizes(0, [2n ** 53n - 4900n, 1n])] as const),
    ...(['amount_too_large', '/taxes', /would come to 9007199254740993 minor .*; 9007199254740991 is/] as const),
    /minor units/,
  ],
  [
    'rates beyond all amounts',
    () => beginning({ ...tax('rates', '150'), plans: [givenOffer(50, 'palace', [price('4000000000000000')])] }),
    ...([subscribes({ planCode: 'palace' }), 'amount_too_large', undefined] as const),
    ...([/^With its tax .* 10000000000000000 .*; 9007199254740991 is the most/, /^Lower the quantity/] as const),
  ],
]

const gone = id('subscription', 1)
const attach: Asked = (history) => {
  const { id: subscriptionId } = subscription(history)
  return { ...{ type: 'attach_coupon', couponCode: 'WELCOME', subscriptionId }, id: subscriptionId }
}

const ofTheRest: readonly Refusal[] = [
  [
    ...(['a coupon that is not there', owing, attaches('GONE'), 'not_found', '/coupon'] as const),
    ...(['There is no coupon GONE.', /^List them with GET \/v1\/coupons.*spelled exactly so/] as const),
  ],
  [
    'a coupon on what is billed no more',
    ...([
      () => then(owing({ offered: [givenCoupon()] }), cancels()),
      attach,
      'command_not_possible',
      undefined,
    ] as const),
    ...([
      /^Subscription sub_\w+ is cancelled: nothing more is billed\.$/,
      /^Attach the coupon to the account/,
    ] as const),
  ],
  [
    'to take a coupon away that is not attached',
    ...([owing, { type: 'detach_discounts', couponCode: 'C1', subscriptionId: null }, 'not_found', undefined] as const),
    ...(['Coupon C1 is not attached here.', /shows its `discounts`/] as const),
  ],
  [
    'to take all coupons away where there are none',
    ...([owing, { type: 'detach_discounts', couponCode: null, subscriptionId: null }, 'not_found'] as const),
    ...([undefined, 'There is no discount here.', /^GET the subscription or the account/] as const),
  ],
  [
    ...(['to end a subscription that is not there', owing, givenCancel(gone), 'not_found', undefined] as const),
    ...([/^There is no subscription sub_\w+\.$/, /GET \/v1\/subscriptions/] as const),
  ],
  [
    'a change if paid that nothing can pay',
    ...([() => owing({ methods: [] }), changes({ planCode: 'team', onlyIfPaid: true })] as const),
    ...(['payment_method_missing', '/only_if_paid', /no card that could be charged/, /payment_methods/] as const),
  ],
]

describe.each([
  ['an invoice', ofInvoices],
  ['a credit note', ofNotes],
  ['a draft', ofDrafts],
  ['a coupon or a subscription', ofTheRest],
])('refused of %s is', (_, refusals) => {
  test.each(refusals)('%s', (_, before, asked, code, pointer, detail, hint) => {
    const refused = refusal(before(), LATER, asked)
    expect(refused).toMatchObject({ code, hint: expect.stringMatching(hint) })
    expect(refused?.pointer).toBe(pointer)
    if (typeof detail === 'string') expect(refused?.detail).toBe(detail)
    else expect(refused?.detail).toMatch(detail)
  })
})

test('a command on what is many periods behind is asked to come again', () => {
  const weekly = givenOffer(30, 'weekly', [price('100', { unit: 'week', count: 1 })])
  const sold = lived(beginning({ plans: [weekly] }), [START, subscribes({ planCode: 'weekly', interval: 'week' })])
  expect(refusal(sold, '2027-06-01', cancels())).toEqual({
    code: 'changed_meanwhile',
    detail: 'The subscription is many periods behind and is being brought up to date.',
    hint: 'Repeat the request in a minute.',
  })
})
