import { describe, expect, test } from 'vitest'
import { at, id } from '../../support/given.ts'
import {
  attachesCard,
  card,
  choosesCard,
  collectionOf,
  eventsBy,
  holds,
  livesOn,
  pays,
  releases,
  removesCard,
  retries,
  toldBy,
  tries,
  withCards,
} from './collecting.ts'
import { type Asked, type History, lived, refusal } from './history.ts'
import { advance, gateway, subscribes } from './words.ts'

const START = '2026-06-01T10:00:00Z'
const LATER = '2026-06-02T10:00:00Z'
const facts = { brand: 'visa', last4: '0009', expiryMonth: 1, expiryYear: 2031 } as const
const renews = (n: number, to: Partial<typeof facts> = facts): Asked => ({
  ...{ type: 'update_method', methodId: card(n).id, facts: { ...facts, ...to } },
})
const by = (collection: 'automatic' | 'invoice'): Asked => ({ type: 'update_account', patch: { collection } })
const declined = (code: string, from = withCards(2, retries({ fallbacks: false }))) =>
  lived(from, [START, subscribes({ interval: 'year' })], [START, gateway('declined', code)])
const on = (history: History, ...deeds: readonly Asked[]) =>
  lived(history, ...deeds.map((asked) => [LATER, asked] as const))
const defaultOf = ({ snapshot }: History) => snapshot.account.defaultPaymentMethodId
const left = ({ methods }: History) =>
  [...methods.values()].filter(({ removedAt }) => removedAt === null).map(({ last4 }) => last4)

describe('FR-003 a method that is attached', () => {
  test('is the default where there is none, or it is wanted', () => {
    const first = on(withCards(0), attachesCard(1, false))
    const [method] = [...first.methods.values()]
    expect([left(first), defaultOf(first)]).toEqual([['0001'], method?.id])
    expect(method).toMatchObject({ version: 1, createdAt: at(LATER), removedAt: null, gatewayMethod: 'pm_1' })
    const second = on(first, attachesCard(2, false))
    expect([left(second), defaultOf(second)]).toEqual([['0001', '0002'], method?.id])
    const third = on(first, attachesCard(2))
    expect(defaultOf(third)).toBe([...third.methods.keys()][1])
    expect(toldBy(first, LATER, attachesCard(2))).toEqual(['account.payment_method_attached'])
  })

  test('FR-011 is shown with the others before and after it', () => {
    const [event] = eventsBy(withCards(1), LATER, attachesCard(2))
    if (event?.subject !== 'account') throw new Error('it is the account’s')
    const shown = (methods: readonly { readonly last4: string | null }[]) => methods.map(({ last4 }) => last4)
    expect([shown(event.methods.before), shown(event.methods.after)]).toEqual([['0001'], ['0002', '0001']])
    expect([event.before?.defaultPaymentMethodId, event.after.defaultPaymentMethodId === card(1).id]).toEqual([
      ...[card(1).id, false],
    ])
  })

  test('twice is one, and may become the default by that', () => {
    const two = withCards(2)
    expect(on(two, attachesCard(2, false)).events).toEqual([])
    const chosen = on(two, attachesCard(2))
    expect([left(chosen), defaultOf(chosen)]).toEqual([['0001', '0002'], card(2).id])
    expect(toldBy(two, LATER, attachesCard(2))).toEqual(['account.default_payment_method_changed'])
  })

  test('and is known, as the gateway says late, changes nothing', () => {
    expect(on(withCards(2), attachesCard(2, 'if_new')).events).toEqual([])
  })

  test('that is not the default charges nothing', () => {
    expect(tries(on(declined('lost_card'), attachesCard(3, false)))).toHaveLength(1)
  })

  test('on terms charges nothing either', () => {
    const terms = lived(withCards(0, {}, { collection: 'invoice' }), [START, subscribes()])
    expect(tries(on(terms, attachesCard(1)))).toEqual([])
  })
})

describe('the default method', () => {
  test('is what is charged from now on', () => {
    const paid = lived(withCards(2), [START, subscribes()], [START, gateway('succeeded')], [LATER, choosesCard(2)])
    const renewed = lived(paid, ['2026-07-01T10:00:00Z', advance])
    expect([...renewed.attempts.values()].at(-1)?.paymentMethodId).toBe(card(2).id)
    expect(on(paid, choosesCard(2)).events).toEqual(paid.events)
  })

  test('is one of the account’s', () => {
    expect(refusal(withCards(1), LATER, choosesCard(4))).toMatchObject({ code: 'not_found' })
  })
})

