import { describe, expect, test } from 'vitest'
import type { Id } from '../../../src/kernel/id.ts'
import {
  accessIn,
  attachesCard,
  card,
  choosesCard,
  collectionOf,
  holds,
  livesOn,
  pays,
  releases,
  retries,
  tries,
  withCards,
} from './collecting.ts'
import { type Asked, type History, lived, refusal } from './history.ts'
import { advance, final, gateway, subscribes } from './words.ts'

const START = '2026-06-01T10:00:00Z'
const LATER = '2026-06-02T10:00:00Z'
const single = (about = {}) => withCards(1, retries({ fallbacks: false, ...about }))
const bought = (from = withCards(1)) => lived(from, [START, subscribes({ interval: 'year' })])
const onPage = pays(null, { reason: 'customer', returnUrl: 'https://shop.example/pay' })
const by = (collection: 'automatic' | 'invoice'): Asked => ({ type: 'update_account', patch: { collection } })
const renews = (n: number): Asked => ({
  ...{ type: 'update_method', methodId: card(n).id },
  facts: { brand: 'visa', last4: '0009', expiryMonth: 1, expiryYear: 2031 },
})
const soft = gateway('declined', 'insufficient_funds')
const paying = () => gateway('succeeded')
const on = (history: History, ...deeds: readonly Asked[]) =>
  lived(history, ...deeds.map((asked) => [LATER, asked] as const))

describe('FR-060 a new default that comes while a try is under way is tried when that has ended', () => {
  const atBank = (history: History, ends: Asked) =>
    on(history, onPage, gateway('authenticating'), attachesCard(2), ends)

  test.each<readonly [string, () => History]>([
    [
      'the customer left their bank’s page for another card',
      () => atBank(lived(bought(), [START, gateway('authentication_required')]), gateway('canceled')),
    ],
    [
      'after the last retry',
      () => {
        const exhausted = livesOn(bought(), '2026-06-12', () => gateway('declined'))
        const asked = ['2026-06-12T10:00:00Z', onPage] as const
        const left = [gateway('authenticating'), attachesCard(2), gateway('canceled')]
        return lived(exhausted, asked, ...left.map((deed) => ['2026-06-12T11:00:00Z', deed] as const))
      },
    ],
    [
      'the bank said no',
      () => atBank(lived(bought(), [START, gateway('declined', 'lost_card')]), gateway('declined', 'do_not_honor')),
    ],
    [
      'the first try got no answer, and then the bank asks',
      () => on(bought(), gateway('unknown'), attachesCard(2), gateway('authentication_required')),
    ],
  ])('%s', (_, begins) => {
    const over = begins()
    expect(tries(over).at(-1)).toBe('0 new_method 99900 open')
    const end = lived(over, ['2026-06-12T12:00:00Z', paying()])
    expect([final(end).status, accessIn(end)]).toEqual(['paid', ['granted']])
    const failed = lived(over, ['2026-06-12T12:00:00Z', soft])
    expect(
      tries(failed).filter((one) => one.startsWith('0 new_method')),
      'once',
    ).toHaveLength(1)
  })

  test('not by invoice, and after a hold only', () => {
    const open = lived(bought(), [START, gateway('unknown')])
    const held = on(open, attachesCard(2), holds, soft)
    expect(tries(held)).toHaveLength(1)
    expect(tries(on(held, releases)).at(-1)).toBe('0 new_method 99900 open')
    expect(tries(on(open, attachesCard(2), by('invoice'), soft))).toHaveLength(1)
  })
})

test('FR-057 a try on the page that is given up leaves what was to be charged at its time', () => {
  const terms = lived(withCards(1, {}, { collection: 'invoice', paymentTermsDays: 1 }), [
    START,
    subscribes({ interval: 'year' }),
  ])
  const switched = lived(terms, ['2026-06-01T12:00:00Z', by('automatic')])
  const before = new Date(final(switched).dueAt - 600_000).toISOString()
  const after = new Date(final(switched).dueAt + 3_000_000).toISOString()
  const left = lived(switched, [before, onPage], [before, gateway('authenticating')], [after, gateway('canceled')])
  expect(final(livesOn(left, '2026-06-10', paying)).status).toBe('paid')
})

