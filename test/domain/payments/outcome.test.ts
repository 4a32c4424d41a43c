import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { finalise } from '../../../src/invoices/domain/finalise.ts'
import { balanceOf, type FinalInvoice } from '../../../src/invoices/domain/invoice.ts'
import { type Currency, currencyCodes, findCurrency } from '../../../src/kernel/currency.ts'
import { plusMs } from '../../../src/kernel/instant.ts'
import { declineOf } from '../../../src/payments/domain/decline.ts'
import { chargeable, gatewayAmount, unchargeableBelow } from '../../../src/payments/domain/gateway-amount.ts'
import { applyOutcome, askAgainAt, type ChargeOutcome } from '../../../src/payments/domain/outcome.ts'
import { type Charge, chargeFor, outcomeKinds } from '../../../src/payments/domain/payment.ts'
import { at, givenAccount, givenDraft, givenMethod, idsOf, UTC } from '../../support/given.ts'

const NOW = at('2026-01-31')

function owed(amount: bigint, code = 'USD'): { readonly invoice: FinalInvoice; readonly charge: Charge } {
  const draft = givenDraft([amount], { currency: code as Currency })
  const closing = { number: 'JANE-0001', account: givenAccount(), zone: UTC, hasMethod: true }
  const invoice = finalise(draft, { ...closing, tax: { taxes: [], perLine: [[]] } }, NOW)
  return { invoice, charge: chargeFor(invoice, { method: givenMethod(), clockId: null }, NOW, idsOf(1)) }
}

const outcomeOf = (kind: (typeof outcomeKinds)[number]): ChargeOutcome =>
  kind === 'declined' ? { kind, decline: declineOf('insufficient_funds', null) } : { kind }

describe('FR-059 the first word of the gateway', () => {
  test.each([
    ['succeeded', 'succeeded', true, null],
    ['declined', 'failed', true, null],
    ['rejected', 'failed', true, null],
    ['authentication_required', 'pending', true, null],
    ['processing', 'pending', false, 3_600_000],
    ['throttled', 'pending', false, 60_000],
    ['unknown', 'pending', false, 60_000],
  ] as const)(
    '%s leaves the payment %s, its attempt ended: %s, asked again after %s ms',
    (kind, status, ended, wait) => {
      const { charge, invoice } = owed(9900n)
      const applied = applyOutcome(charge, invoice, outcomeOf(kind), NOW)
      expect(applied?.charge.payment).toMatchObject({ status, outcome: kind, version: 2 })
      expect(applied?.charge.attempt).toMatchObject({ outcome: kind, endedAt: ended ? NOW : null, version: 2 })
      expect(applied?.charge.payment.decline).toEqual(
        kind === 'declined' ? { kind: 'soft', code: 'insufficient_funds' } : null,
      )
      expect(askAgainAt(kind, NOW)).toBe(wait === null ? null : plusMs(NOW, wait))
      expect(applied?.invoice.status).toBe(kind === 'succeeded' ? 'paid' : 'open')
    },
  )

  test('nothing said is nothing to ask again', () => {
    expect(askAgainAt(null, NOW)).toBeNull()
  })
})

test('FR-059 an open invoice is charged whole, at once, with its account’s default method', () => {
  const { charge, invoice } = owed(9900n)
  const { organizationId, accountId, currency } = invoice
  const { id: paymentMethodId, gatewayAccountId } = givenMethod()
  const asked = { organizationId, accountId, gatewayAccountId, version: 1, outcome: null, decline: null }
  expect(charge.payment).toEqual({
    ...{ ...asked, currency, id: idsOf(1)('payment'), invoiceId: invoice.id, status: 'pending', amount: 9900n },
    ...{ paymentMethodId, gatewayPayment: null, createdAt: NOW },
  })
  expect(charge.attempt).toEqual({
    ...{ ...asked, clockId: null, id: charge.attempt.id, paymentId: charge.payment.id, dueAt: NOW, endedAt: null },
  })
})

test('a charge that does not fit its invoice is a bug', () => {
  const { charge, invoice } = owed(9900n)
  const settle = (payment: Partial<Charge['payment']>) => () =>
    applyOutcome({ ...charge, payment: { ...charge.payment, ...payment } }, invoice, outcomeOf('succeeded'), NOW)
  expect(settle({ amount: 9800n })).toThrow(/must cover its invoice/)
  expect(settle({ invoiceId: charge.payment.invoiceId.replace(/^./, 'f') as typeof invoice.id })).toThrow(
    /is not for invoice/,
  )
})

