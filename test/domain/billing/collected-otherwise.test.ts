import { describe, expect, test } from 'vitest'
import type { AccountPatch } from '../../../src/accounts/domain/create.ts'
import { at } from '../../support/given.ts'
import {
  accessIn,
  attachesCard,
  card,
  collectionOf,
  contests,
  declining,
  holds,
  livesOn,
  noticesOf,
  overdueOf,
  pays,
  records,
  releases,
  removesCard,
  tries,
  withCards,
} from './collecting.ts'
import { type Asked, type History, lived } from './history.ts'
import { final, gateway, owed, subscribes, writes } from './words.ts'

const START = '2026-06-01T10:00:00Z'
const patch = (about: AccountPatch): Asked => ({ type: 'update_account', patch: about })
const toAutomatic = patch({ collection: 'automatic' })
const toInvoice = patch({ collection: 'invoice' })
const bought = (from = withCards(1)) => lived(from, [START, subscribes({ interval: 'year' })])
/** With a card, and 30 days from 1 June. */
const onTerms = () => bought(withCards(1, {}, { collection: 'invoice', paymentTermsDays: 30 }))
const paying = () => gateway('succeeded')
const soft = gateway('declined', 'insufficient_funds')
const onPage = pays(null, { reason: 'customer', returnUrl: 'https://shop.example/pay' })

describe('FR-062 what is promised to be charged when it is due is charged then', () => {
  const between: Readonly<Record<string, readonly (readonly [string, Asked])[]>> = {
    'after a part was paid': [
      ['2026-06-02', toAutomatic],
      ['2026-06-03', pays(20_000n)],
      ['2026-06-03', gateway('succeeded')],
    ],
    'where a part was under way': [
      ['2026-06-02', pays(20_000n)],
      ['2026-06-02', gateway('processing')],
      ['2026-06-03', toAutomatic],
      ['2026-06-04', gateway('succeeded')],
    ],
    'after the customer went to the bank and did not come back': [
      ['2026-06-02', toAutomatic],
      ['2026-06-03', onPage],
      ['2026-06-03', gateway('authenticating')],
      ['2026-06-04', gateway('canceled')],
    ],
    'where what was under way was given up': [
      ['2026-06-02', pays()],
      ['2026-06-02', gateway('processing')],
      ['2026-06-03', toAutomatic],
      ['2026-06-04', gateway('canceled')],
    ],
    'after a hold': [
      ['2026-06-10', holds],
      ['2026-06-11', toAutomatic],
      ['2026-07-20', releases],
    ],
  }

  test.each(Object.keys(between))('%s', (way) => {
    const end = livesOn(lived(onTerms(), ...(between[way] ?? [])), '2026-09-01', paying)
    expect([owed(end), overdueOf(end), accessIn(end)]).toEqual([0n, 'current/none', ['granted']])
    expect(tries(end).at(-1)).toContain('retry')
  })
})

describe('FR-084 nobody is blocked before what they owe is due', () => {
  const before: Readonly<Record<string, History>> = {
    'a new card failed at once': lived(onTerms(), ['2026-06-02', toAutomatic], ['2026-06-02', attachesCard(2)]),
    'the customer tried early': lived(
      onTerms(),
      ['2026-06-02', toAutomatic],
      ['2026-06-03', onPage],
      ['2026-06-03', soft],
    ),
  }

  test.each(Object.keys(before))('where %s', (way) => {
    const early = livesOn(before[way] as History, '2026-06-30', declining())
    expect([overdueOf(early), noticesOf(early, 'access_blocked')]).toEqual(['current/none', []])
    const late = livesOn(early, '2026-07-20', declining())
    expect(overdueOf(late)).toBe('blocked/blocked')
  })
})

test('FR-060 an early try of the customer is no beginning of the retries', () => {
  const tried = lived(onTerms(), ['2026-06-02', toAutomatic], ['2026-06-03', onPage], ['2026-06-03', soft])
  expect(collectionOf(tried)).toMatchObject({ state: 'retrying', failedAt: null, nextAttemptAt: final(tried).dueAt })
})

