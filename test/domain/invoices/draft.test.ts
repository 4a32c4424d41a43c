import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DraftFor, draftInvoice } from '../../../src/invoices/domain/draft.ts'
import { MAX_MINOR } from '../../../src/kernel/money.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import type { Billable } from '../../../src/subscriptions/domain/billable.ts'
import { at, givenDraft, id, idsOf, USD, UTC } from '../../support/given.ts'

const period = { start: at('2026-01-31'), end: at('2026-02-28') }
const about: DraftFor = {
  ...{ organizationId: id('organization', 1), accountId: id('account', 2), subscriptionId: id('subscription', 7) },
  ...{ currency: USD, zone: UTC, reason: 'subscription', period, at: at('2026-03-01') },
}

function billable(given: Partial<Billable> = {}): Billable {
  return {
    ...{ subscriptionId: id('subscription', 7), planVersionId: id('plan_version', 6), key: 'base:1', kind: 'base' },
    ...{ reason: 'subscription', name: 'Pro', quantity: '1', unitAmount: '9900', period },
    ...given,
  }
}

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
    const drafted = draftInvoice(about, [billable({ quantity, unitAmount })], idsOf(1))
    expect(drafted).toMatchObject({ value: { lines: [{ quantity, unitAmount, amount }] } })
  })

  const oneYear = { start: at('2026-12-15'), end: at('2027-01-15') }
  test.each([
    ['Pro, 31 Jan – 28 Feb 2026', {}, UTC],
    ['Pro × 5, 31 Jan – 28 Feb 2026', { quantity: '5' }, UTC],
    ['Pro, 30 Jan – 27 Feb 2026', {}, 'America/New_York' as Zone],
    ['Pro, 15 Dec 2026 – 15 Jan 2027', { period: oneYear }, UTC],
  ])('is called "%s"', (description, given, zone) => {
    const drafted = draftInvoice({ ...about, zone }, [billable(given)], idsOf(1))
    expect(drafted).toMatchObject({ value: { lines: [{ description }] } })
  })
})

describe('a draft', () => {
  test('is of its lines, without a number, a payment or a tax', () => {
    expect(draftInvoice(about, [billable(), billable({ key: 'base:2', unitAmount: '0.5' })], idsOf(1))).toMatchObject({
      ok: true,
      value: {
        ...{ status: 'draft', version: 1, issuedAt: at('2026-03-01'), period, reason: 'subscription' },
        ...{ subtotal: 9901n, discount: 0n, tax: 0n, taxes: [], total: 9901n },
        lines: [
          { billingKey: 'base:1', amount: 9900n, tax: 0n },
          { billingKey: 'base:2', amount: 1n },
        ],
      },
    })
  })

  test.each([
    [MAX_MINOR / 2n, true],
    [MAX_MINOR / 2n + 1n, false],
  ])('of %s is possible: %s', (unitAmount, possible) => {
    expect(draftInvoice(about, [billable({ unitAmount: String(unitAmount) })], idsOf(1)).ok).toBe(possible)
  })

  test('is refused where only the sum is too large', () => {
    const half = billable({ unitAmount: String(MAX_MINOR / 4n + 1n) })
    const refused = draftInvoice(about, [half, half], idsOf(1))
    expect(refused).toMatchObject({ ok: false, error: { code: 'amount_too_large', pointer: '/quantity' } })
  })

  test('totals are the sums of rounded lines', () => {
    const lines = fc.array(fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 0, max: 10 ** 9 })), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(lines, (all) => {
        const billables = all.map(([quantity, tenths]) =>
          billable({ quantity: String(quantity), unitAmount: `${Math.floor(tenths / 10)}.${tenths % 10}` }),
        )
        const drafted = draftInvoice(about, billables, idsOf(1))
        if (!drafted.ok) throw new Error(drafted.error.detail)
        const exact = all.reduce(
          (sum, [quantity, tenths]) => sum + (2n * BigInt(quantity) * BigInt(tenths) + 10n) / 20n,
          0n,
        )
        expect(drafted.value.subtotal).toBe(exact)
        expect(drafted.value.total).toBe(exact)
      }),
    )
  })

  test('the same ids make the same bytes', () => {
    const text = () =>
      JSON.stringify(draftInvoice(about, [billable()], idsOf(1)), (_, value) =>
        typeof value === 'bigint' ? `${value}n` : value,
      )
    expect(text()).toBe(text())
    expect(givenDraft([1n]).total).toBe(1n)
  })
})
