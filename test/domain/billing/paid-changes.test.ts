import { describe, expect, test } from 'vitest'
import type { Id } from '../../../src/kernel/id.ts'
import { givenCustomer, givenRules, offers } from '../../support/given-selling.ts'
import { accessIn, livesOn, noticesOf, tries, withCards } from './collecting.ts'
import { type Asked, beginning, lived, refusal } from './history.ts'
import { advance, changes, creditLeft, documents, final, gateway, grants, subscribes, subscription } from './words.ts'

const START = '2026-06-01'
const LATER = '2026-06-16'
const bought = () => lived(beginning(), [START, subscribes()])
const paid = () => lived(bought(), [START, gateway('succeeded')])
const team = changes({ planCode: 'team', onlyIfPaid: true })
const isMade = { pendingChange: null, planId: offers.team.id }

test('a change if paid that credit pays for is made at once', () => {
  const made = lived(paid(), [START, grants(9000n)], [LATER, team])
  expect(subscription(made)).toMatchObject(isMade)
  expect([documents(made).at(-1), creditLeft(made)]).toEqual(['paid proration: -2450 +4950', 6500n])
})

test('a change if paid is not held up by what else is owed', () => {
  const owing = lived(bought(), [START, gateway('declined')], [START, grants(9000n)])
  expect(subscription(lived(owing, [LATER, team]))).toMatchObject(isMade)
})

test('a change if paid that is left open on terms is refused, and nothing of it is made', () => {
  const onTerms = lived(beginning({ account: givenCustomer({ collection: 'invoice' }) }), [START, subscribes()])
  expect(refusal(onTerms, LATER, team)).toMatchObject({ code: 'payment_method_missing' })
  expect(documents(onTerms)).toEqual(['open subscription: +4900'])
})

test('what the day changed before is charged by itself, and the change does not wait for that', () => {
  const day = lived(paid(), [LATER, changes({ planCode: 'team', quantity: 2 })])
  const made = lived(day, [LATER, changes({ planCode: 'team', quantity: 1, onlyIfPaid: true })])
  expect(documents(made).slice(1)).toEqual(['open proration: -2450 +9900', 'paid proration: -9900 +4950'])
  expect(subscription(made)).toMatchObject({ ...isMade, quantity: 1 })
  const open = [...made.payments.values()].filter(({ status }) => status === 'pending')
  expect(open.map(({ invoiceId }) => invoiceId)).toEqual([final(made, 1).id])
})

test('a change that was not paid says so on its invoice', () => {
  const declined = lived(paid(), [LATER, team], ['2026-06-16T01:00:00Z', gateway('declined')])
  expect(final(declined, 1).voided?.reason).toBe('The change was not paid')
})

test('a change that was paid begins the day anew for what comes after it', () => {
  const made = lived(paid(), [LATER, team], ['2026-06-16T01:00:00Z', gateway('succeeded')])
  const more = lived(made, ['2026-06-16T02:00:00Z', changes({ quantity: 2 })])
  expect(documents(more).slice(1)).toEqual(['paid proration: -2450 +4950', 'draft proration: -4950 +9900'])
  const back = lived(more, ['2026-06-16T03:00:00Z', changes({ quantity: 1 })])
  expect(documents(back).slice(1)).toEqual(['paid proration: -2450 +4950'])
})

test('a change if paid waits for its own invoice, not for the day’s renewals that it credits', () => {
  const start = beginning({ settings: givenRules({ invoicing: { consolidate: true } }) })
  const renewed = lived(start, [START, subscribes()], [START, gateway('succeeded')], ['2026-07-01', advance])
  const asked = lived(renewed, ['2026-07-01', team])
  expect(documents(asked).slice(1)).toEqual(['open renewal: +4900', 'open proration: -4900 +9900'])
  expect(subscription(asked)).toMatchObject({ pendingChange: { invoiceId: final(asked, 2).id } })
  const declined = lived(asked, ['2026-07-01', gateway('declined')])
  expect(documents(declined).slice(1)).toEqual(['open renewal: +4900', 'void proration: -4900 +9900'])
})

describe('a change if paid, with other methods', () => {
  const waiting = () => lived(withCards(2), [START, subscribes()], [START, gateway('succeeded')], [LATER, team])
  const asked = (...says: readonly Asked[]) => lived(waiting(), ...says.map((one) => [LATER, one] as const))

  test('FR-011 waits while they are tried, and is made by the one that pays', () => {
    const tried = asked(gateway('declined'))
    expect([documents(tried).at(-1), subscription(tried)]).toMatchObject([
      ...[
        'open proration: -2450 +4950',
        { planId: offers.starter.id, pendingChange: { invoiceId: final(tried, 1).id } },
      ],
    ])
    expect(tries(tried).slice(1)).toEqual(['1 first 2500 declined', '1 fallback 2500 open'])
    expect(subscription(asked(gateway('declined'), gateway('succeeded')))).toMatchObject(isMade)
  })

  test('is given up with the last of them: nothing is retried, and nobody is told of a failure', () => {
    const failed = asked(gateway('declined'), gateway('declined'))
    expect([documents(failed).at(-1), subscription(failed)]).toMatchObject([
      ...['void proration: -2450 +4950', { planId: offers.starter.id, pendingChange: null }],
    ])
    expect(final(failed, 1).collection).toMatchObject({ state: 'idle', nextAttemptAt: null, failedAt: null })
    expect([noticesOf(failed, 'payment_failed'), accessIn(failed)]).toEqual([[], ['granted']])
    expect(tries(livesOn(failed, '2026-06-30'))).toHaveLength(3)
  })

  test('is given up where the customer would have to confirm it', () => {
    const absent = asked(gateway('authentication_required'))
    expect([documents(absent).at(-1), noticesOf(absent, 'payment_action_required')]).toEqual([
      ...['void proration: -2450 +4950', []],
    ])
    expect([...absent.payments.values()].at(-1)).toMatchObject({ status: 'failed', outcome: 'canceled' })
  })

  test('that the customer confirms all the same is money of theirs', () => {
    const absent = asked(gateway('authentication_required'))
    const news = [...absent.payments.keys()].slice(1).map((paymentId) => ({
      ...{ paymentId: paymentId as Id<'payment'>, attemptId: null, outcome: { kind: 'succeeded' } as const },
    }))
    const late = lived(absent, [LATER, { type: 'record_outcomes', news }])
    expect([creditLeft(late), subscription(late)]).toMatchObject([2500n, { planId: offers.starter.id }])
  })
})
