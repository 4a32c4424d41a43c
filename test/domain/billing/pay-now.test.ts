import { describe, expect, test } from 'vitest'
import { MAX_CREDIT } from '../../../src/credits/domain/credit.ts'
import { at, price } from '../../support/given.ts'
import { givenOffer } from '../../support/given-selling.ts'
import {
  accessIn,
  attachesCard,
  card,
  choosesCard,
  collectionOf,
  declining,
  livesOn,
  noticesOf,
  onTerms,
  overdueOf,
  pays,
  records,
  removesCard,
  retries,
  toldBy,
  tries,
  withCards,
} from './collecting.ts'
import { type Asked, type History, lived, refusal } from './history.ts'
import {
  advance,
  applies,
  balances,
  changes,
  creditLeft,
  credits,
  documents,
  final,
  gateway,
  grants,
  owed,
  subscribes,
  voids,
  writesOff,
} from './words.ts'

const START = '2026-06-01T10:00:00Z'
const LATER = '2026-06-02T10:00:00Z'
/** One invoice of 99900, and no other for a year. */
const owing = (from = onTerms()) => lived(from, [START, subscribes({ interval: 'year' })])
const declined = (from = withCards(1)) => lived(owing(from), [START, gateway('declined')])
const paysOn = (history: History, ...deeds: readonly Asked[]) =>
  lived(history, ...deeds.map((asked) => [LATER, asked] as const))

function switchedToTerms({ snapshot, ...history }: History): History {
  return { ...history, snapshot: { ...snapshot, account: { ...snapshot.account, collection: 'invoice' } } }
}

describe('FR-066 somebody pays now', () => {
  test('all that is owed, with the default method, whoever collects', () => {
    const terms = owing(withCards(1, {}, { collection: 'invoice' }))
    expect(tries(terms)).toEqual([])
    const paid = paysOn(terms, pays(), gateway('succeeded'))
    expect([tries(paid), final(paid).status]).toEqual([['0 request 99900 succeeded'], 'paid'])
    expect(noticesOf(paid)).toEqual(['2026-06-02 payment_receipt'])
  })

  test('with another method of the account, from our page or by the API', () => {
    const returnUrl = 'https://app.example/back'
    const begun = paysOn(
      declined(withCards(2, retries({ fallbacks: false }))),
      pays(null, { methodId: card(2).id, reason: 'customer', returnUrl }),
    )
    expect([...begun.attempts.values()].at(-1)).toMatchObject({
      ...{ reason: 'customer', returnUrl, paymentMethodId: card(2).id, dueAt: at(LATER) },
    })
    expect(begun.payments.size).toBe(1)
    expect(collectionOf(begun)).toMatchObject({ state: 'idle', nextAttemptAt: null, failedAt: at(START) })
  })

  test('and is declined: the schedule goes on, and who saw it is not told again', () => {
    const seen = paysOn(declined(), pays(null, { reason: 'customer' }), gateway('declined'))
    expect(collectionOf(seen)).toMatchObject({ state: 'retrying', nextAttemptAt: at('2026-06-04T10:00:00Z') })
    expect(noticesOf(seen)).toHaveLength(1)
    const asked = paysOn(declined(), pays(), gateway('declined'))
    expect(noticesOf(asked)).toEqual(['2026-06-01 payment_failed', '2026-06-02 payment_failed'])
  })

  test('what is owed on terms is not retried, whatever fails', () => {
    const failed = paysOn(owing(withCards(2, {}, { collection: 'invoice' })), pays(), gateway('declined'))
    expect([collectionOf(failed).failedAt, tries(livesOn(failed, '2026-07-30'))]).toEqual([
      null,
      ['0 request 99900 declined'],
    ])
    const later = lived(switchedToTerms(declined()), ['2026-06-04T10:00:00Z', advance])
    expect([tries(later).length, collectionOf(later).nextAttemptAt]).toEqual([1, null])
  })

  test.each<readonly [string, History, Asked, string]>([
    ['without a method', owing(), pays(), 'payment_method_missing'],
    ['with a method that is not the account’s', declined(), pays(null, { methodId: card(7).id }), 'not_found'],
    [
      'with one that was removed',
      paysOn(declined(withCards(2)), gateway('declined'), removesCard(2)),
      pays(null, { methodId: card(2).id }),
      'not_found',
    ],
    ['more than is owed', declined(), pays(99_901n), 'payment_too_large'],
    ['less than a gateway charges', declined(), pays(49n), 'payment_too_small'],
    ['what is paid', paysOn(owing(), records()), pays(), 'invoice_not_open'],
    ['what is void', paysOn(owing(), voids(0, false)), records(), 'invoice_not_open'],
  ])('%s: it is refused', (_, history, asked, code) => {
    expect(refusal(history, LATER, asked)).toMatchObject({ code, hint: expect.stringMatching(/./) })
  })
})

