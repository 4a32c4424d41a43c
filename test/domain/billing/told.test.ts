import { expect, test } from 'vitest'
import type { DomainEvent } from '../../../src/billing/domain/decision.ts'
import { at, id } from '../../support/given.ts'
import { givenCoupon } from '../../support/given-discount.ts'
import { givenCustomer } from '../../support/given-selling.ts'
import { type Asked, beginning, type History, lived } from './history.ts'
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
  pauses,
  subscribes,
  takesCreditBack,
  takesNoteBack,
  updates,
  voids,
  writes,
  writesOff,
} from './words.ts'

const START = '2026-06-01'
const offered = [
  givenCoupon({ code: 'ONCE' }),
  givenCoupon({ id: id('coupon', 21), code: 'TWICE', duration: { type: 'periods', count: 2 } }),
  givenCoupon({ id: id('coupon', 22), code: 'EVER', duration: { type: 'forever' } }),
]
const onTerms = (about: Parameters<typeof beginning>[0] = {}) =>
  beginning({ account: givenCustomer({ collection: 'invoice' }), offered, ...about })
const owing = (about = {}) => lived(onTerms(), [START, subscribes(about)])
const paid = () => lived(beginning(), [START, subscribes()], [START, gateway('succeeded')])
const then = (history: History, ...deeds: readonly Asked[]) =>
  lived(history, ...deeds.map((asked) => [START, asked] as const))

/** What one deed tells, in the order of the webhooks that follow from it. */
function toldBy(history: History, when: string, asked: Asked): readonly DomainEvent[] {
  return lived(history, [when, asked]).events.slice(history.events.length)
}

type Told = readonly [name: string, before: () => History, when: string, asked: Asked, types: string]

