import { describe, expect, test } from 'vitest'
import { encodeId } from '../../../src/kernel/id.ts'
import type { Refund } from '../../../src/payments/domain/refund.ts'
import { EUR } from '../../support/given.ts'
import {
  charge,
  compared,
  disputed,
  entry,
  ourDispute,
  ourPayment,
  ourRefund,
  payment,
  refund,
  refunded,
  told,
} from './given.ts'

const pay = (n: number) => encodeId('payment', payment(n))
const ref = (n: number) => encodeId('refund', refund(n))
const nothing = { payment: null, refund: null }
const clean = { matches: [], findings: [], inDoubt: [], agreed: 0, notOurs: 0 }

describe('FR-071 a charge at the gateway', () => {
  test('that is as we say agrees, and is matched once', () => {
    const payments = [ourPayment(1)]
    const matches = [{ kind: 'payment', id: payment(1), before: null, balanceTransaction: 'txn_1' }]
    expect(compared([charge(1)], { payments })).toEqual({ ...clean, matches, agreed: 1 })
    const matched = [ourPayment(1, { balanceTransaction: 'txn_1' })]
    expect(compared([charge(1)], { payments: matched })).toEqual({ ...clean, agreed: 1 })
  })

  test('is known by our id in it where its own was not stored yet', () => {
    const payments = [ourPayment(1, { gatewayPayment: null })]
    expect(compared([charge(1)], { payments })).toMatchObject({ findings: [], agreed: 1 })
  })

  test.each([
    ['amount', charge(1, { amount: 4901n }), 4900n, 4901n, 'USD'],
    ['amount', charge(1, { amount: -4900n }), 4900n, -4900n, 'USD'],
    ['currency', charge(1, { currency: EUR }), 4900n, 4900n, 'USD'],
  ] as const)('of another %s differs, and is matched all the same', (kind, given, expected, actual, currency) => {
    const found = compared([given], { payments: [ourPayment(1)] })
    expect(found.findings).toMatchObject([{ kind, gatewayObject: 'txn_1', object: pay(1), expected, actual, currency }])
    expect(found).toMatchObject({ matches: [{ id: payment(1), balanceTransaction: 'txn_1' }], agreed: 0 })
  })

  test.each(['pending', 'failed'] as const)('of a payment that is %s here has the money', (status) => {
    const found = compared([charge(1)], { payments: [ourPayment(1, { status })] })
    expect(found.findings).toMatchObject([
      { kind: 'not_settled_here', gatewayObject: 'txn_1', object: pay(1), expected: 0n, actual: 4900n },
    ])
    expect(found.findings[0]?.detail).toBe(
      `The gateway’s charge of pi_1 moved 4900 USD in minor units (txn_1). Here ${pay(1)} is ${status}.`,
    )
  })

  test('that names a payment which is not here is unknown', () => {
    expect(compared([charge(1)], {}).findings).toMatchObject([
      { kind: 'unknown_here', gatewayObject: 'txn_1', object: pay(1), expected: null, actual: 4900n, currency: 'USD' },
    ])
    expect(compared([charge(1)], {})).toMatchObject({ agreed: 0, notOurs: 0 })
  })

  test.each([true, false])('that names a payment which has another charge is unknown: %s', (isRead) => {
    const copied = charge(2, { ours: { payment: payment(1), refund: null } })
    const found = compared(isRead ? [charge(1), copied] : [copied], { payments: [ourPayment(1)] })
    expect(told(found)).toEqual([['unknown_here', 'txn_2', pay(1)]])
    expect(found.matches).toHaveLength(isRead ? 1 : 0)
  })

  test('that names nothing of ours is somebody else’s business', () => {
    const found = compared([charge(1, { ours: nothing })], { payments: [ourPayment(2)] })
    expect(found).toEqual({ ...clean, notOurs: 1 })
  })

  test('without a payment of the gateway’s is none of ours that was not sent yet', () => {
    const old = charge(1, { gatewayObject: 'ch_1', gatewayPayment: null, ours: nothing })
    expect(compared([old], { payments: [ourPayment(1, { gatewayPayment: null })] })).toMatchObject({ notOurs: 1 })
  })

  test('twice is once too often, whichever comes first in the list', () => {
    const again = charge(1, { id: 'txn_1b' })
    for (const entries of [
      [charge(1), again],
      [again, charge(1)],
    ]) {
      const found = compared(entries, { payments: [ourPayment(1)] })
      expect(told(found)).toEqual([['unknown_here', 'txn_1b', pay(1)]])
      expect(found).toMatchObject({ matches: [{ balanceTransaction: 'txn_1' }], findings: [{ actual: 4900n }] })
    }
    const matched = ourPayment(1, { balanceTransaction: 'txn_1' })
    expect(told(compared([again], { payments: [matched] }))).toEqual([['unknown_here', 'txn_1b', pay(1)]])
  })
})

