import { describe, expect, test } from 'vitest'
import type { CommandOf } from '../../../src/billing/domain/command.ts'
import type { Id } from '../../../src/kernel/id.ts'
import { askedResolutions, type Refund } from '../../../src/payments/domain/refund.ts'
import type { RefundOutcome } from '../../../src/payments/domain/refund-outcome.ts'
import { accessIn, contests, toldBy, withCards } from './collecting.ts'
import { type Asked, type History, lived, refusal } from './history.ts'
import { balances, creditLeft, credits, gateway, subscribes } from './words.ts'

const START = '2026-06-01'
const LATER = '2026-06-10'
const on = (history: History, ...deeds: readonly Asked[]) =>
  lived(history, ...deeds.map((asked) => [LATER, asked] as const))
const paid = () => lived(withCards(1), [START, subscribes()], [START, gateway('succeeded')])
const gives =
  (amount: bigint): Asked =>
  ({ payments }) => ({
    ...{ type: 'refund_payment', paymentId: ([...payments.keys()][0] ?? 'none') as Id<'payment'> },
    ...{ amount, reason: 'goodwill' },
  })
const says =
  (outcome: RefundOutcome): Asked =>
  ({ refunds }) => ({
    type: 'record_refunds',
    outcomes: new Map([...refunds.values()].filter(({ status }) => status !== 'failed').map(({ id }) => [id, outcome])),
  })
const foreign =
  (amount: bigint): Asked =>
  ({ payments }) => ({
    ...{ type: 'record_foreign_refund', paymentId: ([...payments.keys()][0] ?? 'none') as Id<'payment'> },
    ...{ amount, outcome: { kind: 'succeeded', gatewayRefund: 're_dashboard' } },
  })
const failed: RefundOutcome = { kind: 'failed', gatewayRefund: 're_9', failure: 'expired_or_canceled_card' }

describe('FR-063 what a document gave back and the gateway could not', () => {
  const noted = () => on(paid(), credits(0, { refund: 4900n }))
  const failing = () => on(noted(), says(failed))
  const resolves =
    (resolution: CommandOf<'resolve_refund'>['resolution'], nth = 0): Asked =>
    ({ refunds }) => ({
      type: 'resolve_refund',
      refundId: ([...refunds.keys()][nth] ?? 'none') as Id<'refund'>,
      resolution,
    })
  const states = ({ refunds }: History) => [...refunds.values()].map(({ status, resolution }) => [status, resolution])

  test('is owed until it is given', () => {
    expect([states(failing()), balances(failing())]).toEqual([[['failed', null]], { cash: 4900n, refund: -4900n }])
  })

  test('is given as credit', () => {
    const given = on(failing(), resolves('credit'))
    expect([states(given), creditLeft(given)]).toEqual([[['failed', 'credit']], 4900n])
    expect(balances(given)).toEqual({ cash: 4900n, credit: -4900n })
    expect([...given.credits.values()]).toMatchObject([{ source: 'refund', sourceId: [...given.refunds.keys()][0] }])
    expect(toldBy(failing(), LATER, resolves('credit'))).toEqual(['refund.resolved', 'credit.granted'])
  })

  test('was paid by other means', () => {
    const given = on(failing(), resolves('out_of_band'))
    expect([states(given), creditLeft(given), balances(given)]).toEqual([[['failed', 'out_of_band']], 0n, {}])
    expect(toldBy(failing(), LATER, resolves('out_of_band'))).toEqual(['refund.resolved'])
  })

  test('is sent again, by a refund of its own', () => {
    const again = on(failing(), resolves('refund'))
    const [first, second] = [...again.refunds.values()]
    expect(states(again)).toEqual([
      ['failed', 'refund'],
      ['pending', null],
    ])
    const { paymentId, creditNoteId, amount, reason } = first as Refund
    expect(second).toMatchObject({ paymentId, creditNoteId, amount, reason, gatewayRefund: null })
    expect(balances(again), 'it is owed until it is there').toEqual({ cash: 4900n, refund: -4900n })
    const sent = on(again, says({ kind: 'succeeded', gatewayRefund: 're_10' }))
    expect([states(sent)[1], balances(sent)]).toEqual([['succeeded', null], {}])
  })

  test('fails again, and is owed again', () => {
    const twice = on(failing(), resolves('refund'), says({ ...failed, gatewayRefund: 're_10' }))
    expect(balances(twice)).toEqual({ cash: 4900n, refund: -4900n })
    expect(balances(on(twice, resolves('credit', 1)))).toEqual({ cash: 4900n, credit: -4900n })
  })

  test.each([
    ['it is resolved already', () => on(failing(), resolves('credit'))],
    ['it is pending', noted],
    ['it is succeeded', () => on(noted(), says({ kind: 'succeeded', gatewayRefund: 're_9' }))],
    ['it was a gift', () => on(paid(), gives(100n), says(failed))],
  ] as const)('is not given twice, nor what is not owed: %s', (why, history) => {
    for (const resolution of askedResolutions) {
      expect(refusal(history(), LATER, resolves(resolution))).toMatchObject({
        ...{ code: 'command_not_possible', detail: expect.stringContaining(why) },
      })
    }
  })

  test('is not given away besides', () => {
    expect(refusal(failing(), LATER, gives(4900n))).toMatchObject({
      ...{ code: 'refund_too_large', hint: expect.stringMatching(/refunds\/ref_\w+\/resolve/) },
    })
  })

  test('is given where somebody sends as much at the gateway', () => {
    const again = on(failing(), foreign(4900n))
    expect([states(again), balances(again)]).toEqual([
      [
        ['failed', 'refund'],
        ['succeeded', null],
      ],
      {},
    ])
    expect([...again.refunds.values()].map(({ creditNoteId }) => creditNoteId)).toEqual(
      Array.from({ length: 2 }, () => [...again.creditNotes.keys()][0]),
    )
    expect(refusal(again, LATER, resolves('credit'))).toMatchObject({ code: 'command_not_possible' })
    const other = on(failing(), foreign(100n))
    expect(balances(other), 'another amount is another matter').toMatchObject({ granted: 100n, refund: -4900n })
  })

  test('was taken by the bank, where a dispute of the payment is lost', () => {
    const contested = on(failing(), contests('open', { amount: 4900n }), contests('lost', { amount: 4900n }))
    expect([states(contested), balances(contested), accessIn(contested)]).toEqual([
      [['failed', 'dispute']],
      {},
      ['granted'],
    ])
    const part = on(failing(), contests('lost', { amount: 900n }))
    expect(states(part), 'less than all of it').toEqual([['failed', null]])
  })

  test.each(['credit', 'out_of_band'] as const)('is gone from the payment when it is given: %s', (resolution) => {
    expect(refusal(on(failing(), resolves(resolution)), LATER, gives(1n))).toMatchObject({ code: 'refund_too_large' })
  })
})
