import { earliest } from '../../../src/kernel/instant.ts'
import type { Charge } from '../../../src/plans/domain/charge.ts'
import { nextDueAt } from '../../../src/subscriptions/domain/due.ts'
import { at, price } from '../../support/given.ts'
import { givenCharge, tier } from '../../support/given-charges.ts'
import { givenCustomer, givenOffer, givenRules, type Used, usageOfEvents } from '../../support/given-selling.ts'
import { type Asked, beginning, type History, lived } from './history.ts'
import { advance, invoicesOf, subscribes, subscription } from './words.ts'

/** Usage as it becomes known, for the tests of what comes in the grace and after it. */

export const START = '2026-06-01'
export const calls = (when: string, quantity: bigint): Used => ({ metric: 'api_calls', at: when, quantity })
const tiers = [tier('1000', '0'), tier('10000', '1'), tier(null, '0.5')]
export const sold = (charge: Partial<Charge> = {}, about: Parameters<typeof givenOffer>[3] = {}) =>
  givenOffer(20, 'metered', [price('4900')], {
    charges: [givenCharge({ model: { type: 'graduated', tiers }, ...charge })],
    ...about,
  })

/** An hour of grace, which is the default. */
export const begun = (used: readonly Used[], plan = sold(), about: Parameters<typeof beginning>[0] = {}) =>
  beginning({
    plans: [plan],
    usageOf: usageOfEvents(used),
    settings: givenRules({ usage: { graceMinutes: 60 } }),
    account: givenCustomer({ collection: 'invoice' }),
    ...about,
  })

/** From now on so much was used, as the database knows it. */
export const knowing = (history: History, used: readonly Used[]): History => ({
  ...history,
  snapshot: { ...history.snapshot, usageOf: usageOfEvents(used) },
})

export const reports =
  (usedAt: string): Asked =>
  (history) => ({
    ...{ type: 'report_usage', subscriptionId: subscription(history).id },
    reports: [{ type: 'late', usedAt: at(usedAt) }],
  })

/** When something is billed next, whatever is overdue. */
export const due = (history: History) => {
  const drafts = invoicesOf(history).map((one) => (one.status === 'draft' ? one.finalizeAt : null))
  const next = earliest(...[...history.subscriptions.values()].map(nextDueAt), ...drafts)
  return next === null ? null : new Date(next).toISOString()
}

/** Used, renewed, and final an hour later. */
export const billed = (used: readonly Used[], plan = sold(), about: Parameters<typeof beginning>[0] = {}) =>
  lived(
    begun(used, plan, about),
    [START, subscribes({ planCode: 'metered' })],
    ['2026-07-01', advance],
    ['2026-07-01T01:00:00Z', advance],
  )
