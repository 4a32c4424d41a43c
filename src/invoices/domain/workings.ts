import { decimal } from '../../kernel/decimal.ts'
import type { Fraction } from '../../kernel/fraction.ts'
import type { Id } from '../../kernel/id.ts'
import { type Ratio, ratio, ratioDecimal } from '../../kernel/ratio.ts'
import type { Charge } from '../../plans/domain/charge.ts'
import type { PlanVersion } from '../../plans/domain/plan.ts'
import type { RatedPart } from '../../plans/domain/rating.ts'
import { nameOfFilters } from '../../subscriptions/domain/usage-billable.ts'
import { type Invoice, type Line, netOf } from './invoice.ts'

/** What invoices are derived from besides themselves. */
export type Derivation = {
  readonly versions: ReadonlyMap<Id<'plan_version'>, PlanVersion>
  /** The lines that its credits give back. */
  readonly credited: ReadonlyMap<Id<'line'>, Line>
}

/** How a line's amount came about: `exact` is rounded once, and `less` is taken off the rounded value. */
export type Workings = {
  readonly exact: Ratio
  readonly less: bigint
  /** `5 × 9900 × 15/30` */
  readonly text: string
}

/** Null for a credit whose credited line is not known. */
export function workingsOf(line: Line, { credited }: Pick<Derivation, 'credited'>): Workings | null {
  const { quantity, unitAmount, usage, proration, covered, creditsLineId } = line
  if (creditsLineId !== null) {
    const source = credited.get(creditsLineId)
    return source === undefined ? null : creditWorkings(line, source)
  }
  if (usage !== null) {
    const exact = usage.parts.reduce((sum, { amount }) => sum.plus(amount), decimal('0'))
    return { exact: ratio(exact), less: usage.earlier, text: usage.parts.map(partText).join(' + ') || '0' }
  }
  const { numerator, denominator } = proration ?? { numerator: 1, denominator: 1 }
  const price = unitAmount ?? '0'
  const exact = decimal(quantity).times(decimal(price)).times(numerator)
  const text = `${quantity} × ${price}${partOfText(proration)}`
  return { exact: ratio(exact, BigInt(denominator)), less: covered ?? 0n, text }
}

/** What is given back is net of discounts; the line shows it as price and discount again. */
function creditWorkings({ proration }: Line, source: Line): Workings {
  const { numerator, denominator } = proration ?? { numerator: 1, denominator: 1 }
  const net = netOf(source)
  const text = source.discount === 0n ? `${net}` : `(${source.amount} − ${source.discount})`
  return {
    exact: ratio(-net * BigInt(numerator), BigInt(denominator)),
    less: 0n,
    text: `−${text}${partOfText(proration)}`,
  }
}

function partOfText(proration: Fraction | null): string {
  return proration === null ? '' : ` × ${proration.numerator}/${proration.denominator}`
}

function partText({ quantity, unitAmount, flatAmount }: RatedPart): string {
  return flatAmount === '0' ? `${quantity} × ${unitAmount}` : `${quantity} × ${unitAmount} + ${flatAmount}`
}

/** `≈ 666.666666666667`, or `= 24750` where the decimal is all of it. */
export function decimalWithSign(exact: Ratio): string {
  const { text, isExact } = ratioDecimal(exact)
  return `${isExact ? '=' : '≈'} ${minus(text)}`
}

/** With a minus as people write it. */
export function minus(value: bigint | string): string {
  return String(value).replace('-', '−')
}

/** The metered price that made a line: of several for one metric, the one whose filters its key names. */
export function chargeOfLine(
  { usage, planVersionId, billingKey }: Line,
  { currency }: Pick<Invoice, 'currency'>,
  { versions }: Pick<Derivation, 'versions'>,
): Charge | null {
  const version = planVersionId === null ? undefined : versions.get(planVersionId)
  if (usage === null || version === undefined) return null
  const own = version.charges.filter((charge) => charge.metric === usage.metric && charge.currency === currency)
  const named = own.find(({ metric, filters }) => billingKey?.endsWith(`:${metric}:${nameOfFilters(filters)}`))
  return named ?? (own.length === 1 ? (own[0] ?? null) : null)
}