const team = { planCode: 'team' } as const
const deeds: readonly Told[] = [
  ['a coupon', onTerms, START, attaches('ONCE'), 'discount.created'],
  [
    'a coupon that goes',
    () => then(onTerms(), attaches('ONCE')),
    START,
    { type: 'detach_discounts', couponCode: null, subscriptionId: null },
    'discount.ended',
  ],
  [
    'a sale with a coupon for one period',
    onTerms,
    START,
    subscribes({ couponCode: 'ONCE' }),
    'subscription.created discount.created subscription.activated discount.ended invoice.created invoice.finalized',
  ],
  [
    'a sale with a coupon for two',
    onTerms,
    START,
    subscribes({ couponCode: 'TWICE' }),
    'subscription.created discount.created subscription.activated discount.used invoice.created invoice.finalized',
  ],
  [
    'a renewal with a coupon for ever',
    () => owing({ couponCode: 'EVER' }),
    '2026-07-01',
    advance,
    'subscription.renewed invoice.created invoice.finalized',
  ],
  [
    'a void of what such a coupon discounted',
    () => owing({ couponCode: 'EVER' }),
    START,
    voids(0, false),
    'invoice.voided',
  ],
  [
    'a void of what a coupon for one period discounted',
    () => owing({ couponCode: 'ONCE' }),
    START,
    voids(0, false),
    'discount.given_back invoice.voided',
  ],
  [
    'a void that is corrected',
    () => owing({ couponCode: 'ONCE' }),
    START,
    voids(),
    'discount.given_back invoice.voided discount.ended invoice.created invoice.finalized',
  ],
  [
    'a void of what credit paid a part of',
    () => then(onTerms(), grants(100n), subscribes()),
    START,
    voids(0, false),
    'credit.released invoice.voided',
  ],
  ['credit', onTerms, START, grants(100n), 'credit.granted'],
  ['credit that is taken back', () => then(onTerms(), grants(100n)), START, takesCreditBack, 'credit.voided'],
  ['credit that expires', () => then(onTerms(), grants(100n, '2026-06-02')), '2026-06-02', advance, 'credit.expired'],
  [
    'credit for a part of what is owed',
    () => then(owing(), grants(100n)),
    START,
    applies(null),
    'credit.applied invoice.credited',
  ],
  [
    'credit for all of it',
    () => then(owing(), grants(9000n)),
    START,
    applies(null),
    'credit.applied invoice.credited invoice.paid',
  ],
  [
    'a renewal that credit pays',
    () => then(owing(), grants(9000n)),
    '2026-07-01',
    advance,
    'subscription.renewed invoice.created invoice.finalized invoice.paid credit.applied',
  ],
  ['a bad debt', owing, START, writesOff(), 'invoice.marked_uncollectible'],
  [
    'a note on a part of what is owed',
    owing,
    START,
    credits(0, { parts: [[0, 900n]] }),
    'credit_note.created invoice.credited',
  ],
  ['a note on all of it', owing, START, credits(0), 'credit_note.created invoice.credited invoice.paid'],
  ['a note on what was paid', paid, START, credits(0), 'credit_note.created credit.granted'],
  [
    'a note that goes back to the card',
    paid,
    START,
    credits(0, { refund: 4900n }),
    'credit_note.created refund.created',
  ],
  ['a note taken back', () => then(owing(), credits(0)), START, takesNoteBack, 'credit_note.voided invoice.credited'],
  [
    'a note taken back with its credit',
    () => then(paid(), credits(0)),
    START,
    takesNoteBack,
    'credit_note.voided credit.voided',
  ],
  ['a draft by hand', onTerms, START, writes([['1', '5']], false), 'invoice.created'],
  [
    'its change',
    () => then(onTerms(), writes([['1', '5']], false)),
    START,
    updates(0, { memo: 'Hello' }),
    'invoice.updated',
  ],
  ['its end', () => then(onTerms(), writes([['1', '5']], false)), START, deletes(0), 'invoice.deleted'],
  ['its finalisation', () => then(onTerms(), writes([['1', '5']], false)), START, finalizes(0), 'invoice.finalized'],
  ['a change', owing, '2026-06-16', changes(team), 'subscription.changed invoice.created'],
  [
    'a further change of the day',
    () => lived(owing(), ['2026-06-16', changes(team)]),
    '2026-06-16',
    changes({ quantity: 2 }),
    'subscription.changed invoice.updated',
  ],
  [
    'a change back',
    () => lived(owing(), ['2026-06-16', changes(team)]),
    '2026-06-16',
    changes({ planCode: 'starter' }),
    'subscription.changed invoice.deleted',
  ],
  [
    'the end of its day',
    () => lived(owing(), ['2026-06-16', changes(team)]),
    '2026-06-17',
    advance,
    'invoice.finalized',
  ],
  [
    'its draft finalised before',
    () => lived(owing(), ['2026-06-16', changes(team)]),
    '2026-06-16',
    finalizes(1),
    'subscription.updated invoice.finalized',
  ],
  [
    'a pause after it',
    () => lived(owing(), ['2026-06-16', changes(team)]),
    '2026-06-16',
    pauses(),
    'subscription.updated invoice.finalized subscription.paused',
  ],
  [
    'a change at once',
    owing,
    '2026-06-16',
    changes({ ...team, invoicing: 'now' }),
    'subscription.changed invoice.created invoice.finalized',
  ],
  [
    'a renewal that takes up what a change left',
    () => lived(owing(), ['2026-06-16', changes({ ...team, invoicing: 'next_invoice' })]),
    '2026-07-01',
    advance,
    'subscription.renewed invoice.deleted invoice.created invoice.finalized',
  ],
  [
    'a cancellation that gives back of what is owed',
    owing,
    '2026-06-16',
    cancels({ prorate: true }),
    'subscription.cancelled invoice.created credit_note.created invoice.credited invoice.finalized invoice.paid',
  ],
  [
    'a cancellation that gives back of what was paid',
    paid,
    '2026-06-16',
    cancels({ prorate: true }),
    'subscription.cancelled invoice.created credit.granted invoice.finalized invoice.paid',
  ],
  [
    'a cancellation that goes back to the card',
    paid,
    '2026-06-16',
    cancels({ prorate: true, credit: 'refund' }),
    'subscription.cancelled invoice.created refund.created invoice.finalized invoice.paid',
  ],
  [
    'a change if paid',
    paid,
    '2026-06-16',
    changes({ ...team, onlyIfPaid: true }),
    'invoice.created invoice.finalized payment.created subscription.change_pending',
  ],
  [
    'its payment',
    () => lived(paid(), ['2026-06-16', changes({ ...team, onlyIfPaid: true })]),
    '2026-06-16',
    gateway('succeeded'),
    'payment.succeeded invoice.paid subscription.changed',
  ],
  [
    'its decline',
    () => lived(paid(), ['2026-06-16', changes({ ...team, onlyIfPaid: true })]),
    '2026-06-16',
    gateway('declined'),
    'payment.failed invoice.updated invoice.voided subscription.change_abandoned',
  ],
  [
    'its time over while the gateway is silent',
    () => lived(paid(), ['2026-06-16', changes({ ...team, onlyIfPaid: true })], ['2026-06-16', gateway('unknown')]),
    '2026-06-17',
    advance,
    'subscription.change_pending',
  ],
]

test.each(deeds)('%s tells so much, in this order', (_, before, when, asked, types) => {
  const told = toldBy(before(), when, asked)
  expect(told.map(({ type }) => type).join(' ')).toBe(types)
  expect(told.every((event) => event.at === at(when))).toBe(true)
})