describe('a card that the bank has renewed', () => {
  test('is tried once for what the old one could not pay', () => {
    const renewed = on(declined('expired_card'), renews(1))
    expect(tries(renewed)).toEqual(['0 first 99900 declined', '0 new_method 99900 open'])
    expect([...renewed.methods.values()][0]).toMatchObject({ ...facts, id: card(1).id, version: 2 })
    const again = on(renewed, gateway('declined', 'expired_card'))
    expect([collectionOf(again).state, tries(on(again, renews(1))).length]).toEqual(['suspended', 2])
  })

  test('leaves to its day what is retried, and others’ cards alone', () => {
    const soft = declined('insufficient_funds')
    expect(tries(on(soft, renews(1)))).toHaveLength(1)
    expect(tries(on(declined('expired_card'), renews(2)))).toHaveLength(1)
    expect(toldBy(withCards(1), LATER, renews(1))).toEqual(['account.payment_method_changed'])
  })

  test.each([
    ['on a hold', holds, releases],
    ['by invoice', by('invoice'), by('automatic')],
  ] as const)('while the account is %s, is tried when that is over, once', (_, begins, ends) => {
    const renewed = on(declined('expired_card'), begins, renews(1))
    expect(tries(renewed)).toHaveLength(1)
    const over = on(renewed, ends)
    expect(tries(over)).toEqual(['0 first 99900 declined', expect.stringMatching(/^0 \w+ 99900 open$/)])
    expect(tries(on(over, gateway('declined', 'expired_card'), begins, ends))).toHaveLength(2)
  })

  test('says nothing where nothing has changed, or nobody knows it', () => {
    const renewed = on(withCards(1), renews(1))
    expect(on(renewed, renews(1)).events).toEqual(renewed.events)
    expect(on(withCards(1), renews(9)).events).toEqual([])
    expect(on(withCards(1), removesCard(1), renews(1)).events).toHaveLength(1)
  })
})

describe('a method that is removed', () => {
  test('is never charged again; the newest of the others takes its place', () => {
    const gone = on(withCards(3), removesCard(1))
    expect([left(gone), defaultOf(gone)]).toEqual([['0002', '0003'], card(3).id])
    expect(defaultOf(on(withCards(2), removesCard(2)))).toBe(card(1).id)
    expect(defaultOf(on(withCards(1), removesCard(1)))).toBeNull()
    expect(toldBy(withCards(1), LATER, removesCard(1))).toEqual(['account.payment_method_removed'])
    expect(on(withCards(1), removesCard(1)).methods.get(card(1).id)).toMatchObject({ removedAt: at(LATER), version: 2 })
  })

  test('leaves what it was tried for to the others, or to the customer', () => {
    const others = on(declined('insufficient_funds'), removesCard(1))
    expect([...others.attempts.values()].at(-1)).toMatchObject({ reason: 'new_method', paymentMethodId: card(2).id })
    const none = livesOn(on(on(others, gateway('declined')), removesCard(2)), '2026-06-05')
    expect([tries(none).length, collectionOf(none).state]).toEqual([2, 'suspended'])
    expect(refusal(none, '2026-06-05', pays())).toMatchObject({ code: 'payment_method_missing' })
  })

  test('is one of the account’s, and is not being charged', () => {
    expect(refusal(withCards(1), LATER, removesCard(4))).toMatchObject({ code: 'not_found' })
    const underWay = lived(withCards(1), [START, subscribes()])
    expect(refusal(underWay, LATER, removesCard(1))).toMatchObject({ code: 'payment_under_way' })
  })
})

test('FR-062 another gateway’s method pays with a payment of its own, and the one that waited waits no more', () => {
  const other = { ...card(9), gatewayAccountId: id('gateway_account', 44), gatewayMethod: 'pm_other' }
  const start = withCards(1)
  const both = { ...start, methods: new Map([...start.methods, [other.id, other]]) }
  const asked = lived(both, [START, subscribes()], [START, gateway('authentication_required')])
  const tried = on(asked, { type: 'set_default_method', methodId: other.id })
  expect([...tried.payments.values()].map(({ status, outcome }) => [status, outcome])).toEqual([
    ['failed', 'canceled'],
    ['pending', null],
  ])
})