describe('FR-071 a refund at the gateway', () => {
  const books = (about: Partial<Refund> = {}) => ({ payments: [ourPayment(1)], refunds: [ourRefund(1, about)] })

  test('that is as we say agrees', () => {
    const found = compared([refunded(1)], books())
    const matches = [{ kind: 'refund', id: refund(1), before: null, balanceTransaction: 'txn_refund_1' }]
    expect(found).toEqual({ ...clean, matches, agreed: 1 })
    const paid = { ...books(), payments: [ourPayment(1, { balanceTransaction: 'txn_1' })] }
    expect(compared([refunded(1)], paid)).toEqual({ ...clean, matches, agreed: 1 })
  })

  test('is known by our id in it where its own was not stored yet', () => {
    expect(compared([refunded(1)], books({ gatewayRefund: null }))).toMatchObject({ findings: [], agreed: 1 })
  })

  test.each([
    ['amount', refunded(1, { amount: -999n }), {}, { expected: 1000n, actual: 999n }],
    ['currency', refunded(1), { currency: EUR }, { expected: 1000n, actual: 1000n, currency: 'EUR' }],
    ['not_settled_here', refunded(1), { status: 'pending' }, { expected: 0n, actual: 1000n }],
    ['not_settled_here', refunded(1), { status: 'failed' }, { expected: 0n, actual: 1000n }],
  ] as const)('differs: %s', (kind, given, about, expected) => {
    const found = compared([given], books(about))
    expect(found.findings).toMatchObject([{ kind, gatewayObject: 'txn_refund_1', object: ref(1), ...expected }])
  })

  test.each([
    ['succeeded', [['missing_there', 're_1', ref(1)]]],
    ['pending', []],
  ] as const)('on its way there, %s here: %j', (status, expected) => {
    expect(told(compared([refunded(1, { state: 'pending' })], books({ status })))).toEqual(expected)
  })

  test('that is made there, of a payment of ours, has no document', () => {
    const there = refunded(1, { ours: nothing })
    const found = compared([there], { payments: [ourPayment(1)] })
    expect(found.findings).toMatchObject([
      { kind: 'without_document', gatewayObject: 'txn_refund_1', object: pay(1), expected: null, actual: 1000n },
    ])
    const returned = entry('refund_failure', 1, { gatewayObject: 're_1', amount: 1000n })
    const back = { payments: [ourPayment(1)], refunds: [ourRefund(1, { status: 'failed', creditNoteId: null })] }
    expect(compared([returned], back).findings).toEqual([])
    // Told by the gateway, it is here; a document follows or somebody accepts that there is none.
    const heard = { ...books({ creditNoteId: null }) }
    expect(told(compared([there], heard))).toEqual([['without_document', 'txn_refund_1', ref(1)]])
    expect(told(compared([there], books()))).toEqual([])
    expect(told(compared([refunded(1)], heard))).toEqual([])
  })

  test('that names a refund which is another one there is unknown', () => {
    const copied = refunded(1, { gatewayObject: 're_2' })
    expect(told(compared([copied], books({ status: 'pending' })))).toEqual([['unknown_here', 'txn_refund_1', ref(1)]])
  })

  test('that names a refund which is not here is unknown', () => {
    expect(told(compared([refunded(1)], { payments: [ourPayment(1)] }))).toEqual([
      ['unknown_here', 'txn_refund_1', ref(1)],
    ])
  })

  test('of nothing of ours is not ours', () => {
    const found = compared([refunded(1, { ours: nothing })], { payments: [ourPayment(2)] })
    expect(found).toMatchObject({ findings: [], agreed: 0, notOurs: 1 })
  })

  test('twice is once too often', () => {
    const again = refunded(1, { id: 'txn_again' })
    const found = compared([again, refunded(1)], books())
    // By the entry's id where both are of one instant.
    expect(found.findings).toMatchObject([
      { kind: 'unknown_here', gatewayObject: 'txn_refund_1', object: ref(1), expected: null, actual: 1000n },
    ])
  })

  const returned = [
    refunded(1, { state: 'failed' }),
    entry('refund_failure', 1, {
      gatewayObject: 're_1',
      amount: 1000n,
      ours: { payment: payment(1), refund: refund(1) },
    }),
  ]

  test.each([
    ['failed', []],
    ['succeeded', [['not_settled_here', 'txn_refund_failure_1', ref(1)]]],
    ['pending', [['not_settled_here', 'txn_refund_failure_1', ref(1)]]],
  ] as const)('that the bank returned, %s here: %j', (status, expected) => {
    expect(told(compared(returned, books({ status })))).toEqual(expected)
  })
})

