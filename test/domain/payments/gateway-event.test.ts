import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { DAY_MS, plusMs } from '../../../src/kernel/instant.ts'
import { errorText, nextTryAt, triedSince } from '../../../src/payments/domain/gateway-event.ts'
import { appliedTypes, disputeStatusOf, isApplied, newsOf } from '../../../src/payments/stripe-news.ts'
import { at } from '../../support/given.ts'

const NOW = at('2026-01-31')

describe('FR-061 an event that failed', () => {
  test.each([
    [1, 30],
    [2, 120],
    [3, 600],
    [4, 3600],
    [5, 3600],
    [70, 3600],
  ])('for the %s. time is tried again after %s s', (tries, seconds) => {
    expect(nextTryAt(tries, NOW)).toBe(plusMs(NOW, seconds * 1000))
  })

  test('is tried for three days', () => {
    expect(triedSince(NOW)).toBe(plusMs(NOW, -3 * DAY_MS))
  })

  test('keeps 500 characters of why', () => {
    expect(errorText('x'.repeat(501))).toBe('x'.repeat(500))
    expect(errorText('short')).toBe('short')
  })
})

describe('FR-061 what is listened to', () => {
  test('is what has a meaning here', () => {
    expect([...appliedTypes].sort()).toEqual([
      'charge.dispute.closed',
      'charge.dispute.created',
      'charge.dispute.funds_reinstated',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.updated',
      'checkout.session.completed',
      'payment_intent.canceled',
      'payment_intent.payment_failed',
      'payment_intent.processing',
      'payment_intent.requires_action',
      'payment_intent.succeeded',
      'payment_method.automatically_updated',
      'payment_method.detached',
      'payment_method.updated',
      'refund.created',
      'refund.failed',
      'refund.updated',
      'setup_intent.succeeded',
    ])
  })

  test('are no more types than Stripe lists the events of at once', () => {
    expect(appliedTypes.length).toBeLessThanOrEqual(20)
  })

  test.each(['charge.succeeded', 'payment_intent', '', 'toString', '__proto__'])('is not %s', async (type) => {
    expect(isApplied(type)).toBe(false)
    expect(await newsOf({} as Stripe, { eventId: 'evt_1', type, objectId: 'ch_1' })).toBeNull()
  })
})

describe('FR-061 a dispute', () => {
  test.each([
    ['warning_needs_response', 'inquiry'],
    ['warning_under_review', 'inquiry'],
    ['warning_closed', 'closed'],
    ['prevented', 'closed'],
    ['needs_response', 'open'],
    ['under_review', 'open'],
    ['appeal_needs_response', 'open'],
    ['appeal_under_review', 'open'],
    ['won', 'won'],
    ['lost', 'lost'],
  ])('that is %s there is %s here', (there, here) => {
    expect(disputeStatusOf(there)).toBe(here)
  })

  test('of a status that is not known is not guessed at', () => {
    expect(() => disputeStatusOf('settled')).toThrow('settled')
  })
})

describe('FR-061 what cannot be ours', () => {
  const newsFrom = (type: string, found: unknown) => {
    const retrieve = async () => found
    const stripe = { refunds: { retrieve }, disputes: { retrieve }, checkout: { sessions: { retrieve } } }
    return newsOf(stripe as unknown as Stripe, { eventId: 'evt_1', type, objectId: 'x_1' })
  }
  const dispute = { id: 'du_1', currency: 'usd', amount: 1, status: 'lost', evidence_details: { due_by: null } }

  test.each([
    ['a refund of no payment', 'refund.created', { id: 're_1', payment_intent: null, currency: 'usd' }],
    ['a refund in no currency of ours', 'refund.created', { id: 're_1', payment_intent: 'pi_1', currency: 'usdc' }],
    ['a dispute of no payment', 'charge.dispute.created', { ...dispute, payment_intent: null }],
    ['a page that saved nothing', 'checkout.session.completed', { id: 'cs_1', setup_intent: null, metadata: null }],
  ])('%s is no news', async (_, type, found) => {
    expect(await newsFrom(type, found)).toBeNull()
  })

  test('a dispute without a term for evidence says so', async () => {
    const news = await newsFrom('charge.dispute.closed', { ...dispute, payment_intent: { id: 'pi_1' } })
    expect(news).toMatchObject({ gatewayPayment: 'pi_1', news: { evidenceDueAt: null, status: 'lost', amount: 1n } })
  })
})
