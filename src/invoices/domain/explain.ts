import type { LineDiscount } from '../../discounts/domain/discount-lines.ts'
import type { Id } from '../../kernel/id.ts'
import { minusRatio, type Ratio, ratio, roundRatio } from '../../kernel/ratio.ts'
import type { Charge } from '../../plans/domain/charge.ts'
import type { PlanVersion } from '../../plans/domain/plan.ts'
import { type Invoice, type Line, type LineTax, netOf, type TaxAmount } from './invoice.ts'
import { chargeOfLine, type Derivation, decimalWithSign, minus, type Workings, workingsOf } from './workings.ts'

/** One discount of a line: what there was, what it took, what it left. */
type DiscountStep = Pick<LineDiscount, 'couponCode' | 'scope' | 'percent'> & {
  readonly before: bigint
  readonly taken: bigint
  readonly after: bigint
}

/** Where one line's amount comes from. */
export type LineExplanation = {
  readonly line: Line
  /** The version it was priced by; null on what somebody wrote by hand. */
  readonly version: PlanVersion | null
  /** The metered price of usage; null of all else, and where its version names several. */
  readonly charge: Charge | null
  /** Null where the line that it credits is gone. */
  readonly rounding: Rounding | null
  readonly discounts: readonly DiscountStep[]
  readonly net: bigint
  readonly taxes: readonly LineTax[]
  readonly sentence: string
}

export type Rounding = {
  /** Before it was rounded. */
  readonly exact: Ratio
  /** Half away from zero. */
  readonly rounded: bigint
  /** Rounded − exact. */
  readonly by: Ratio
  /** Taken off after the rounding: what was billed before of the same usage, or what a minimum is covered by. */
  readonly less: bigint
  /** What a credit was cut to because no more was left of the line; null where it was not. */
  readonly cappedTo: bigint | null
}

/** One tax on the whole of the invoice; `exact` is its rate on what is taxed by it, null where no rate was told. */
type TaxExplanation = { readonly tax: TaxAmount; readonly sentence: string }

export type Explanation = { readonly lines: readonly LineExplanation[]; readonly taxes: readonly TaxExplanation[] }

/** The derivation of every line, of its discounts and of the invoice's taxes. */
export function explainInvoice(invoice: Invoice, derivation: Derivation): Explanation {
  return {
    lines: invoice.lines.map((line) => explainLine(line, invoice, derivation)),
    taxes: invoice.taxes.map((tax) => ({ tax, sentence: taxSentence(tax) })),
  }
}

function explainLine(line: Line, invoice: Invoice, derivation: Derivation): LineExplanation {
  const workings = workingsOf(line, derivation)
  const discounts = discountSteps(line)
  return {
    line,
    version: line.planVersionId === null ? null : (derivation.versions.get(line.planVersionId) ?? null),
    charge: chargeOfLine(line, invoice, derivation),
    rounding: workings && roundingOf(line, workings),
    discounts,
    net: netOf(line),
    taxes: line.taxes,
    sentence: `${workings === null ? minus(line.amount) : amountText(line, workings)}${discounts.map(discountText).join('')}`,
  }
}

function roundingOf(line: Line, { exact, less }: Workings): Rounding {
  const rounded = roundRatio(exact)
  const isCapped = line.creditsLineId !== null && netOf(line) > rounded
  return {
    ...{ exact, rounded, less },
    by: minusRatio(ratio(rounded), exact),
    cappedTo: isCapped ? netOf(line) : null,
  }
}

/** `5 × 9900 × 15/30 = 24750 → 24750` */
function amountText(line: Line, { exact, less, text }: Workings): string {
  const rounded = roundRatio(exact)
  const computed = `${text} ${decimalWithSign(exact)} → ${minus(rounded)}`
  if (line.creditsLineId !== null) return `${computed}${creditText(line, rounded)}`
  if (less === 0n) return computed
  const why = line.covered === null ? 'billed before' : 'covered'
  return `${computed}; − ${minus(less)} ${why} = ${minus(line.amount)}`
}

/** A credit is reckoned after discounts, so its amount before them follows from what it gives back. */
function creditText(line: Line, rounded: bigint): string {
  const cap = netOf(line) > rounded ? `, of which ${minus(netOf(line))} is left to credit` : ''
  return line.discount === 0n ? cap : `${cap}; ${minus(line.amount)} before discounts`
}

function discountSteps({ amount, discounts }: Line): readonly DiscountStep[] {
  let before = amount
  return discounts.map(({ couponCode, scope, percent, amount: taken }) => {
    const step = { couponCode, scope, percent, before, taken, after: before - taken }
    before = step.after
    return step
  })
}

function discountText({ couponCode, percent, taken, after }: DiscountStep): string {
  const what = percent === null ? couponCode : `${percent} % (${couponCode})`
  return `; ${taken < 0n ? '+' : '−'} ${taken < 0n ? -taken : taken} by ${what} = ${minus(after)}`
}

/** `VAT 19 % of 9900 = 1881 → 1881`; a credit's share is of the line it credits, so that only the sum is told then. */
function taxSentence({ name, percent, taxable, amount }: TaxAmount): string {
  if (percent === null) return `${name} on ${minus(taxable)} → ${minus(amount)}`
  return `${name} ${percent} % of ${minus(taxable)} → ${minus(amount)}`
}

/** The lines that an invoice's credits give back, which may be on other invoices. */
export function creditedLinesOf({ lines }: Pick<Invoice, 'lines'>): readonly Id<'line'>[] {
  return lines.flatMap(({ creditsLineId }) => (creditsLineId === null ? [] : [creditsLineId]))
}