describe('FR-061 whatever comes later, and however often', () => {
  const outcomes = fc.array(fc.constantFrom(...outcomeKinds), { minLength: 1, maxLength: 12 })

  /** Applies them one after another, as they come. */
  function fold(kinds: readonly (typeof outcomeKinds)[number][]) {
    let { charge, invoice } = owed(9900n)
    const ledger = []
    for (const kind of kinds) {
      const applied = applyOutcome(charge, invoice, outcomeOf(kind), NOW)
      if (applied === null) continue
      charge = applied.charge
      invoice = applied.invoice
      if (applied.ledger) ledger.push(applied.ledger)
    }
    return { charge, invoice, ledger }
  }

  test('an ended attempt is not changed: the first end counts', () => {
    const ends = ['succeeded', 'declined', 'rejected', 'authentication_required']
    fc.assert(
      fc.property(outcomes, (kinds) => {
        const end = kinds.find((kind) => ends.includes(kind))
        const { charge, invoice, ledger } = fold(kinds)
        expect(charge.attempt.outcome).toBe(end ?? kinds.at(-1))
        expect(charge.payment.outcome).toBe(charge.attempt.outcome)
        expect([invoice.status, invoice.settlement.paid, ledger.length]).toEqual(
          end === 'succeeded' ? ['paid', 9900n, 1] : ['open', 0n, 0],
        )
        expect(charge.payment.version).toBe(charge.attempt.version)
      }),
    )
  })

  test('the same word again is no news', () => {
    fc.assert(
      fc.property(outcomes, fc.nat(11), (kinds, place) => {
        const index = place % kinds.length
        expect(fold(kinds.toSpliced(index, 0, ...kinds.slice(index, index + 1)))).toEqual(fold(kinds))
      }),
    )
  })
})

describe('FR-105 what is charged', () => {
  test.each([
    ['USD', 1999n, 1999n, 1999n],
    ['JPY', 1500n, 1500n, 1500n],
    ['KWD', 1239n, 1230n, 1230n],
    ['KWD', 9n, 0n, 0n],
    ['BHD', 1000n, 1000n, 1000n],
    ['ISK', 990n, 990n, 99_000n],
    ['UGX', 15_000n, 15_000n, 1_500_000n],
    ['MGA', 100_050n, 100_000n, 1_000n],
    ['HUF', 1500n, 1500n, 1500n],
  ])('%s %s: %s, told as %s', (code, balance, amount, told) => {
    const currency = code as Currency
    expect(chargeable(balance, currency)).toBe(amount)
    expect(gatewayAmount(amount, currency)).toBe(told)
  })

  test('never more than the balance, and less by what no gateway can carry', () => {
    fc.assert(
      fc.property(fc.constantFrom(...currencyCodes), fc.bigInt(0n, 10n ** 12n), (code, balance) => {
        const currency = findCurrency(code) as Currency
        const rest = balance - chargeable(balance, currency)
        expect(rest >= 0n && rest < unchargeableBelow(currency)).toBe(true)
      }),
    )
  })

  test('is settled together with the rest, and posted: cash, rounding, receivable', () => {
    const { charge, invoice } = owed(1239n, 'KWD')
    const applied = applyOutcome(charge, invoice, { kind: 'succeeded' }, NOW)
    expect(applied?.invoice).toMatchObject({ status: 'paid', settlement: { paid: 1230n, writtenOff: 9n } })
    expect(applied && balanceOf(applied.invoice)).toBe(0n)
    expect(applied?.ledger?.postings).toEqual([
      { ledgerAccount: 'cash', amount: 1230n },
      { ledgerAccount: 'rounding', amount: 9n },
      { ledgerAccount: 'receivable', amount: -1239n },
    ])
  })
})

describe('a decline is', () => {
  const hard =
    'lost_card stolen_card pickup_card restricted_card fraudulent merchant_blacklist invalid_account stop_payment_order security_violation pin_try_exceeded transaction_not_allowed card_not_supported currency_not_supported incorrect_number revocation_of_authorization revocation_of_all_authorizations'
  const customer =
    'authentication_required expired_card incorrect_cvc invalid_expiry_month invalid_expiry_year incorrect_zip'
  const soft =
    'insufficient_funds generic_decline do_not_honor call_issuer card_velocity_exceeded issuer_not_available processing_error anything_else'
  test.each([
    ['hard', hard],
    ['customer', customer],
    ['soft', soft],
  ])('%s by its code: %s', (kind, codes) => {
    for (const code of codes.split(' ')) expect(declineOf(code, null)).toEqual({ kind, code })
  })

  test.each([
    ['do_not_try_again', 'hard'],
    ['confirm_card_data', 'customer'],
    ['try_again_later', 'soft'],
  ])('what the advice %s says, whatever the code: %s', (advice, kind) => {
    for (const code of ['lost_card', 'expired_card', 'insufficient_funds'])
      expect(declineOf(code, advice)).toEqual({ kind, code })
  })

  test('by its code where the advice is none that we know', () => {
    expect(declineOf('lost_card', 'brand_new_advice')).toEqual({ kind: 'hard', code: 'lost_card' })
  })
})
