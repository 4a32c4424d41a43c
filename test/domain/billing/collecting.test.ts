import { describe, expect, test } from 'vitest'
import { at } from '../../support/given.ts'
import {
  accessIn,
  attachesCard,
  card,
  choosesCard,
  collectionOf,
  declining,
  holds,
  livesOn,
  noticesOf,
  overdueOf,
  releases,
  retries,
  toldBy,
  tries,
  withCards,
} from './collecting.ts'
import { type Asked, type History, lived } from './history.ts'
import { advance, documents, final, gateway, owed, subscribes } from './words.ts'

const START = '2026-06-01T10:00:00Z'
const year = { unit: 'year', count: 1 } as const
/** One invoice of 99900, and no other for a year. */
const bought = (from = withCards(1)) => lived(from, [START, subscribes({ interval: year.unit })])
const declined = (code = 'insufficient_funds', from = withCards(1)) =>
  lived(bought(from), [START, gateway('declined', code)])
const alone = () => withCards(2, retries({ fallbacks: false }))
const then = (history: History, ...deeds: readonly (readonly [string, Asked])[]) => lived(history, ...deeds)

describe('FR-057 FR-059 what is final is charged at once', () => {
  test('and paid by the first try that succeeds', () => {
    const paid = then(bought(), [START, gateway('succeeded')])
    expect([tries(paid), final(paid).status, accessIn(paid)]).toEqual([
      ['0 first 99900 succeeded'],
      'paid',
      ['granted'],
    ])
    expect(noticesOf(paid)).toEqual(['2026-06-01 payment_receipt'])
    expect(collectionOf(paid)).toEqual({ state: 'idle', failedAt: null, nextAttemptAt: null, heldDays: 0 })
  })

  test('with no method it is owed in a week, and the customer is asked for one', () => {
    const waiting = bought(withCards(0))
    expect([tries(waiting), noticesOf(waiting)]).toEqual([[], ['2026-06-01 payment_method_missing']])
    expect(final(waiting).dueAt).toBe(at('2026-06-09'))
    expect(accessIn(livesOn(waiting, '2026-06-08'))).toEqual(['granted'])
    const late = livesOn(waiting, '2026-06-15')
    expect(noticesOf(late).slice(1)).toEqual(['2026-06-11 payment_reminder', '2026-06-15 overdue_warning'])
    expect(tries(then(late, ['2026-06-15T12:00:00Z', attachesCard(1)]))).toEqual(['0 new_method 99900 open'])
  })
})

describe('FR-060 a failing card', () => {
  const failing = (until: string) => livesOn(bought(), until, declining())

  test('is tried on days 0, 3, 5, 7 and 10, with a notice each', () => {
    const end = failing('2026-06-20')
    expect([...end.attempts.values()].map(({ dueAt, reason }) => [dueAt, reason])).toEqual(
      [
        ['01', 'first'],
        ['04', 'retry'],
        ['06', 'retry'],
        ['08', 'retry'],
        ['11', 'retry'],
      ].map(([day, reason]) => [at(`2026-06-${day}T10:00:00Z`), reason]),
    )
    expect(end.payments.size).toBe(1)
    expect(noticesOf(end, 'payment_failed')).toEqual(
      ['01', '04', '06', '08', '11'].map((day) => `2026-06-${day} payment_failed`),
    )
  })

  test('FR-065 says when it is tried again, and at last that it is not', () => {
    const told = failing('2026-06-20').notices.filter(({ kind }) => kind === 'payment_failed')
    expect(told.map(({ facts }) => facts.nextAttemptAt)).toEqual([
      ...['04', '06', '08', '11'].map((day) => at(`2026-06-${day}T10:00:00Z`)),
      null,
    ])
    expect(told[0]?.facts).toMatchObject({ amount: '99900', method: { last4: '0001' }, decline: 'insufficient_funds' })
  })

  test('FR-083 FR-084 reminds on day 3, warns on day 7, and blocks when day 10 fails', () => {
    const end = failing('2026-06-20')
    expect(noticesOf(end, 'payment_reminder', 'overdue_warning', 'access_blocked')).toEqual([
      '2026-06-04 payment_reminder',
      '2026-06-08 overdue_warning',
      '2026-06-11 access_blocked',
    ])
    expect([overdueOf(end), collectionOf(end).state, accessIn(end)]).toEqual([
      'blocked/blocked',
      'exhausted',
      ['blocked'],
    ])
    expect(end.snapshot.account.overdue.since).toBe(at('2026-06-11T10:00:00Z'))
    const warning = failing('2026-06-10')
    expect([overdueOf(warning), accessIn(warning)]).toEqual(['warning/warning', ['grace']])
  })

  test('tells with the warning when access ends: with the last retry, not after it', () => {
    const [warning] = failing('2026-06-10').notices.filter(({ kind }) => kind === 'overdue_warning')
    expect(warning?.facts.blockedAt).toBe(at('2026-06-11T10:00:00Z'))
  })

  test('that pays after all is forgotten', () => {
    const paid = then(
      failing('2026-06-05'),
      ['2026-06-06T10:00:00Z', advance],
      ['2026-06-06T10:00:00Z', gateway('succeeded')],
    )
    expect([final(paid).status, accessIn(paid), overdueOf(paid)]).toEqual(['paid', ['granted'], 'current/none'])
    expect(collectionOf(paid)).toMatchObject({ state: 'idle', failedAt: null, nextAttemptAt: null })
    expect(tries(livesOn(paid, '2026-07-30'))).toHaveLength(3)
  })
})

