import { expect, test } from 'vitest'
import { type Scenario, type Simulated, simulate } from '../../../src/billing/domain/simulate.ts'
import type { Snapshot } from '../../../src/billing/domain/snapshot.ts'
import { at, id, price } from '../../support/given.ts'
import {
  givenCancel,
  givenChange,
  givenCustomer,
  givenOffer,
  givenRules,
  offers,
  usageOfEvents,
} from '../../support/given-selling.ts'
import { beginning, type History, lived } from './history.ts'
import { loaded } from './loaded.ts'
import { advance, subscribes, subscription } from './words.ts'

const START = '2026-06-01'
const someone = id('subscription', 999)
const weekly = givenOffer(30, 'weekly', [price('100', { unit: 'week', count: 1 })])
const plans = [...Object.values(offers), weekly]
const onTerms = (about = {}) => beginning({ account: givenCustomer({ collection: 'invoice' }), plans, ...about })

/** What there is at a time, lived on to another. */
function simulated(snapshot: Snapshot, [from, until]: readonly [string, string], about: Partial<Scenario>): Simulated {
  const scenario: Scenario = {
    ...{ begins: null, subject: null, commands: [], payments: 'succeed', usageOf: usageOfEvents([]), ...about },
  }
  const done = simulate(snapshot, scenario, { from: at(from), until: at(until) })
  if (!done.ok) throw new Error(done.error.detail)
  return done.value
}
const now = (history: History): Snapshot => ({ ...loaded(history, advance), plans })
const shown = ({ invoices }: Simulated) => invoices.map(({ status, reason, total }) => `${status} ${reason} ${total}`)

test('a simulation brings what is far behind up to date before it plays a command of that time', () => {
  const sold = lived(onTerms(), [START, subscribes({ planCode: 'weekly', interval: 'week' })])
  const subject = subscription(sold).id
  const commands = [{ at: at('2027-06-02'), command: givenCancel(subject) }]
  const done = simulated(now(sold), ['2027-06-02', '2027-07-01'], { subject, commands })
  expect([done.refused, done.invoices.length]).toEqual([[], 52])
  expect(done.subject).toMatchObject({ status: 'cancelled', endedAt: at('2027-06-02') })
  expect(done.invoices.every(({ issuedAt }) => issuedAt === at('2027-06-02'))).toBe(true)
})

test('a simulation of several subscriptions is about the one it is asked for', () => {
  const two = lived(onTerms(), [START, subscribes()], [START, subscribes({ planCode: 'team' })])
  const subject = subscription(two, 1).id
  const commands = [{ at: at('2026-06-10'), command: givenCancel(someone) }]
  const done = simulated(now(two), [START, '2026-07-01'], { subject, commands })
  expect(done.subject).toMatchObject({ id: subject, status: 'cancelled' })
  expect(shown(done)).toEqual(['open renewal 4900'])
  expect(simulated(now(two), [START, '2026-07-01'], { subject: null }).subject).toBeNull()
})

test('each decision of a simulation makes things of its own, also at one instant', () => {
  const to = (quantity: number) => ({ at: at(START), command: givenChange(someone, { quantity, invoicing: 'now' }) })
  const done = simulated(now(onTerms()), [START, '2026-06-02'], { begins: subscribes(), commands: [to(2), to(3)] })
  expect(shown(done)).toEqual(['open subscription 4900', 'open proration 4900', 'open proration 4900'])
  expect(new Set(done.invoices.flatMap(({ lines }) => lines.map((line) => line.id))).size).toBe(5)
})

test('a simulation before 1970 has ids too', () => {
  const done = simulated(now(onTerms()), ['1969-06-01', '1969-06-20'], { begins: subscribes() })
  expect(done.invoices.map(({ issuedAt }) => issuedAt)).toEqual([at('1969-06-01')])
})

test('a simulation ends where something cannot be billed, and says why', () => {
  const rates = [{ country: 'DE', region: null, name: 'VAT', percent: '19' }]
  const settings = givenRules({ tax: { engine: 'rates', rates } })
  const raise = givenChange(someone, { unitAmount: '4000000000000000', quantity: 2, effective: 'period_end' })
  const commands = [
    { at: at('2026-06-10'), command: raise },
    { at: at('2026-07-10'), command: givenCancel(someone) },
  ]
  const done = simulated(now(onTerms({ settings })), [START, '2026-09-01'], { begins: subscribes(), commands })
  expect(done.refused).toMatchObject([{ at: at('2026-07-01'), rejection: { code: 'amount_too_large' } }])
  expect([shown(done), done.subject?.status]).toEqual([['open subscription 5831'], 'active'])
})

test('what is paid in a simulation is paid once, and a draft that is taken up again is no more', () => {
  const commands = [{ at: at('2026-06-16'), command: givenChange(someone, { quantity: 2, invoicing: 'next_invoice' }) }]
  const scenario = { begins: subscribes(), commands }
  const until = (end: string) => shown(simulated(now(beginning({ plans })), [START, end], scenario))
  expect(until('2026-06-20')).toEqual(['paid subscription 4900', 'draft proration 2450'])
  expect(until('2026-07-20')).toEqual(['paid subscription 4900', 'paid renewal 12250'])
})
