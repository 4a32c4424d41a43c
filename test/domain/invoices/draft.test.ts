import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type DraftFor,
  discounted,
  draftInvoice,
  lineOf,
  withLines,
  writtenLine,
} from '../../../src/invoices/domain/draft.ts'
import { isWritten, writtenLines } from '../../../src/invoices/domain/one-off.ts'
import { MAX_MINOR } from '../../../src/kernel/money.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { type Billable, lineAmount } from '../../../src/subscriptions/domain/billable.ts'
import { at, givenDraft, givenLine, id, idsOf, USD, UTC } from '../../support/given.ts'

const period = { start: at('2026-01-31'), end: at('2026-02-28') }
const about: DraftFor = {
  ...{ organizationId: id('organization', 1), accountId: id('account', 2), subscriptionId: id('subscription', 7) },
  ...{ currency: USD, reason: 'subscription', awaits: 'tax', finalizeAt: null, period, at: at('2026-03-01') },
}
type Base = Extract<Billable, { readonly kind: 'base' | 'proration_charge' }>

function billable(given: Partial<Base> = {}): Base {
  return {
    ...{ subscriptionId: id('subscription', 7), planId: id('plan', 5), planVersionId: id('plan_version', 6) },
    ...{ key: 'base:1', kind: 'base', name: 'Pro', quantity: '1', unitAmount: '9900', proration: null, period },
    ...given,
  }
}

const line = (given: Partial<Base> = {}, zone = UTC) => lineOf(billable(given), zone, idsOf(1))
const drafted = (lines: readonly ReturnType<typeof line>[]) => draftInvoice(about, lines, idsOf(1))

describe('FR-048 a line', () => {
  test.each([
    ['5', '9900', 49_500n],
    ['1', '0.5', 1n],
    ['1', '0.499999999999', 0n],
    ['3', '0.5', 2n],
    ['1', '10.4', 10n],
    ['415', '3.0005', 1245n],
    ['1000000', '0.0000005', 1n],
    ['1000000', '999999999.999999', 1_000_000_000_000_000n - 1n],
    ['1', '0', 0n],
  ])('%s × %s = %s, exact and rounded once', (quantity, unitAmount, amount) => {
    expect(line({ quantity, unitAmount })).toMatchObject({ quantity, unitAmount, amount })
  })

  test.each([
    ['4900', 15, 30, 2450n],
    ['9900', 15, 30, 4950n],
    ['1', 1, 2, 1n],
    ['99900', 183, 365, 50_087n],
    ['10', 1, 3, 3n],
    ['0.1', 15, 30, 0n],
  ])('%s × %s/%s = %s', (unitAmount, numerator, denominator, amount) => {
    const proration = { numerator, denominator }
    expect(line({ unitAmount, proration, kind: 'proration_charge' })).toMatchObject({ proration, amount })
  })

  test('of usage is the sum of its tiers, rounded once, less what was priced before', () => {
    const part = { from: '0', upTo: null, quantity: '1', unitAmount: '0', flatAmount: '0' }
    const parts = ['0.25', '0.25', '1.00000000000000000001'].map((amount) => ({ ...part, amount }))
    const usage = { ...billable(), kind: 'usage', metric: 'api_calls', parts, earlier: 1n } as const
    const made = lineOf(usage, UTC, idsOf(1))
    expect(made.description).toBe('Pro, api_calls × 1, 31 Jan – 28 Feb 2026')
    expect(made).toMatchObject({ amount: 1n, unitAmount: null, usage: { metric: 'api_calls', parts, earlier: 1n } })
    expect(lineAmount({ ...usage, earlier: 5n })).toBe(-3n)
  })

  test('of a minimum is what is missing to it, both rounded', () => {
    const minimum = { ...billable(), kind: 'minimum', unitAmount: '10000', covered: 5901n } as const
    const made = lineOf({ ...minimum, proration: { numerator: 2, denominator: 3 } }, UTC, idsOf(1))
    expect(made).toMatchObject({ kind: 'minimum', amount: 6667n - 5901n, covered: 5901n })
  })

  test('that somebody wrote claims nothing', () => {
    const written = writtenLine({ description: 'Set-up', quantity: '1.5', unitAmount: '333', period }, idsOf(1))
    expect(written).toMatchObject({ kind: 'one_off', amount: 500n, billingKey: null, subscriptionId: null })
    expect(written).toMatchObject({
      ...{ planVersionId: null, usage: null, covered: null, proration: null, description: 'Set-up' },
      ...{ quantity: '1.5', unitAmount: '333', period },
    })
    const wanted = { description: 'Set-up', quantity: '1.5', unitAmount: '333' }
    expect(writtenLines([wanted], period, idsOf(1))).toEqual([written])
    expect([isWritten({ reason: 'one_off' }), isWritten({ reason: 'renewal' })]).toEqual([true, false])
  })

  const oneYear = { start: at('2026-12-15'), end: at('2027-01-15') }
  test.each([
    ['Pro, 31 Jan – 28 Feb 2026', {}, UTC],
    ['Pro × 5, 31 Jan – 28 Feb 2026', { quantity: '5' }, UTC],
    ['Pro, 30 Jan – 27 Feb 2026', {}, 'America/New_York' as Zone],
    ['Pro, 15 Dec 2026 – 15 Jan 2027', { period: oneYear }, UTC],
  ])('is called "%s"', (description, given, zone) => {
    expect(line(given, zone).description).toBe(description)
  })

  test('is net of its discounts', () => {
    const off = {
      discountId: id('discount', 1),
      couponCode: 'C',
      scope: 'account',
      percent: null,
      planIds: null,
    } as const
    const netted = discounted(line(), [
      { ...off, amount: 900n },
      { ...off, amount: 1000n },
    ])
    expect(netted).toMatchObject({ amount: 9900n, discount: 1900n })
    expect(drafted([netted])).toMatchObject({ value: { subtotal: 9900n, discount: 1900n, total: 8000n } })
  })
})