describe('FR-060 a decline', () => {
  test.each([
    ['lost_card', 'suspended'],
    ['expired_card', 'suspended'],
    ['do_not_honor', 'retrying'],
  ])('%s leaves it %s, and the account in grace', (code, state) => {
    const after = declined(code)
    expect([collectionOf(after).state, accessIn(after), overdueOf(after)]).toEqual([state, ['grace'], 'current/none'])
    expect(tries(livesOn(after, '2026-06-12', declining()))).toHaveLength(state === 'retrying' ? 5 : 1)
  })

  test('that suspends does not exhaust: the account is blocked by the days', () => {
    const blocked = livesOn(declined('lost_card'), '2026-06-16')
    expect(noticesOf(blocked, 'overdue_warning', 'access_blocked')).toEqual([
      '2026-06-08 overdue_warning',
      '2026-06-15 access_blocked',
    ])
    expect(collectionOf(blocked).state).toBe('suspended')
  })

  test('by our own fault is retried, and not told to the customer', () => {
    const rejected = then(bought(), [START, gateway('rejected')])
    expect([collectionOf(rejected).state, noticesOf(rejected)]).toEqual(['retrying', []])
  })
})

describe('a new default method', () => {
  const two = (from = alone()) =>
    then(
      livesOn(bought(from), '2026-06-02', declining('lost_card')),
      ['2026-06-02', subscribes({ planCode: 'team', interval: year.unit })],
      ['2026-06-02', gateway('declined', 'lost_card')],
    )

  test('tries every open invoice once, at once', () => {
    const tried = then(two(), ['2026-06-03', choosesCard(2)])
    expect(tries(tried).slice(2)).toEqual(['0 new_method 99900 open', '1 new_method 99900 open'])
    expect([...tried.attempts.values()].slice(2).map((one) => one.paymentMethodId)).toEqual([card(2).id, card(2).id])
    expect(tries(then(tried, ['2026-06-03', choosesCard(2)]))).toHaveLength(4)
    expect([...tried.payments.values()].map(({ status }) => status)).toEqual(['pending', 'pending'])
  })

  test('and resumes what is left of the days since the first failure', () => {
    const tried = then(two(), ['2026-06-06T12:00:00Z', attachesCard(3)], ['2026-06-06T12:00:00Z', gateway('declined')])
    expect([collectionOf(tried), collectionOf(tried, 1)]).toMatchObject([
      { state: 'retrying', failedAt: at(START), nextAttemptAt: at('2026-06-08T10:00:00Z') },
      { state: 'retrying', failedAt: at('2026-06-02'), nextAttemptAt: at('2026-06-07') },
    ])
  })

  test('is tried for what is exhausted, which stays it until it is paid', () => {
    const blocked = livesOn(bought(alone()), '2026-06-12', declining())
    const tried = then(blocked, ['2026-06-13', choosesCard(2)])
    expect([tries(tried).at(-1), overdueOf(tried), accessIn(tried)]).toEqual([
      ...['0 new_method 99900 open', 'blocked/blocked'],
      ['blocked'],
    ])
    const failed = then(tried, ['2026-06-13', gateway('declined')])
    expect([collectionOf(failed).state, overdueOf(failed)]).toEqual(['exhausted', 'blocked/blocked'])
    expect(noticesOf(failed, 'access_blocked')).toHaveLength(1)
    const asked = then(tried, ['2026-06-13', gateway('authentication_required')])
    expect([collectionOf(asked).state, overdueOf(asked)]).toEqual(['exhausted', 'blocked/blocked'])
    const paid = then(tried, ['2026-06-13', gateway('succeeded')])
    expect([overdueOf(paid), accessIn(paid)]).toEqual(['current/none', ['granted']])
  })

  test('waits while the account is on hold, and is tried when that is over', () => {
    const held = then(two(), ['2026-06-03', holds], ['2026-06-04', choosesCard(2)])
    expect(tries(held)).toHaveLength(2)
    const released = then(held, ['2026-06-08', releases])
    expect(tries(released).slice(2)).toEqual(['0 new_method 99900 open', '1 new_method 99900 open'])
    const same = then(two(), ['2026-06-03', holds], ['2026-06-08', releases])
    expect(tries(same)).toHaveLength(2)
  })
})