describe('FR-071 a dispute at the gateway', () => {
  const reversed = entry('dispute_reversal', 1, { gatewayObject: 'du_1' })

  test.each([
    ['inquiry', 'not_settled_here', 'not_settled_here'],
    ['open', null, 'not_settled_here'],
    ['won', null, null],
    ['lost', null, 'not_settled_here'],
    ['closed', 'not_settled_here', 'not_settled_here'],
  ] as const)('%s here: taken %s, given back %s', (status, taken, givenBack) => {
    const disputes = [ourDispute(1, { status })]
    expect(compared([disputed(1)], { disputes }).findings.map(({ kind }) => kind)).toEqual(taken ? [taken] : [])
    expect(compared([reversed], { disputes }).findings.map(({ kind }) => kind)).toEqual(givenBack ? [givenBack] : [])
  })

  test('of another amount differs', () => {
    const found = compared([disputed(1, { amount: -5000n })], { disputes: [ourDispute(1)] })
    expect(found.findings).toMatchObject([
      { kind: 'amount', gatewayObject: 'txn_dispute_1', expected: 4900n, actual: 5000n },
    ])
  })

  test('that is not here is unknown where its payment is ours', () => {
    const found = compared([disputed(1)], { payments: [ourPayment(1)] })
    expect(told(found)).toEqual([['unknown_here', 'txn_dispute_1', pay(1)]])
    expect(compared([disputed(1)], {})).toMatchObject({ findings: [], notOurs: 1 })
  })
})

describe('FR-071 what is ours', () => {
  test('and in no entry is missing there', () => {
    const awaited = { payments: [ourPayment(1)], refunds: [ourRefund(1)] }
    const found = compared([charge(2)], { payments: [ourPayment(2)] }, awaited)
    expect(told(found)).toEqual([
      ['missing_there', 'pi_1', pay(1)],
      ['missing_there', 're_1', ref(1)],
    ])
    expect(found.findings[0]).toMatchObject({ expected: 4900n, actual: null, currency: 'USD' })
  })

  test('and in an entry is not missing, whatever else is wrong with it', () => {
    const ours = { payments: [ourPayment(1)], refunds: [ourRefund(1)] }
    const found = compared([charge(1, { amount: 1n }), refunded(1)], ours, ours)
    expect(told(found)).toEqual([['amount', 'txn_1', pay(1)]])
  })

  test('goes by its own id where the gateway’s is not known', () => {
    const awaited = {
      payments: [ourPayment(1, { gatewayPayment: null })],
      refunds: [ourRefund(1, { gatewayRefund: null })],
    }
    expect(told(compared([], {}, awaited))).toEqual([
      ['missing_there', pay(1), pay(1)],
      ['missing_there', ref(1), ref(1)],
    ])
  })
})

test('FR-071 payouts, fees and the like are no customer’s money', () => {
  const payout = entry('other', 1, { ours: { payment: payment(1), refund: null } })
  expect(compared([payout], { payments: [ourPayment(1)] })).toEqual(clean)
})
