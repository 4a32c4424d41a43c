import { describe, expect, test } from 'vitest'
import { at } from '../../support/given.ts'
import {
  accessIn,
  attachesCard,
  card,
  choosesCard,
  collectionOf,
  contests,
  livesOn,
  noticesOf,
  overdueOf,
  pays,
  records,
  toldBy,
  tries,
  withCards,
} from './collecting.ts'
import { type Asked, type History, lived } from './history.ts'
import {
  applies,
  balances,
  credits,
  documents,
  final,
  gateway,
  grants,
  owed,
  subscribes,
  takesNoteBack,
  voids,
} from './words.ts'

const START = '2026-06-01'
const LATER = '2026-06-20'
const paid = () => lived(withCards(2), [START, subscribes({ interval: 'year' })], [START, gateway('succeeded')])
const all = { amount: 99_900n } as const
const disputed = (status: 'inquiry' | 'open' = 'open') => lived(paid(), [LATER, contests(status, all)])
const lost = () => lived(disputed(), ['2026-07-10', contests('lost', all)])
const kept = { cash: 99_900n, revenue: -99_900n }

const on = (history: History, asked: Asked) => lived(history, ['2026-07-12', asked])

describe('FR-088 a bank’s dispute', () => {
  test('withholds the money, and the account is in grace', () => {
    const open = disputed()
    expect(balances(open)).toEqual({ dispute: 99_900n, revenue: -99_900n })
    expect([open.snapshot.account.openDisputes, accessIn(open), overdueOf(open)]).toEqual([
      1,
      ['grace'],
      'current/none',
    ])
    expect([final(open).status, owed(open)]).toEqual(['paid', 0n])
    expect(toldBy(paid(), LATER, contests('open', all))).toEqual([
      ...['dispute.created', 'account.dispute_opened', 'subscription.access_changed'],
    ])
    expect([...open.disputes.values()]).toMatchObject([{ status: 'open', amount: 99_900n, createdAt: at(LATER) }])
  })

  test('that is won gives it back', () => {
    const won = lived(disputed(), ['2026-07-10', contests('won', all)])
    expect([balances(won), accessIn(won), won.snapshot.account.openDisputes]).toEqual([kept, ['granted'], 0])
    expect(toldBy(disputed(), '2026-07-10', contests('won', all))).toEqual([
      ...['dispute.won', 'account.dispute_ended', 'subscription.access_changed'],
    ])
  })

  test('that is lost opens the invoice again, and blocks: nothing of it is charged by itself', () => {
    const open = lost()
    expect([documents(open), owed(open), collectionOf(open).state]).toEqual([
      ...[['open subscription: +99900'], 99_900n, 'exhausted'],
    ])
    expect(balances(open)).toEqual({ receivable: 99_900n, revenue: -99_900n })
    expect([overdueOf(open), accessIn(open), noticesOf(open).at(-1)]).toEqual([
      ...['blocked/blocked', ['blocked'], '2026-07-10 access_blocked'],
    ])
    expect(toldBy(disputed(), '2026-07-10', contests('lost', all))).toEqual([
      ...['dispute.lost', 'account.dispute_ended', 'invoice.reopened', 'account.overdue_changed'],
      'subscription.access_changed',
    ])
    expect(tries(livesOn(open, '2026-08-01'))).toEqual(['0 first 99900 succeeded'])
  })

  test.each<readonly [string, (history: History) => History]>([
    ['by hand', (history) => on(history, records())],
    ['with the card', (history) => on(on(history, pays()), gateway('succeeded'))],
    ['with another card', (history) => on(on(history, choosesCard(2)), gateway('succeeded'))],
  ])('that was lost and is paid %s is over', (_, pay) => {
    const again = pay(lost())
    expect([final(again).status, overdueOf(again), accessIn(again)]).toEqual(['paid', 'current/none', ['granted']])
    expect(balances(again)).toEqual(kept)
    expect(again.payments.size).toBe(2)
  })

  test('that was lost is not charged by itself again, whatever comes: a note that is taken back, a try that fails', () => {
    const note = [credits(0, {}), takesNoteBack] as const
    const again = on(on(lost(), note[0]), note[1])
    expect([tries(again), collectionOf(again).state]).toEqual([['0 first 99900 succeeded'], 'exhausted'])
    const failed = on(on(lost(), pays()), gateway('declined', 'expired_card'))
    const other = on(on(lost(), attachesCard(3)), gateway('declined', 'insufficient_funds'))
    expect(tries(other), 'nor as another card’s fallback').toEqual([
      ...['0 first 99900 succeeded', '0 new_method 99900 declined'],
    ])
    const renewed = on(failed, {
      ...{ type: 'update_method', methodId: card(1).id },
      facts: { brand: 'visa', last4: '0009', expiryMonth: 1, expiryYear: 2031 },
    })
    expect(tries(livesOn(renewed, '2026-09-01'))).toHaveLength(2)
  })

  test('that was lost and is told again changes nothing, whatever the gateway adds to it', () => {
    const again = on(lost(), records())
    const told = contests('lost', { ...all, reason: 'duplicate', evidenceDueAt: at(LATER) })
    expect(toldBy(again, '2026-07-13', told)).toEqual(['dispute.updated'])
    const after = lived(again, ['2026-07-13', told])
    expect([final(after).status, balances(after)]).toEqual(['paid', kept])
    expect(toldBy(after, '2026-07-14', told)).toEqual([])
    expect(toldBy(after, '2026-07-14', contests('open', all))).toEqual([])
  })

  test('of which the bank only asks moves nothing, and may come to nothing', () => {
    const asked = disputed('inquiry')
    expect([balances(asked), accessIn(asked), asked.snapshot.account.openDisputes]).toEqual([kept, ['granted'], 0])
    const closed = lived(asked, ['2026-07-10', contests('closed', all)])
    expect([balances(closed), accessIn(closed)]).toEqual([kept, ['granted']])
    expect(toldBy(asked, '2026-07-10', contests('closed', all))).toEqual(['dispute.closed'])
    const open = lived(asked, ['2026-07-10', contests('open', all)])
    expect(toldBy(asked, '2026-07-10', contests('open', all))[0]).toBe('dispute.updated')
    expect([open.snapshot.account.openDisputes, open.disputes.size]).toEqual([1, 1])
  })

  test('of a part is owed again as far as that, and two are two', () => {
    const part = lived(paid(), [LATER, contests('lost', { amount: 40_000n })])
    expect([owed(part), balances(part)]).toEqual([
      ...[40_000n],
      { cash: 59_900n, receivable: 40_000n, revenue: -99_900n },
    ])
    const second = { gatewayDispute: 'du_2', amount: 10_000n }
    const both = lived(paid(), [LATER, contests('open', { amount: 40_000n })], [LATER, contests('open', second)])
    expect([both.snapshot.account.openDisputes, both.disputes.size]).toEqual([2, 2])
    const one = lived(both, [LATER, contests('won', second)])
    expect([one.snapshot.account.openDisputes, accessIn(one)]).toEqual([1, ['grace']])
    expect(balances(one)).toEqual({ cash: 59_900n, dispute: 40_000n, revenue: -99_900n })
  })

  test('of money that paid no invoice takes back the credit that was given for it', () => {
    const asked = lived(
      withCards(1),
      [START, subscribes({ interval: 'year' })],
      [START, gateway('authentication_required')],
    )
    const late = lived(asked, [START, grants(1000n)], [START, applies(null)], [START, confirmed])
    const over = lived(late, [LATER, contests('lost', all)])
    expect([owed(over), balances(over)]).toMatchObject([98_900n, { receivable: 98_900n }])
    expect(balances(over).bad_debt).toBeUndefined()
    const byHand = lived(withCards(1), [START, subscribes({ interval: 'year' })], [START, gateway('declined')])
    const twice = lived(byHand, [START, records()], [START, confirmed], [LATER, contests('lost', all)])
    expect([final(twice).status, accessIn(twice), balances(twice)]).toEqual(['paid', ['granted'], kept])
    const gone = lived(asked, [START, voids(0, false)], [START, confirmed], [LATER, contests('lost', all)])
    expect([final(gone).status, owed(gone)]).toEqual(['void', 0n])
    expect(balances(gone)).toEqual({})
  })
})

/** The customer has confirmed the first payment on the bank's page. */
const confirmed: Asked = ({ payments }) => ({
  type: 'record_outcomes',
  news: [...payments.values()].map(({ id }) => ({ paymentId: id, attemptId: null, outcome: { kind: 'succeeded' } })),
})

test('FR-090 an inquiry about a part that becomes a dispute of the whole withholds the whole', () => {
  const year = subscribes({ interval: 'year' })
  const paid = lived(withCards(1), ['2026-06-01', year], ['2026-06-01', gateway('succeeded')])
  const asked = lived(paid, ['2026-06-20', contests('inquiry', { amount: 50_000n })])
  expect(balances(asked).dispute).toBeUndefined()
  const open = lived(asked, ['2026-06-22', contests('open', { amount: 99_900n })])
  expect(balances(open)).toEqual({ dispute: 99_900n, revenue: -99_900n })
})