describe('a draft', () => {
  test('is of its lines, without a number, a payment or a tax', () => {
    expect(drafted([line(), line({ key: 'base:2', unitAmount: '0.5' })])).toMatchObject({
      ok: true,
      value: {
        ...{ status: 'draft', version: 1, issuedAt: at('2026-03-01'), period, reason: 'subscription' },
        ...{ subtotal: 9901n, discount: 0n, tax: 0n, taxes: [], total: 9901n },
        ...{ id: idsOf(1)('invoice'), corrects: null, memo: null, termsDays: null },
        lines: [
          { billingKey: 'base:1', amount: 9900n, tax: 0n },
          { billingKey: 'base:2', amount: 1n },
        ],
      },
    })
  })

  test('with other lines has their totals; a credit brings its tax, its discount and its sign', () => {
    const credit = givenLine(1, { kind: 'proration_credit', amount: -2450n, discount: -1225n, tax: -233n })
    expect(withLines(givenDraft([1n, 2n]), [credit])).toMatchObject({
      value: { lines: [credit], subtotal: -2450n, discount: -1225n, tax: -233n, total: -1458n },
    })
    expect(withLines(givenDraft([1n]), [])).toMatchObject({ value: { subtotal: 0n, total: 0n } })
  })

  test.each([
    [MAX_MINOR / 2n, true],
    [MAX_MINOR / 2n + 1n, false],
  ])('of %s is possible: %s', (unitAmount, possible) => {
    expect(drafted([line({ unitAmount: String(unitAmount) })]).ok).toBe(possible)
  })

  test('is refused where only the sum is too large, whatever is credited beside it', () => {
    const half = line({ unitAmount: String(MAX_MINOR / 4n + 1n) })
    const refused = drafted([half, half, givenLine(1, { amount: -MAX_MINOR / 4n })])
    expect(refused).toEqual({
      ok: false,
      error: {
        ...{ code: 'amount_too_large', pointer: '/quantity', hint: 'Lower the quantity or the price.' },
        detail: `The invoice would come to ${2n * (MAX_MINOR / 4n + 1n)} minor units; ${MAX_MINOR / 2n} is the most.`,
      },
    })
  })

  test('totals are the sums of rounded lines', () => {
    const lines = fc.array(fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 0, max: 10 ** 9 })), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(lines, (all) => {
        const made = drafted(
          all.map(([quantity, tenths]) =>
            line({ quantity: String(quantity), unitAmount: `${Math.floor(tenths / 10)}.${tenths % 10}` }),
          ),
        )
        if (!made.ok) throw new Error(made.error.detail)
        const exact = all.reduce(
          (sum, [quantity, tenths]) => sum + (2n * BigInt(quantity) * BigInt(tenths) + 10n) / 20n,
          0n,
        )
        expect([made.value.subtotal, made.value.total]).toEqual([exact, exact])
      }),
    )
  })

  test('the same ids make the same bytes', () => {
    const text = () =>
      JSON.stringify(drafted([line()]), (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
    expect(text()).toBe(text())
  })
})
