import { takenOff } from '../../discounts/domain/discount-lines.ts'
import { decimal, decimalText } from '../../kernel/decimal.ts'
import type { PriceModel } from '../../plans/domain/charge.ts'
import { type RatedPart, rate } from '../../plans/domain/rating.ts'
import { lineAmount, type Priced } from '../../subscriptions/domain/billable.ts'
import { type FinalInvoice, type Invoice, isFinal, type Line, netOf } from './invoice.ts'
import { creditOf } from './proration.ts'
import { chargeOfLine, type Derivation } from './workings.ts'

/** Something stored that is not what its inputs come to. `pointer` is a JSON pointer into the invoice on the wire. */
export type Difference = { readonly pointer: string; readonly stored: string; readonly computed: string }

/**
 * Computes an invoice again from the inputs that are stored with it, by the functions that made it: prices, tiers, discounts
 * in percent, credits, sums, and what it says of its settlement. What was only told, such as amounts of coupons that were
 * divided over lines and taxes computed elsewhere, is checked by its sums.
 */
export function differencesIn(invoice: Invoice, derivation: Derivation): readonly Difference[] {
  return [
    ...invoice.lines.flatMap((line, index) =>
      inLine(line, invoice, derivation).map((one) => ({ ...one, pointer: `/lines/${index}${one.pointer}` })),
    ),
    ...inSums(invoice),
    ...(isFinal(invoice) ? inSettlement(invoice) : []),
  ]
}

/** None, or the one. */
export function unless(pointer: string, stored: bigint | string, computed: bigint | string): readonly Difference[] {
  return String(stored) === String(computed) ? [] : [{ pointer, stored: String(stored), computed: String(computed) }]
}

function inLine(line: Line, invoice: Invoice, derivation: Derivation): readonly Difference[] {
  const sum = (parts: readonly { readonly amount: bigint }[]) => parts.reduce((total, { amount }) => total + amount, 0n)
  return [
    ...(line.creditsLineId === null ? inPrice(line, invoice, derivation) : inCredit(line, derivation)),
    ...(line.creditsLineId === null ? inDiscounts(line) : []),
    ...unless('/discount', line.discount, sum(line.discounts)),
    ...unless('/tax', line.tax, sum(line.taxes)),
  ]
}

function inPrice(line: Line, invoice: Invoice, derivation: Derivation): readonly Difference[] {
  const found = unless('/amount', line.amount, lineAmount(pricedOf(line)))
  if (line.usage === null) return found
  const model = chargeOfLine(line, invoice, derivation)?.model ?? null
  return [...found, ...line.usage.parts.flatMap(inPart), ...inModel(line, model)]
}

/** What a line's amount was computed from. */
function pricedOf({ usage, covered, quantity, unitAmount, proration }: Line): Priced {
  if (usage !== null) return { kind: 'usage', quantity, proration, parts: usage.parts, earlier: usage.earlier }
  const price = { quantity, proration, unitAmount: unitAmount ?? '0' }
  return covered === null ? { kind: 'base', ...price } : { kind: 'minimum', ...price, covered }
}

function inPart({ quantity, unitAmount, flatAmount, amount }: RatedPart, index: number): readonly Difference[] {
  const computed = decimal('0').plus(quantity).times(unitAmount).plus(flatAmount)
  return unless(`/tiers/${index}/amount`, amount, decimalText(computed))
}

/**
 * The tiers of the price that it names. A percentage needs its events, and where a price changed within the period a line is
 * a difference of two: these are checked by their parts alone.
 */
function inModel({ usage, quantity }: Line, model: PriceModel | null): readonly Difference[] {
  const parts = usage?.parts ?? []
  const whole = parts.reduce((sum, part) => sum.plus(part.quantity), decimal('0'))
  if (model === null || model.type === 'percentage' || decimalText(whole) !== quantity) return []
  return unless('/tiers', partsText(parts), partsText(rate(model, { quantity }).parts))
}

/** Whatever order the database keeps members in. */
function partsText(parts: readonly RatedPart[]): string {
  return JSON.stringify(
    parts.map(({ from, upTo, quantity, unitAmount, flatAmount, amount }) => [
      ...[from, upTo, quantity, unitAmount, flatAmount, amount],
    ]),
  )
}

/** Each percentage takes its part of what the ones before it left. */
function inDiscounts({ amount, discounts }: Line): readonly Difference[] {
  let before = amount
  return discounts.flatMap(({ percent, amount: taken }, index) => {
    const left = before > 0n ? before : 0n
    before -= taken
    const pointer = `/discounts/${index}/amount`
    if (percent !== null) return unless(pointer, taken, takenOff({ type: 'percent', percent }, [left])[0] ?? 0n)
    return taken > 0n && taken <= left ? [] : [{ pointer, stored: String(taken), computed: `1 to ${left}` }]
  })
}

/** What is given back of a line, with its discounts and taxes; less where credit notes had left less of it. */
function inCredit(line: Line, { credited }: Derivation): readonly Difference[] {
  const source = line.creditsLineId === null ? undefined : credited.get(line.creditsLineId)
  if (source === undefined) return unless('/credits_line', line.creditsLineId ?? '', '')
  const stored = -netOf(line)
  const whole = creditOf(source, netOf(source), line.proration)
  const computed = stored < -netOf(whole) ? creditOf(source, stored, line.proration) : whole
  return [
    ...unless('/amount', line.amount, computed.amount),
    ...line.discounts.flatMap(({ amount }, index) =>
      unless(`/discounts/${index}/amount`, amount, computed.discounts[index]?.amount ?? 0n),
    ),
    ...line.taxes.flatMap(({ amount }, index) =>
      unless(`/taxes/${index}/amount`, amount, computed.taxes[index]?.amount ?? 0n),
    ),
  ]
}

function inSums(invoice: Invoice): readonly Difference[] {
  const sum = (part: (line: Line) => bigint) => invoice.lines.reduce((total, line) => total + part(line), 0n)
  const { subtotal, discount, tax, total } = invoice
  return [
    ...unless(
      '/subtotal',
      subtotal,
      sum(({ amount }) => amount),
    ),
    ...unless(
      '/discount',
      discount,
      sum((line) => line.discount),
    ),
    ...unless(
      '/tax',
      tax,
      sum((line) => line.tax),
    ),
    ...unless('/total', total, subtotal - discount + tax),
  ]
}

/** total = paid + credits applied + credit notes + written off + balance; nothing is owed but by an open one. */
function inSettlement({ status, total, settlement }: FinalInvoice): readonly Difference[] {
  const { paid, creditsApplied, creditNotes, writtenOff } = settlement
  const balance = total - paid - creditsApplied - creditNotes - writtenOff
  if (status === 'open')
    return balance > 0n ? [] : [{ pointer: '/balance', stored: String(balance), computed: 'above 0' }]
  return unless('/balance', balance, 0n)
}
