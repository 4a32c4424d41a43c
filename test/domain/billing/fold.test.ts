import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from '../../../src/billing/domain/decide.ts'
import { type Decision, isEmpty } from '../../../src/billing/domain/decision.ts'
import { nextSnapshot } from '../../../src/billing/domain/fold.ts'
import type { Snapshot } from '../../../src/billing/domain/snapshot.ts'
import { id, idsOf } from '../../support/given.ts'
import { givenCoupon } from '../../support/given-discount.ts'
import { givenCustomer } from '../../support/given-selling.ts'
import { type Asked, attempts, beginning, type History, lived } from './history.ts'
import { lives, type Moment, moments } from './life.ts'
import { loaded } from './loaded.ts'
import { advance, cancels, changes, credits, deletes, gateway, grants, subscribes, writes } from './words.ts'

function folded({ before, command, now }: Moment): Snapshot | null {
  const read = loaded(before, command)
  const decided = decide(read, command, now, idsOf(attempts(before)))
  return decided.ok && !isEmpty(decided.value) ? nextSnapshot(read, decided.value) : null
}

test('what falls due next is decided of a decision folded as of what is read anew', () => {
  fc.assert(
    fc.property(lives, (life) => {
      for (const moment of moments(life).all) {
        const next = folded(moment)
        const due = next?.account.nextBillingAt ?? null
        if (next === null || due === null) continue
        const decided = (snapshot: Snapshot) => decide(snapshot, advance, due, idsOf(attempts(moment.after)))
        expect(decided(next)).toEqual(decided(loaded(moment.after, advance)))
      }
    }),
    { numRuns: 60 },
  )
})

const START = '2026-01-01'
const once = givenCoupon({ code: 'ONCE' })
const year = ['02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12'].flatMap((month) => [
  ...([[`2026-${month}-01`, advance]] as const),
  ...([[`2026-${month}-01`, gateway('succeeded')]] as const),
])
const busy: readonly (readonly [when: string, asked: Asked])[] = [
  [START, grants(1000n)],
  [START, grants(500n, '2026-01-15')],
  [START, subscribes({ couponCode: 'ONCE' })],
  [START, gateway('succeeded')],
  ['2026-01-10', changes({ planCode: 'team', invoicing: 'now' })],
  ['2026-01-10', gateway('succeeded')],
  ['2026-01-11', credits(1, { parts: [[1, 900n]], refund: 900n })],
  ['2026-01-12', writes([['1', '700']])],
  ['2026-01-12', gateway('succeeded')],
]

/** Each decision folded into the last, and never read anew but for what a command is about. */
function carried(start: History, deeds: typeof busy): { readonly next: Snapshot; readonly history: History } {
  let [next, history] = [loaded(start, advance), start]
  for (const [when, asked] of deeds) {
    const { coupon, plans } = loaded(history, typeof asked === 'function' ? asked(history) : asked)
    history = lived(history, [when, asked])
    next = nextSnapshot({ ...next, coupon, plans }, history.decisions.at(-1) as Decision)
  }
  return { next, history }
}

const idsIn = ({ subscriptions, invoices, creditNotes, payments, refunds, credits: held, ...rest }: Snapshot) =>
  [subscriptions, invoices, creditNotes, payments, refunds, held, rest.applications, rest.discounts].map((things) =>
    things.map((thing) => thing.id).toSorted(),
  )

test('holds of a busy month all there was, and of a year no more than its last month', () => {
  const start = beginning({ offered: [once] })
  const month = carried(start, busy)
  expect(idsIn(month.next)).toEqual(idsIn(loaded(month.history, advance)))
  expect(carried(start, busy.slice(0, -1)).next.payments.map(({ status }) => status)).toContain('pending')
  const after = carried(start, [...busy, ...year])
  expect(idsIn(after.next)).toEqual(idsIn(loaded(after.history, advance)))
  expect(idsIn(after.next).map(({ length }) => length)).toEqual([1, 1, 0, 1, 0, 0, 0, 0])
})

test.each<readonly [what: string, deeds: typeof busy, kept: readonly string[]]>([
  ['a draft by hand', [[START, writes([['1', '5']], false)]], ['open subscription', 'draft one_off']],
  [
    'what credits its period',
    [['2026-01-10', changes({ quantity: 2, invoicing: 'now' })]],
    ['open subscription', 'open proration'],
  ],
  [
    'no draft that is gone',
    [...([[START, writes([['1', '5']], false)]] as const), [START, deletes(1)]],
    ['open subscription'],
  ],
  ['what has ended while it is owed', [['2026-01-10', cancels()]], ['open subscription']],
  ['nothing of what has ended and is paid', [...([[START, credits(0)]] as const), ['2026-01-10', cancels()]], []],
  [
    'nothing that was written by hand once it is paid',
    [...([[START, writes([['1', '5']])]] as const), [START, credits(1)]],
    ['open subscription'],
  ],
])('holds %s', (_, deeds, kept) => {
  const start = beginning({ account: givenCustomer({ collection: 'invoice' }) })
  const { next } = carried(start, [[START, subscribes()], ...deeds])
  expect(next.invoices.map(({ status, reason }) => `${status} ${reason}`)).toEqual(kept)
})

test('goes on with the coupon as it was redeemed, and with the versions that were sold', () => {
  const start = beginning({ offered: [once] })
  const command = subscribes({ couponCode: 'ONCE' })
  const read = { ...loaded(start, command), versions: new Map() }
  const sold = lived(start, [START, command]).decisions.at(-1) as Decision
  const next = nextSnapshot(read, sold)
  expect([next.coupon?.redemptions, [...next.versions.keys()]]).toEqual([
    1,
    read.plans.map(({ current }) => current.id),
  ])
  expect(nextSnapshot({ ...read, coupon: null }, sold).coupon).toBeNull()
  expect(nextSnapshot({ ...next, coupon: { ...once, id: id('coupon', 99) } }, sold).coupon?.redemptions).toBe(0)
  expect(nextSnapshot(next, sold).versions).toBe(next.versions)
})
