import type { LineDiscount } from '../../discounts/domain/discount-lines.ts'
import { type Fraction, fractionOf } from '../../kernel/fraction.ts'
import type { Id, IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { allocate, roundHalfAwayFromZero } from '../../kernel/money.ts'
import type { Period } from '../../kernel/period.ts'
import { formatDay, type Zone } from '../../kernel/zone.ts'
import type { Granularity } from '../../organizations/domain/organization.ts'
import { unitsBetween } from '../../subscriptions/domain/periods.ts'
import { type Invoice, isFinal, type Line, type LineTax, netOf } from './invoice.ts'

/** A line whose time still runs: nothing was given back of its rest so far. */
export type LineInForce = {
  readonly line: Line
  readonly invoice: Invoice
  /** What a part of it is reckoned from: its net, or what was paid of it where nobody expects more. */
  readonly charged: bigint
  /** The most that may still be credited. */
  readonly creditable: bigint
}

/**
 * What a subscription was billed for a period and still serves: base and proration charges, but those that a later change
 * took back. Lines of other drafts count, for they will be billed as they are; `except` is the draft that is made anew.
 * `credited` is what credit notes took off each line.
 */
export function linesInForce(
  invoices: readonly Invoice[],
  { subscriptionId, period, except }: About,
  credited: ReadonlyMap<Id<'line'>, bigint>,
): readonly LineInForce[] {
  const counted = invoices.filter(({ id, status }) => id !== except && status !== 'void' && status !== 'deleted')
  const takenBack = new Set(counted.flatMap(({ lines }) => lines.map(({ creditsLineId }) => creditsLineId)))
  return counted.flatMap((invoice) => {
    const limits = limitsOf(invoice)
    return invoice.lines.flatMap((line, index): readonly LineInForce[] => {
      const serves = line.kind === 'base' || line.kind === 'proration_charge'
      const isOwn = line.subscriptionId === subscriptionId && line.period.start >= period.start
      if (!serves || !isOwn || line.period.start >= period.end || takenBack.has(line.id)) return []
      const charged = limits[index] ?? netOf(line)
      const left = netOf(line) - (credited.get(line.id) ?? 0n)
      return [{ line, invoice, charged, creditable: left < charged ? left : charged }]
    })
  })
}

type About = {
  readonly subscriptionId: Id<'subscription'>
  readonly period: Period
  readonly except: Id<'invoice'> | null
}

/**
 * Of an uncollectible invoice at most what was paid is given back, divided over its lines, in their order and net of tax;
 * what was paid is with tax. Undefined where nothing but the line limits it.
 */
export function limitsOf(invoice: Invoice): readonly (bigint | undefined)[] {
  if (!isFinal(invoice) || invoice.status !== 'uncollectible') return []
  const { paid, creditsApplied } = invoice.settlement
  const gross = invoice.lines.map((line) => (netOf(line) > 0n ? netOf(line) + line.tax : 0n))
  if (gross.every((amount) => amount === 0n)) return []
  const parts = allocate(paid + creditsApplied, gross)
  return invoice.lines.map((line, index) => {
    const whole = gross[index] ?? 0n
    return whole === 0n ? 0n : ((parts[index] ?? 0n) * netOf(line)) / whole
  })
}

/** A line that gives back the rest of another, from an instant to the period's end. */
export function creditLine(
  { line, charged, creditable }: Omit<LineInForce, 'invoice'>,
  unused: Unused,
  ids: IdSource,
): Line {
  return {
    ...line,
    id: ids('line'),
    kind: 'proration_credit',
    billingKey: unused.key,
    description: `Unused: ${line.description}, from ${formatDay(unused.from, unused.zone)}`,
    proration: unused.fraction,
    ...creditOf(line, creditable, unused.fraction, charged),
    period: { start: unused.from, end: unused.end },
    creditsLineId: line.id,
  }
}

/**
 * What a part of a line comes to, given back: what was charged of it × unused ÷ its own served time, at most what is
 * left of it. It carries the line's discounts and taxes in the same proportion.
 */
export function creditOf(
  line: Pick<Line, Credited>,
  creditable: bigint,
  fraction: Fraction | null,
  charged = netOf(line),
): Pick<Line, Credited | 'tax'> {
  const { numerator, denominator } = fraction ?? { numerator: 1, denominator: 1 }
  const whole = partOf(netOf(line), numerator, denominator)
  const part = partOf(charged, numerator, denominator)
  const net = part < creditable ? part : creditable
  const isCapped = net < whole
  const discounts = line.discounts.map((discount): LineDiscount => {
    const amount = isCapped ? 0n : -partOf(discount.amount, numerator, denominator)
    return { ...discount, amount }
  })
  const discount = discounts.reduce((sum, one) => sum + one.amount, 0n)
  const taxes = taxesOfCredit(-net, line)
  const tax = taxes.reduce((sum, { amount }) => sum + amount, 0n)
  return { amount: -net + discount, discounts, discount, taxes, tax }
}

/** The taxes of a line in proportion to what is given back of it: `net` is less than zero. */
export function taxesOfCredit(
  net: bigint,
  line: Pick<Line, 'amount' | 'discount' | 'taxes'>,
  taxes: readonly LineTax[] = line.taxes,
): readonly LineTax[] {
  const whole = netOf(line)
  return taxes.map((tax) => ({ ...tax, amount: whole === 0n ? 0n : roundHalfAwayFromZero(tax.amount * net, whole) }))
}

type Credited = 'amount' | 'discounts' | 'discount' | 'taxes'

export type Unused = {
  readonly from: Instant
  readonly end: Instant
  readonly fraction: Fraction | null
  readonly key: string
  readonly zone: Zone
}

/** unused ÷ served: from the instant to where the period ends now, of the time the line was billed for. */
export function unusedOf(
  { period }: Line,
  { from, end, granularity, zone }: Pick<Unused, 'from' | 'end' | 'zone'> & { readonly granularity: Divided },
): Fraction | null {
  const served = unitsBetween(period.start, period.end, granularity, zone)
  const unused = unitsBetween(from, end, granularity, zone)
  // A stub within one local day has no days to divide: what is left of it is all of it, or nothing.
  if (served === 0) return fractionOf(unitsBetween(from, end, 'second', zone) > 0 ? 1 : 0, 1)
  return fractionOf(unused < served ? unused : served, served)
}

type Divided = Exclude<Granularity, 'none'>

function partOf(amount: bigint, numerator: number, denominator: number): bigint {
  return roundHalfAwayFromZero(amount * BigInt(numerator), BigInt(denominator))
}
