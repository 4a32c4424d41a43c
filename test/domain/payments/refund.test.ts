import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Currency, currencyCodes, findCurrency } from '../../../src/kernel/currency.ts'
import { chargeable, unchargeableBelow } from '../../../src/payments/domain/gateway-amount.ts'
import {
  givenBack,
  type Refund,
  type Refundable,
  refundableOf,
  refundsFor,
} from '../../../src/payments/domain/refund.ts'
import { at, id, idsOf } from '../../support/given.ts'
import { about, givenPayment, NOW, paid, refunded } from './refunding.ts'

const shares = (refunds: readonly Refund[]) => refunds.map(({ paymentId, amount }) => [paymentId, amount])
const payment = (n: number) => id('payment', 40 + n)

describe('FR-063 a refund', () => {
  test('of a part is one, of the payment that took the money', () => {
    const [refund, ...others] = refunded(paid([9900n, 0n]), 500n)
    expect(others).toEqual([])
    expect(refund).toMatchObject({ paymentId: payment(0), amount: 500n, writtenOff: 0n, currency: 'USD', ...about })
    expect(refund).toMatchObject({ status: 'pending', version: 1, dueAt: NOW, endedAt: null, gatewayRefund: null })
  })

  test.each([
    ['the newest first', paid([1000n, 0n], [500n, 0n]), 300n, [[payment(1), 300n]]],
    [
      'then the older',
      paid([1000n, 0n], [500n, 0n]),
      700n,
      [
        [payment(1), 500n],
        [payment(0), 200n],
      ],
    ],
    [
      'the whole',
      paid([1000n, 0n], [500n, 0n]),
      1500n,
      [
        [payment(1), 500n],
        [payment(0), 1000n],
      ],
    ],
    ['what is left of each', paid([1000n, 900n], [500n, 500n]), 100n, [[payment(0), 100n]]],
  ])('takes %s', (_, sources, amount, expected) => {
    expect(shares(refunded(sources, amount))).toEqual(expected)
  })

  test.each([
    ['more than was paid', paid([1000n, 0n]), 1001n, '1000 of what was paid is left'],
    ['more than refunds have left', paid([1000n, 400n]), 601n, '600 of what was paid is left'],
    ['what is refunded', paid([1000n, 1000n]), 1n, '0 of what was paid is left'],
    ['what nobody paid', [], 1n, '0 of what was paid is left'],
    ['what is being paid', [{ payment: givenPayment(0, 10n, { status: 'pending' }), refunded: 0n }], 1n, '0 of'],
    ['what no gateway took', [{ payment: givenPayment(0, 10n, { gatewayPayment: null }), refunded: 0n }], 1n, '0 of'],
  ])('is refused for %s', (_, sources, amount, detail) => {
    const made = refundsFor(sources, amount, about, NOW, idsOf(1))
    expect(made).toMatchObject({ ok: false, error: { code: 'refund_too_large' } })
    expect(!made.ok && made.error.detail).toContain(detail)
    expect(!made.ok && made.error.hint).toMatch(/^Refund \d+ at most, and give the rest as credit/)
  })

  test('of payments of one instant is of the later one first, in whatever order they are read', () => {
    const createdAt = at('2026-01-31')
    const both = [0, 1].map((n) => ({ payment: givenPayment(n, 500n, { createdAt }), refunded: 0n }))
    for (const sources of [both, both.toReversed()])
      expect(shares(refunded(sources, 700n))).toEqual([
        [payment(1), 500n],
        [payment(0), 200n],
      ])
  })

  test('past us may be more than there is: then nothing is left', () => {
    expect(refundableOf({ payment: givenPayment(0, 10n), refunded: 11n })).toBe(0n)
  })

  test.each([
    ['nothing', () => refundsFor(paid([10n, 0n]), 0n, about, NOW, idsOf(1)), /0 is nothing to give back/],
    ['less than nothing', () => refundableOf({ payment: givenPayment(0, 10n), refunded: -1n }), /refunded by -1/],
  ])('of %s is a bug', (_, act, message) => {
    expect(act).toThrow(message)
  })
})