describe('FR-090 what the bank took back is never charged by itself again', () => {
  const amount = 99_900n
  const lost = (...before: readonly (readonly [string, Asked])[]) =>
    lived(
      withCards(2),
      ...([
        [START, subscribes({ interval: 'year' })],
        [START, gateway('succeeded')],
      ] as const),
      ...([['2026-06-20', contests('open', { amount })], ...before] as const),
      ['2026-07-10', contests('lost', { amount })],
    )

  test.each([
    ['a hold that ends', lived(lost(), ['2026-07-11', holds], ['2026-07-12', releases])],
    ['a hold that began before', lived(lost(['2026-06-21', holds]), ['2026-07-12', releases])],
    ['a default that is removed', lived(lost(), ['2026-07-11', removesCard(1)])],
    ['a switch of how it is collected', lived(lost(), ['2026-07-11', toInvoice], ['2026-07-12', toAutomatic])],
  ])('not by %s', (_, history) => {
    expect(tries(livesOn(history, '2026-07-20', paying))).toEqual(['0 first 99900 succeeded'])
  })
})

describe('FR-060 switching is no way around the schedule', () => {
  test('eight times in a minute', () => {
    const failed = lived(bought(), [START, soft])
    const there = Array.from({ length: 8 }, (_, n) => [
      [`2026-06-02T12:0${n}:00Z`, toInvoice] as const,
      [`2026-06-02T12:0${n}:30Z`, toAutomatic] as const,
    ]).flat()
    const end = livesOn(lived(failed, ...there), '2026-06-30', declining())
    expect(tries(end)).toHaveLength(5)
    expect([...end.attempts.values()].map(({ dueAt }) => new Date(dueAt).toISOString().slice(8, 10))).toEqual(
      ['01', '04', '06', '08', '11'], // days 3, 5, 7 and 10 after the first
    )
  })

  test('where every retry was made, or the bank asks for the customer', () => {
    const switched = [
      ['2026-06-20', toInvoice],
      ['2026-06-21', toAutomatic],
    ] as const
    expect(tries(lived(livesOn(bought(), '2026-06-20', declining()), ...switched))).toHaveLength(5)
    const asked = lived(bought(), [START, gateway('authentication_required')], ...switched)
    expect([tries(asked).length, collectionOf(asked).state]).toEqual([1, 'suspended'])
  })

  test('of more invoices than a card may be tried for, the rest waits until it may be again', () => {
    const hourly = Array.from({ length: 18 }, () => ['2026-06-01', writes([['1', '5000']])] as const)
    const start = lived(withCards(1, {}, { collection: 'invoice', paymentTermsDays: 0 }), ...hourly)
    const switched = lived(start, ['2026-06-03', toAutomatic])
    expect(tries(switched)).toHaveLength(15)
    expect(collectionOf(switched, 17)).toMatchObject({ state: 'retrying', nextAttemptAt: at('2026-07-03') })
    expect(owed(livesOn(switched, '2026-07-03', paying))).toBe(0n)
  })

  test('of more invoices than a new card may be tried for, the rest waits too', () => {
    const hourly = Array.from({ length: 17 }, () => ['2026-06-01', writes([['1', '5000']])] as const)
    const attached = lived(withCards(0), ...hourly, ['2026-06-03', attachesCard(1)])
    expect(tries(attached)).toHaveLength(15)
    expect(collectionOf(attached, 16)).toMatchObject({ state: 'retrying', nextAttemptAt: at('2026-07-03') })
    expect(owed(livesOn(attached, '2026-07-03', paying))).toBe(0n)
  })

  test('a card that was tried too often is tried again when it may be', () => {
    const often = Array.from({ length: 14 }, () => [['2026-06-02', pays()] as const, ['2026-06-02', soft] as const])
    const tired = lived(bought(), [START, soft], ...often.flat())
    const end = livesOn(tired, '2026-07-13', paying)
    expect([tries(end).length, owed(end)]).toEqual([16, 0n])
  })

  test('who has no card is told once, of all that is owed', () => {
    const start = livesOn(lived(withCards(0, {}, { collection: 'invoice' }), [START, subscribes()]), '2026-08-05')
    const told = lived(start, ['2026-08-05', toAutomatic]).notices.slice(start.notices.length)
    expect(told.map(({ kind }) => kind)).toEqual(['payment_method_missing'])
    expect(told[0]?.facts.invoices).toHaveLength(3)
  })

  test('what fails after the switch has failed', () => {
    const failed = lived(
      bought(withCards(2)),
      [START, gateway('processing')],
      ['2026-06-01T11:00:00Z', toInvoice],
      ['2026-06-02', soft],
    )
    expect([accessIn(failed), noticesOf(failed)]).toEqual([['grace'], ['2026-06-02 payment_failed']])
    expect(tries(failed)).toEqual(['0 first 99900 declined'])
    const back = livesOn(lived(failed, ['2026-06-03', toAutomatic]), '2026-06-30', paying)
    expect(owed(back)).toBe(0n)
  })
})