describe('FR-060 a card that its bank renews', () => {
  const declined = (code: string, from = single()) => lived(bought(from), [START, gateway('declined', code)])

  test('is another card from then on, also on a clock that stands still', () => {
    const renewed = lived(declined('expired_card'), [START, renews(1)])
    expect(tries(renewed)).toHaveLength(2)
    const again = lived(renewed, [START, gateway('declined', 'expired_card')], [START, holds], [START, releases])
    expect([tries(again).length, collectionOf(again).state]).toEqual([2, 'suspended'])
  })

  test('also where a run decides as of the minute before', () => {
    const paid = lived(single(), [START, subscribes()], [START, gateway('succeeded')])
    const renewed = lived(paid, ['2026-07-01T10:00:30Z', renews(1)], ['2026-07-01T10:00:00Z', advance])
    const lost = lived(renewed, ['2026-07-01T10:00:40Z', gateway('declined', 'lost_card')])
    expect([tries(lost).length, collectionOf(lost, 1).state]).toEqual([2, 'suspended'])
  })

  test('while it is tried is tried again, as the card it is now', () => {
    const open = lived(bought(single()), [LATER, renews(1)], [LATER, gateway('declined', 'expired_card')])
    expect(tries(open)).toEqual(['0 first 99900 declined', '0 new_method 99900 open'])
    const last = livesOn(declined('insufficient_funds', single({ days: [3] })), '2026-06-04T10:00:00Z')
    const over = lived(last, ['2026-06-05', renews(1)], ['2026-06-05', gateway('declined', 'expired_card')])
    expect(tries(over).at(-1)).toBe('0 new_method 99900 open')
  })

  test('is no way around the schedule', () => {
    const waiting = on(declined('insufficient_funds'), renews(1))
    expect(tries(waiting)).toHaveLength(1)
    expect(tries(on(waiting, holds, releases))).toHaveLength(1)
    expect(tries(on(waiting, by('invoice'), by('automatic')))).toHaveLength(1)
  })
})

test('FR-060 a default that was tried too often does not have another card charged before its day', () => {
  const start = lived(bought(withCards(2, retries({ fallbacks: true }))), [START, soft], [START, soft])
  const often = Array.from({ length: 14 }, () => [pays(null, { methodId: card(2).id }), soft]).flat()
  const tired = on(start, ...often)
  expect(collectionOf(tired).state).toBe('retrying')
  expect(tries(on(tired, choosesCard(2)))).toHaveLength(tries(tired).length)
})

describe('FR-059 who chooses another card at the bank of the first', () => {
  const by = ({ attempts }: History) =>
    [...attempts.values()].map(
      ({ paymentMethodId, reason, outcome }) =>
        `${[1, 2, 3].find((n) => card(n).id === paymentMethodId)} ${reason} ${outcome ?? 'open'}`,
    )
  const replacing =
    (n: number): Asked =>
    ({ payments, invoices }) => ({
      ...{ type: 'pay_invoice', id: [...invoices.keys()][0] as Id<'invoice'>, amount: null, methodId: card(n).id },
      ...{ reason: 'customer', returnUrl: 'https://shop.example/pay' },
      insteadOf: [...payments.keys()].at(-1) as Id<'payment'>,
    })
  const atBank = () =>
    on(
      lived(bought(withCards(3)), [START, gateway('authentication_required')]),
      onPage,
      gateway('authenticating'),
      choosesCard(2),
    )

  test.each([2, 3])('is charged by that one, and by no other: %i', (chosen) => {
    const paid = on(atBank(), replacing(chosen))
    expect(by(paid).slice(1)).toEqual(['1 customer canceled', `${chosen} customer open`])
    expect([...paid.payments.values()].map(({ status }) => status)).toEqual(['failed', 'pending'])
  })

  test('keeps that try where the other cannot be charged', () => {
    expect(refusal(atBank(), LATER, replacing(9))).toMatchObject({ code: 'not_found' })
  })
})

test('FR-070 a default that paid a part has been tried: another card that fails does not bring it back', () => {
  const part = on(
    lived(bought(withCards(2, retries({ fallbacks: false }))), [START, soft]),
    pays(50_000n),
    gateway('succeeded'),
  )
  const other = on(part, pays(null, { methodId: card(2).id, reason: 'customer', returnUrl: null }), soft)
  expect(tries(other).at(-1)).toMatch(/customer \d+ declined$/)
})