describe('FR-070 a part', () => {
  const part = () => paysOn(declined(), pays(40_000n), gateway('succeeded'))

  test('is a payable of its own, and the rest is the next', () => {
    const paid = part()
    expect([owed(paid), final(paid).status]).toEqual([59_900n, 'open'])
    const rest = paysOn(paid, pays(), gateway('succeeded'))
    expect([...rest.payments.values()].map(({ amount, status }) => [amount, status])).toEqual([
      [40_000n, 'succeeded'],
      [59_900n, 'succeeded'],
    ])
    expect([final(rest).status, balances(rest)]).toEqual(['paid', { cash: 99_900n, revenue: -99_900n }])
  })

  test('asked for with the payment that is there, as long as that is not paid', () => {
    const begun = paysOn(declined(), pays(40_000n))
    expect([...begun.payments.values()]).toMatchObject([{ amount: 40_000n, status: 'pending' }])
    const whole = paysOn(begun, gateway('declined'), pays())
    expect([...whole.payments.values()]).toMatchObject([{ amount: 99_900n, status: 'pending' }])
  })

  test('leaves the rest where the schedule stands', () => {
    expect(collectionOf(part())).toMatchObject({ state: 'retrying', nextAttemptAt: at('2026-06-04T10:00:00Z') })
    const end = livesOn(part(), '2026-06-12', declining())
    expect(tries(end).slice(2)).toEqual(Array.from({ length: 4 }, () => '0 retry 59900 declined'))
    expect([overdueOf(end), accessIn(end)]).toEqual(['blocked/blocked', ['blocked']])
    const still = lived(end, ['2026-06-13', pays(10_000n)], ['2026-06-13', gateway('succeeded')])
    expect([overdueOf(still), collectionOf(still).state]).toEqual(['blocked/blocked', 'exhausted'])
  })

  test('too small to be charged alone is let go', () => {
    const rest = paysOn(declined(), pays(99_860n), gateway('succeeded'))
    expect(final(rest)).toMatchObject({ status: 'paid', settlement: { paid: 99_860n, writtenOff: 40n } })
    expect(balances(rest)).toEqual({ cash: 99_860n, rounding: 40n, revenue: -99_900n })
    expect(accessIn(rest)).toEqual(['granted'])
  })
})

describe('FR-068 a payment by hand', () => {
  test('pays without any gateway', () => {
    const paid = paysOn(owing(), records())
    expect([...paid.payments.values()]).toMatchObject([
      {
        ...{ status: 'succeeded', amount: 99_900n, manual: { kind: 'bank_transfer', reference: 'RF18' } },
        ...{ paymentMethodId: null, gatewayAccountId: null, gatewayPayment: null, outcome: null },
      },
    ])
    expect([final(paid).status, tries(paid), balances(paid)]).toEqual([
      'paid',
      [],
      { cash: 99_900n, revenue: -99_900n },
    ])
    expect(toldBy(owing(), LATER, records())).toEqual(['payment.succeeded', 'invoice.paid'])
  })

  test('of a part leaves the rest open, and what is scheduled as it was', () => {
    const part = paysOn(declined(), records(40_000n))
    expect([owed(part), collectionOf(part).nextAttemptAt]).toEqual([59_900n, at('2026-06-04T10:00:00Z')])
    expect(tries(lived(part, ['2026-06-04T10:00:00Z', advance])).at(-1)).toBe('0 retry 59900 open')
  })

  test('FR-067 beyond what is owed is credit', () => {
    const over = paysOn(owing(), records(120_000n))
    expect([final(over).settlement.paid, creditLeft(over)]).toEqual([99_900n, 20_100n])
    expect([...over.credits.values()]).toMatchObject([
      { source: 'overpayment', sourceId: [...over.payments.keys()][0] },
    ])
    expect(balances(over)).toEqual({ cash: 120_000n, credit: -20_100n, revenue: -99_900n })
    expect(toldBy(owing(), LATER, records(120_000n))).toEqual(['payment.succeeded', 'credit.granted', 'invoice.paid'])
  })

  test('beyond what an account may have to its credit is refused', () => {
    const most = 99_900n + MAX_CREDIT
    expect(creditLeft(paysOn(owing(), records(most)))).toBe(MAX_CREDIT)
    expect(refusal(owing(), LATER, records(most + 1n))).toMatchObject({ code: 'credit_too_large' })
    expect(refusal(paysOn(owing(), grants(1n)), LATER, records(most))).toMatchObject({ code: 'credit_too_large' })
  })

  test('settles what waited for the customer: that payment waits no more', () => {
    const asked = lived(owing(withCards(1)), [START, gateway('authentication_required')])
    const paid = paysOn(asked, records())
    expect([...paid.payments.values()].map(({ status, outcome }) => [status, outcome])).toEqual([
      ['failed', 'canceled'],
      ['succeeded', null],
    ])
  })
})

