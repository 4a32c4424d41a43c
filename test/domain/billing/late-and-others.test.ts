import { expect, test } from 'vitest'
import { at, price } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { givenOffer, givenRules, type Used } from '../../support/given-selling.ts'
import { type Asked, lived } from './history.ts'
import { begun, calls, due, knowing, START } from './late.ts'
import { advance, creditLeft, documents, owed, subscribes, subscription } from './words.ts'

/** Late usage where an invoice, or a metric, is not alone. */

const standard = (n: number, code: string, metrics: Readonly<Record<string, string>>) =>
  givenOffer(n, code, [price('1000')], {
    charges: Object.entries(metrics).map(([metric, unitAmount]) =>
      givenCharge({ metric, model: { type: 'standard', unitAmount } }),
    ),
  })
const others = (quantity: bigint): Used => ({ metric: 'others', at: '2026-06-10', quantity })

const reports =
  (usedAt: string, nth = 0): Asked =>
  (history) => ({
    ...{ type: 'report_usage', subscriptionId: subscription(history, nth).id },
    reports: [{ type: 'late', usedAt: at(usedAt) }],
  })

const consolidated = (used: readonly Used[], graceMinutes = 0) => {
  const plans = [standard(20, 'one', { api_calls: '1' }), standard(21, 'two', { others: '2' })]
  const settings = givenRules({ usage: { graceMinutes }, invoicing: { consolidate: true } })
  return lived(
    begun(used, plans[0], { plans, settings }),
    [START, subscribes({ planCode: 'one' })],
    [START, subscribes({ planCode: 'two' })],
    ['2026-07-01', advance],
  )
}

test('of two subscriptions on one invoice each is compared with its own lines', () => {
  const first = lived(consolidated([calls('2026-06-10', 100n), others(10n)]), ['2026-07-02', advance])
  expect(documents(first).at(-1)).toBe('open renewal: +1000 +100 +1000 +20')
  const more = lived(
    knowing(first, [calls('2026-06-10', 1100n), others(1010n)]),
    ['2026-07-02T01:00:00Z', reports('2026-06-10')],
    ['2026-07-02T01:00:00Z', reports('2026-06-10', 1)],
    ['2026-07-03', advance],
  )
  expect(documents(more).slice(-2)).toEqual(['open supplemental: +1000', 'open supplemental: +2000'])
  const none = lived(
    knowing(first, [others(10n)]),
    ['2026-07-02T01:00:00Z', reports('2026-06-10')],
    ['2026-07-03', advance],
  )
  expect([...none.creditNotes.values()].map(({ total }) => total)).toEqual([100n])
})

test.each([
  ['used', [calls('2026-06-10', 100n)]],
  ['not used', []],
])('what comes before the account’s invoice of the day is closed is on that: %s', (_, used) => {
  const open = consolidated(used)
  const reported = lived(knowing(open, [...used, calls('2026-06-11', 500n)]), [
    '2026-07-01T10:00:00Z',
    reports('2026-06-11'),
  ])
  expect(due(reported)).toBe('2026-07-02T00:00:00.000Z')
  const closed = lived(reported, ['2026-07-03', advance])
  const total = 500n + used.reduce((sum, { quantity }) => sum + quantity, 0n)
  expect(documents(closed).slice(2)).toEqual([`open renewal: +1000 +1000 +${total}`])
})

test('what moves to another metric and is taken back then is credited', () => {
  const plan = standard(20, 'metered', { api_calls: '100', others: '150' })
  const late: Asked = reports('2026-06-10')
  const first = lived(
    begun([calls('2026-06-10', 10n)], plan),
    [START, subscribes({ planCode: 'metered' })],
    ['2026-07-01', advance],
    ['2026-07-01T01:00:00Z', advance],
  )
  const moved = lived(knowing(first, [others(10n)]), ['2026-07-01T02:00:00Z', late], ['2026-07-02T01:00:00Z', advance])
  expect(documents(moved).at(-1)).toBe('open supplemental: -1000 +1500')
  const gone = lived(knowing(moved, []), ['2026-07-02T02:00:00Z', late], ['2026-07-03T01:00:00Z', advance])
  // 500 of it on what the supplement still owed, the rest to the balance.
  expect([owed(gone), creditLeft(gone)]).toEqual([3_000n, 1_000n])
})