describe('FR-011 the account’s other methods', () => {
  test('are tried at once, and the round begins anew with each day of the schedule', () => {
    const end = livesOn(bought(withCards(3)), '2026-06-05', declining())
    expect(tries(end)).toEqual([
      ...['0 first 99900 declined', '0 fallback 99900 declined', '0 fallback 99900 declined'],
      ...['0 retry 99900 declined', '0 fallback 99900 declined', '0 fallback 99900 declined'],
    ])
    expect([...end.attempts.values()].map((one) => one.paymentMethodId)).toEqual(
      [1, 3, 2, 1, 3, 2].map((n) => card(n).id),
    )
    expect(noticesOf(end, 'payment_failed')).toHaveLength(2)
  })

  test('that pay leave nothing failed', () => {
    const paid = then(bought(withCards(2)), [START, gateway('declined')], [START, gateway('succeeded')])
    expect([final(paid).status, paid.payments.size, noticesOf(paid)]).toEqual([
      ...['paid', 1],
      ['2026-06-01 payment_receipt'],
    ])
  })

  test('are left alone where the organization does not want it', () => {
    const end = livesOn(bought(alone()), '2026-06-12', declining())
    expect(new Set([...end.attempts.values()].map((one) => one.paymentMethodId))).toEqual(new Set([card(1).id]))
  })
})

describe('what is no failure', () => {
  test('the bank asks for the customer: the invoice waits with a link', () => {
    const asked = then(bought(), [START, gateway('authentication_required')])
    expect([collectionOf(asked), accessIn(asked)]).toEqual([
      { state: 'suspended', failedAt: null, nextAttemptAt: null, heldDays: 0 },
      ['granted'],
    ])
    expect(noticesOf(asked)).toEqual(['2026-06-01 payment_action_required'])
    expect(tries(livesOn(asked, '2026-06-10'))).toHaveLength(1)
    const confirmed = then(asked, [
      '2026-06-02',
      (history) => ({
        type: 'record_outcomes',
        news: [...history.payments.keys()].map((paymentId) => ({
          ...{ paymentId: paymentId as never, attemptId: null, outcome: { kind: 'succeeded' } as const },
        })),
      }),
    ])
    expect([final(confirmed).status, owed(confirmed)]).toEqual(['paid', 0n])
  })

  test.each(['unknown', 'throttled', 'processing', 'authenticating'] as const)('%s is never failed', (kind) => {
    const unsure = livesOn(then(bought(), [START, gateway(kind)]), '2026-06-09')
    expect(collectionOf(unsure)).toEqual({ state: 'idle', failedAt: null, nextAttemptAt: null, heldDays: 0 })
    expect([...unsure.payments.values()].map(({ status }) => status)).toEqual(['pending'])
    expect([noticesOf(unsure, 'payment_failed'), tries(unsure)]).toEqual([[], [`0 first 99900 ${kind}`]])
  })

  test('closed at the gateway it waits, and the next try is a payment of its own', () => {
    const closed = then(bought(), [START, gateway('canceled')])
    expect([collectionOf(closed).state, accessIn(closed)]).toEqual(['idle', ['granted']])
    expect(then(closed, ['2026-06-02', attachesCard(2)]).payments.size).toBe(2)
    const later = then(declined(), ['2026-06-04T10:00:00Z', advance], ['2026-06-04T10:00:00Z', gateway('canceled')])
    expect(collectionOf(later)).toMatchObject({ state: 'retrying', nextAttemptAt: at('2026-06-06T10:00:00Z') })
  })
})

test('FR-032 while BLOCKED renewals are issued, and attempted once', () => {
  const monthly = lived(withCards(1), [START, subscribes()])
  const end = livesOn(monthly, '2026-07-05', declining())
  expect(documents(end)).toEqual(['open subscription: +4900', 'open renewal: +4900'])
  expect(tries(end).slice(5)).toEqual(['1 first 4900 declined'])
  expect(collectionOf(end, 1)).toMatchObject({ state: 'suspended', failedAt: at('2026-07-01T10:00:00Z') })
})

test('tells each step of it, in this order', () => {
  expect(toldBy(bought(), START, gateway('declined'))).toEqual([
    ...['payment.failed', 'invoice.updated', 'subscription.access_changed'],
  ])
  const failed = declined()
  expect(toldBy(failed, '2026-06-04T10:00:00Z', advance)).toEqual([...['payment.retried', 'invoice.updated']])
})