describe('FR-067 money that comes late', () => {
  test('for what was settled otherwise is credit', () => {
    const asked = lived(owing(withCards(1)), [START, gateway('authentication_required')])
    const late = paysOn(asked, records(), (history) => ({
      type: 'record_outcomes',
      news: [...history.payments.values()]
        .filter(({ manual }) => manual === null)
        .map(({ id }) => ({ paymentId: id, attemptId: null, outcome: { kind: 'succeeded' } })),
    }))
    expect([creditLeft(late), final(late).settlement.paid]).toEqual([99_900n, 99_900n])
    expect(balances(late)).toEqual({ cash: 199_800n, credit: -99_900n, revenue: -99_900n })
  })
})

describe('FR-062 while a try is under way', () => {
  const underWay = (said: 'none' | 'unknown' | 'processing' | 'authenticating' = 'none') => {
    const begun = lived(owing(withCards(2)), [START, grants(1000n)])
    return said === 'none' ? begun : lived(begun, [START, gateway(said)])
  }

  test.each<readonly [string, Asked]>([
    ['a void', voids()],
    ['a credit note', credits(0)],
    ['credit', applies(null)],
    ['giving it up', writesOff()],
    ['a payment by hand', records()],
    ['another try', pays()],
    ['removing its method', removesCard(1)],
  ])('%s is refused, whatever is known of it', (_, asked) => {
    for (const said of ['none', 'unknown', 'processing', 'authenticating'] as const)
      expect(refusal(underWay(said), LATER, asked), said).toMatchObject({ code: 'payment_under_way' })
  })

  test('a change’s surplus leaves its balance alone, and a new default does not try it twice', () => {
    const cheaper = lived(underWay('unknown'), [
      '2026-06-16',
      changes({ quantity: 1, interval: { unit: 'month', count: 1 }, invoicing: 'now' }),
    ])
    expect([owed(cheaper) >= 99_900n, cheaper.creditNotes.size]).toEqual([true, 0])
    expect(tries(lived(underWay(), [LATER, choosesCard(2)]))).toHaveLength(1)
    expect(tries(lived(underWay(), [LATER, attachesCard(3)]))).toHaveLength(1)
  })

  test('all of it is possible again once the customer has to act', () => {
    const waiting = lived(underWay(), [START, gateway('authentication_required')])
    expect(owed(paysOn(waiting, applies(null)))).toBe(98_900n)
    expect(tries(paysOn(waiting, pays())).at(-1)).toBe('0 request 99900 open')
  })
})

describe('FR-105 what is less than the gateway charges', () => {
  const small = givenOffer(40, 'small', [price('49')])
  const sold = (from: History) => lived(from, [START, subscribes({ planCode: 'small' })])
  const cheap = (about: Parameters<typeof withCards>[1] = {}) => ({ ...withCards(1, about), plans: [small] })

  test('is let go as it is finalised', () => {
    const gone = sold(cheap())
    expect(final(gone)).toMatchObject({ status: 'paid', settlement: { paid: 0n, writtenOff: 49n } })
    expect([tries(gone), balances(gone), noticesOf(gone)]).toEqual([[], { rounding: 49n, revenue: -49n }, []])
  })

  test('is left open where the organization says so, neither attempted nor overdue', () => {
    const left = livesOn(sold(cheap(retries({ smallBalances: 'hold' }))), '2026-06-30')
    expect([documents(left), tries(left), overdueOf(left), accessIn(left)]).toEqual([
      ...[['open subscription: +49'], [], 'current/none'],
      ['granted'],
    ])
    expect(noticesOf(lived(left, ['2026-06-30', attachesCard(2)]))).toEqual([])
  })

  test('is not retried where a part left it so', () => {
    const held = declined(withCards(1, retries({ smallBalances: 'hold' })))
    const rest = paysOn(held, records(99_870n))
    expect([owed(rest), accessIn(rest), overdueOf(livesOn(rest, '2026-06-30'))]).toEqual([
      ...[30n, ['granted']],
      'current/none',
    ])
    expect(tries(livesOn(rest, '2026-06-30'))).toHaveLength(1)
  })

  test('is owed on terms like anything else', () => {
    const terms = sold({ ...onTerms(), plans: [small] })
    expect([documents(terms), overdueOf(livesOn(terms, '2026-07-10'))]).toEqual([
      ['open subscription: +49'],
      'warning/warning',
    ])
  })
})