describe('FR-088 during a hold', () => {
  test('no other card is charged after a decline', () => {
    const held = lived(
      bought(withCards(2)),
      [START, gateway('processing')],
      ['2026-06-02', holds],
      ['2026-06-03', soft],
    )
    expect(tries(held)).toHaveLength(1)
    expect(owed(livesOn(lived(held, ['2026-06-04', releases]), '2026-06-30', paying))).toBe(0n)
  })

  test('a new default waits, and is tried as it ends', () => {
    const given = lived(bought(), [START, soft], ['2026-06-03', holds], ['2026-06-11', attachesCard(2)])
    expect(tries(given)).toHaveLength(1)
    expect(tries(lived(given, ['2026-06-12', releases]))).toEqual(['0 first 99900 declined', '0 new_method 99900 open'])
  })
})

describe('FR-087 what blocked the account is paid', () => {
  test('it is CURRENT at once, though a debit of today is still at the bank', () => {
    const start = livesOn(bought(), '2026-06-20', declining())
    const under = lived(start, ['2026-06-20', writes([['1', '5000']])], ['2026-06-20', gateway('processing')])
    expect(overdueOf(under)).toBe('blocked/blocked')
    const paid = lived(under, ['2026-06-20T01:00:00Z', records()])
    expect([overdueOf(paid), accessIn(paid)]).toEqual(['current/none', ['granted']])
  })

  test('what was tried once meanwhile is tried again as its schedule says', () => {
    const blocked = livesOn(lived(withCards(1), [START, subscribes()]), '2026-07-02T12:00:00Z', declining())
    expect([overdueOf(blocked), collectionOf(blocked, 1).state]).toEqual(['blocked/blocked', 'suspended'])
    const paid = lived(blocked, ['2026-07-02T12:00:00Z', records()])
    expect([overdueOf(paid), collectionOf(paid, 1).state]).toEqual(['current/past_due', 'retrying'])
    expect(owed(livesOn(paid, '2026-07-30', paying))).toBe(0n)
  })
})

test('FR-065 the first notice of a failure says when access will end', () => {
  const { notices } = livesOn(bought(), '2026-06-30', declining())
  const first = (kind: string) => notices.find((notice) => notice.kind === kind)
  expect(first('payment_failed')?.facts.blockedAt).toBe(first('access_blocked')?.createdAt)
})

test('FR-062 the card that the bank renewed is tried, also where every retry was made', () => {
  const exhausted = livesOn(bought(), '2026-06-20', declining())
  const { brand, last4, expiryMonth } = card(1)
  const renewed: Asked = {
    ...{ type: 'update_method', methodId: card(1).id, facts: { brand, last4, expiryMonth, expiryYear: 2040 } },
  }
  expect(owed(livesOn(lived(exhausted, ['2026-06-21', renewed]), '2026-06-22', paying))).toBe(0n)
})
