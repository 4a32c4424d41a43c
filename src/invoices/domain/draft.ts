import type { Currency } from '../../kernel/currency.ts'
import { decimal } from '../../kernel/decimal.ts'
import type { Id, IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { MAX_MINOR, roundHalfAwayFromZero } from '../../kernel/money.ts'
import type { Period } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { formatDay, type Zone } from '../../kernel/zone.ts'
import type { Billable } from '../../subscriptions/domain/billable.ts'
import type { DraftInvoice, Line } from './invoice.ts'

/** What an invoice is about. */
export type DraftFor = {
  readonly organizationId: Id<'organization'>
  readonly accountId: Id<'account'>
  readonly subscriptionId: Id<'subscription'>
  readonly currency: Currency
  readonly zone: Zone
  readonly reason: DraftInvoice['reason']
  readonly period: Period
  readonly at: Instant
}

/** Prices what is to be billed, before tax. Refused where an amount is more than the wire can carry (2^53 − 1). */
export function draftInvoice(
  { zone, at, ...about }: DraftFor,
  billables: readonly Billable[],
  ids: IdSource,
): Result<DraftInvoice, Rejection> {
  const id = ids('invoice')
  const lines = billables.map((billable) => lineOf(billable, zone, ids))
  const subtotal = lines.reduce((sum, line) => sum + line.amount, 0n)
  const largest = lines.reduce((most, { amount }) => (amount > most ? amount : most), subtotal)
  if (largest > MAX_MINOR / 2n) return err(tooLarge(largest))
  return ok({
    ...about,
    id,
    version: 1,
    status: 'draft',
    issuedAt: at,
    lines,
    subtotal,
    discount: 0n,
    tax: 0n,
    taxes: [],
    total: subtotal,
  })
}

function lineOf(billable: Billable, zone: Zone, ids: IdSource): Line {
  const { subscriptionId, planVersionId, kind, quantity, unitAmount, period } = billable
  return {
    id: ids('line'),
    ...{ subscriptionId, planVersionId, kind, quantity, unitAmount, period },
    billingKey: billable.key,
    description: describe(billable, zone),
    amount: lineAmount(quantity, unitAmount),
    tax: 0n,
  }
}

/** quantity × unit amount in minor units: exact, then rounded once, half away from zero. */
function lineAmount(quantity: string, unitAmount: string): bigint {
  return roundHalfAwayFromZero(decimal(quantity).times(decimal(unitAmount)), 1n)
}

/** `Pro × 5, 31 Jan – 28 Feb 2026`: the days the period starts and ends on, in the subscription's zone. */
function describe({ name, quantity, period }: Billable, zone: Zone): string {
  const start = formatDay(period.start, zone)
  const end = formatDay(period.end, zone)
  const from = start.slice(-4) === end.slice(-4) ? start.slice(0, -5) : start
  return `${name}${quantity === '1' ? '' : ` × ${quantity}`}, ${from} – ${end}`
}

/** Half of the wire's limit, so that tax cannot carry the total over it. */
function tooLarge(amount: bigint): Rejection {
  return {
    code: 'amount_too_large',
    detail: `The invoice would come to ${amount} minor units; ${MAX_MINOR / 2n} is the most.`,
    hint: 'Lower the quantity or the price.',
    pointer: '/quantity',
  }
}