describe('FR-105 what a gateway cannot send', () => {
  const inKuwait = (...amounts: readonly bigint[]) =>
    amounts.map((amount, n) => ({ payment: givenPayment(n, amount, { currency: 'KWD' as Currency }), refunded: 0n }))

  test('is written off with the refund: 1.239 KWD is sent as 1.230', () => {
    expect(refunded(inKuwait(5000n), 1239n)).toMatchObject([{ amount: 1230n, writtenOff: 9n }])
  })

  test('of one payment does not keep the others from being sent', () => {
    const [rest, ...others] = inKuwait(100_000n, 1_240n, 300_000n).toReversed()
    const left = [rest, { ...others[0], refunded: 1_235n }, others[1]] as readonly Refundable[]
    expect(refunded(left, 380_000n)).toMatchObject([
      { amount: 300_000n, writtenOff: 0n },
      { amount: 80_000n, writtenOff: 0n },
    ])
  })

  test('goes with the last that can be sent', () => {
    const refunds = refunded(inKuwait(5000n, 1000n), 1009n)
    expect(refunds).toMatchObject([{ paymentId: payment(1), amount: 1000n, writtenOff: 9n }])
  })

  test('cannot be refunded by itself', () => {
    const made = refundsFor(inKuwait(5000n), 9n, about, NOW, idsOf(1))
    expect(made).toEqual({
      ok: false,
      error: {
        ...{ code: 'refund_too_small', hint: 'Give it as credit, or out of band.' },
        detail: '9 minor units cannot be refunded: 10 is the least that a gateway sends.',
      },
    })
  })

  test.each([
    [{}, 1_239n],
    [{ status: 'succeeded' }, 1_239n],
    [{ status: 'failed' }, 1_239n],
    [{ status: 'failed', granted: 1_239n }, 0n],
    [{ status: 'failed', resolution: 'refund' }, 0n],
    [{ status: 'failed', resolution: 'dispute' }, 0n],
    [{ status: 'failed', resolution: 'credit' }, 1_239n],
    [{ status: 'failed', resolution: 'out_of_band' }, 1_239n],
  ] as const)('is gone from its payment with what is sent: %o', (given, gone) => {
    expect(refunded(inKuwait(5000n), 1239n).map((refund) => givenBack({ ...refund, ...given }))).toEqual([gone])
  })
})

describe('FR-063 never more goes back than came in', () => {
  const wishes = fc.array(fc.tuple(fc.bigInt(1n, 4_000n), fc.boolean()), { maxLength: 12 })
  const taken = fc.array(fc.bigInt(1n, 3_000n), { minLength: 1, maxLength: 4 })

  test('in any sequence of refunds, whether they fail or not', () => {
    fc.assert(
      fc.property(fc.constantFrom(...currencyCodes), taken, wishes, (code, amounts, asked) => {
        const currency = findCurrency(code) as Currency
        const step = unchargeableBelow(currency)
        let sources: readonly Refundable[] = amounts.map((amount, n) => ({
          payment: givenPayment(n, amount * step, { currency }),
          refunded: 0n,
        }))
        for (const [amount, fails] of asked) {
          const left = sources.reduce((sum, source) => sum + refundableOf(source), 0n)
          const made = refundsFor(sources, amount, about, NOW, idsOf(1))
          expect(made.ok).toBe(amount <= left && amount >= step)
          if (!made.ok) continue
          expect(made.value.reduce((sum, one) => sum + one.amount + one.writtenOff, 0n)).toBe(amount)
          for (const one of made.value) {
            expect(one.amount > 0n && chargeable(one.amount, currency) === one.amount).toBe(true)
            expect(one.writtenOff >= 0n && one.writtenOff < step).toBe(true)
          }
          if (!fails) sources = sources.map((source) => ({ ...source, refunded: after(source, made.value) }))
        }
        for (const { payment, refunded } of sources) expect(refunded <= payment.amount).toBe(true)
      }),
    )
  })

  function after({ payment, refunded }: Refundable, refunds: readonly Refund[]): bigint {
    return refunds
      .filter(({ paymentId }) => paymentId === payment.id)
      .reduce((sum, { amount }) => sum + amount, refunded)
  }
})
