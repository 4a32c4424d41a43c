import { describe, expect, test } from 'vitest'
import { encodeId } from '../../../src/kernel/id.ts'
import type { GatewayEntry } from '../../../src/payments/domain/gateway-entry.ts'
import type { OurPayment } from '../../../src/reconciliation/domain/books.ts'
import { charge, compared, entry, ourPayment, payment, told } from './given.ts'

const pay = encodeId('payment', payment(1))
const processing = charge(1, { id: 'txn_debit', state: 'pending' })
const bounced = charge(1, { id: 'txn_debit', state: 'failed' })
const reversal = entry('charge_failure', 1, { id: 'txn_reversal', at: charge(2).at, amount: -4900n })
/** The same payment, paid by card afterwards. */
const card = charge(1, { id: 'txn_card', at: charge(3).at })

/** How it is compared with our payment, and how that is matched then. */
function judged(entries: readonly GatewayEntry[], about: Partial<OurPayment> = {}) {
  const found = compared(entries, { payments: [ourPayment(1, about)] })
  return {
    ...found,
    told: told(found),
    matches: found.matches.map(({ before, balanceTransaction }) => [before, balanceTransaction]),
  }
}

describe('FR-071 a debit on its way', () => {
  test.each(['pending', 'failed'] as const)('that is %s here moves nothing yet', (status) => {
    expect(judged([processing], { status })).toMatchObject({ told: [], agreed: 1, matches: [[null, 'txn_debit']] })
  })

  test('has not succeeded', () => {
    expect(judged([processing]).findings).toMatchObject([
      { kind: 'missing_there', gatewayObject: 'pi_1', object: pay, expected: 4900n, actual: null },
    ])
  })

  test('and a card charge are the money twice', () => {
    expect(judged([processing, card], { status: 'pending' }).told).toEqual([['unknown_here', 'txn_card', pay]])
    expect(judged([card], { balanceTransaction: 'txn_debit' }).told).toEqual([['unknown_here', 'txn_card', pay]])
  })
})

describe('FR-071 a debit that came back', () => {
  test.each(['pending', 'failed'] as const)('is no money of a payment that is %s here', (status) => {
    expect(judged([bounced, reversal], { status })).toMatchObject({ told: [], agreed: 2, matches: [], inDoubt: [] })
  })

  test('of a payment that succeeded here leaves it in doubt, and missing where there is no other money', () => {
    expect(judged([bounced, reversal])).toMatchObject({ told: [], matches: [], inDoubt: ['pi_1'] })
    const payments = [ourPayment(1)]
    expect(told(compared([bounced, reversal], { payments }, { payments }))).toEqual([['missing_there', 'pi_1', pay]])
  })

  test('is no difference once a card has paid, whichever comes first in the list', () => {
    const all = [bounced, reversal, card]
    for (const entries of [all, all.toReversed()]) {
      expect(judged(entries)).toMatchObject({ told: [], agreed: 3, matches: [[null, 'txn_card']], inDoubt: [] })
    }
    expect(judged(all, { balanceTransaction: 'txn_card' })).toMatchObject({ told: [], agreed: 3, matches: [] })
  })

  test.each([
    ['read together', [bounced, reversal, card]],
    ['where the debit itself is read no more', [reversal, card]],
    ['by its reversal alone', [reversal]],
    ['by how it stands alone', [bounced]],
  ] as const)('gives up the payment that it was matched with: %s', (_, entries) => {
    const now = entries.some(({ id }) => id === card.id) ? 'txn_card' : null
    const status = now === null ? 'failed' : 'succeeded'
    const found = judged(entries, { status, balanceTransaction: 'txn_debit' })
    expect(found).toMatchObject({ told: [], matches: [['txn_debit', now]], inDoubt: [] })
  })

  test('leaves in doubt a payment that was matched with it and succeeded here', () => {
    const found = judged([reversal], { balanceTransaction: 'txn_debit' })
    expect(found).toMatchObject({ told: [], matches: [['txn_debit', null]], inDoubt: ['pi_1'] })
  })

  test('does not excuse two charges that stay', () => {
    const again = charge(1, { id: 'txn_card_again', at: charge(4).at })
    expect(judged([bounced, reversal, card, again]).told).toEqual([['unknown_here', 'txn_card_again', pay]])
    expect(judged([reversal, card, again], { balanceTransaction: 'txn_debit' }).told).toEqual([
      ['unknown_here', 'txn_card_again', pay],
    ])
  })

  test('twice, before a card paid, is no difference', () => {
    const second = charge(1, { id: 'txn_debit_2', state: 'failed', at: charge(2).at, amount: 3900n })
    const back = { ...reversal, id: 'txn_reversal_2', amount: -3900n }
    expect(judged([bounced, reversal, second, back, card])).toMatchObject({ told: [], matches: [[null, 'txn_card']] })
  })

  test('of an earlier try, which asked for more, is not compared with what the payment asks for now', () => {
    const part = charge(1, { id: 'txn_card', at: charge(3).at, amount: 900n })
    expect(judged([bounced, reversal, part], { amount: 900n })).toMatchObject({ told: [], agreed: 3 })
    expect(judged([bounced, reversal, card], { amount: 900n }).told).toEqual([['amount', 'txn_card', pay]])
  })

  test('is no excuse where the card’s money is not here', () => {
    expect(judged([bounced, reversal, card], { status: 'failed' }).told).toEqual([
      ['not_settled_here', 'txn_card', pay],
    ])
  })

  test('and is not ours is told by its charge alone', () => {
    expect(told(compared([bounced, reversal], {}))).toEqual([['unknown_here', 'txn_debit', pay]])
  })
})
