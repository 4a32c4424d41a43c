import { describe, expect, test } from 'vitest'
import type { DomainEvent } from '../../../src/billing/domain/decision.ts'
import { declineOf } from '../../../src/payments/domain/decline.ts'
import type { ChargeOutcome } from '../../../src/payments/domain/outcome.ts'
import { at, id } from '../../support/given.ts'
import { type Asked, beginning, type History, lived } from './history.ts'
import { newsOf, subscribes } from './words.ts'

const START = '2026-06-01'
const paying = () => lived(beginning(), [START, subscribes()])

function toldBy(history: History, asked: Asked): readonly DomainEvent[] {
  return lived(history, [START, asked]).events.slice(history.events.length)
}

describe('what the gateway says of a payment', () => {
  const says =
    (outcome: ChargeOutcome): Asked =>
    (history) => ({ type: 'record_outcomes', news: newsOf(history, outcome) })

  test.each<readonly [ChargeOutcome, string]>([
    [{ kind: 'succeeded' }, 'payment.succeeded invoice.paid'],
    [
      { kind: 'declined', decline: declineOf('lost_card', null) },
      'payment.failed invoice.updated subscription.access_changed',
    ],
    [{ kind: 'rejected' }, 'payment.failed invoice.updated subscription.access_changed'],
    [{ kind: 'canceled' }, 'payment.failed'],
    [{ kind: 'authentication_required' }, 'payment.action_required invoice.updated'],
    [{ kind: 'authenticating', url: null }, 'payment.action_required'],
    [{ kind: 'processing' }, 'payment.pending'],
    [{ kind: 'throttled' }, 'payment.pending'],
    [{ kind: 'unknown' }, 'payment.pending'],
  ])('as %o tells %s, and the second time nothing', (outcome, types) => {
    const told = toldBy(paying(), says(outcome))
    expect(told.map(({ type }) => type).join(' ')).toBe(types)
    expect(told[0]).toMatchObject({ subject: 'payment', at: at(START), after: { outcome: outcome.kind, version: 2 } })
    expect(told[0]?.before).toMatchObject({ outcome: null, version: 1, id: told[0]?.after.id })
    const after = lived(paying(), [START, says(outcome)])
    expect(after.decisions.at(-1)?.invoices).toHaveLength(types.includes('invoice.') ? 1 : 0)
    expect(toldBy(after, says(outcome))).toEqual([])
  })

  test('that nobody knows tells nothing', () => {
    const news = [{ paymentId: id('payment', 1), attemptId: id('attempt', 1), outcome: { kind: 'succeeded' } }] as const
    const stray: Asked = { type: 'record_outcomes', news }
    expect(toldBy(paying(), stray)).toEqual([])
  })
})
