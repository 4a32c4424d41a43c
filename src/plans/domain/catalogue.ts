import { type Decimal, decimalText } from '../../kernel/decimal.ts'
import { divides, type Interval } from '../../kernel/period.ts'
import type { Charge } from './charge.ts'
import type { Metric } from './metric.ts'
import { type Fault, modelFaults } from './model-faults.ts'
import { intervalName, offersOf, type Terms } from './plan.ts'
import { boundedTiers } from './rating.ts'

export type Warning = { readonly pointer: string; readonly detail: string }

/** Everything wrong with what a plan sells, all at once. */
export function faultsOf(terms: Terms): readonly Fault[] {
  return [
    ...emptinessOf(terms),
    ...terms.charges.flatMap((charge, index) => pointedAt(`/charges/${index}`, modelFaults(charge.model))),
    ...terms.charges.flatMap((charge, index) => pointedAt(`/charges/${index}`, placeFaults(terms, charge, index))),
    ...minimumFaults(terms),
  ]
}

/** Charges for what is not measured, or not measured so that their model can rate it. */
export function metricFaultsOf(charges: readonly Charge[], metrics: readonly Metric[]): readonly Fault[] {
  return charges.flatMap(({ metric: code, model }, index) => {
    const metric = metrics.find((known) => known.code === code)
    if (metric === undefined) {
      const hint = 'create it first with POST /v1/metrics'
      return [{ pointer: `/charges/${index}/metric`, detail: `there is no metric ${code}`, hint }]
    }
    if (model.type !== 'percentage' || metric.aggregation === 'sum' || metric.aggregation === 'count') return []
    const detail = `a percentage is taken of each event, but metric ${code} is the ${metric.aggregation} of them`
    return [{ pointer: `/charges/${index}/model`, detail, hint: 'charge a metric that is a sum or a count' }]
  })
}

/** What can be sold but may be a surprise: volume prices where using more costs less in total. */
export function warningsOf({ charges }: Pick<Terms, 'charges'>): readonly Warning[] {
  return charges.flatMap(({ model, currency }, index) => {
    if (model.type !== 'volume') return []
    const tiers = boundedTiers(model.tiers)
    return tiers.flatMap((tier, entered) => {
      const below = tiers[entered - 1]
      if (below === undefined) return []
      const [before, after] = [below, tier].map(({ unitAmount, flatAmount }) =>
        tier.from.times(unitAmount).plus(flatAmount),
      )
      return before === undefined || after === undefined || after.gte(before)
        ? []
        : [{ pointer: `/charges/${index}/tiers/${entered}`, detail: cliff(tier.from, before, after, currency) }]
    })
  })
}

function cliff(bound: Decimal, before: Decimal, after: Decimal, currency: string): string {
  const [at, from, to] = [bound, before, after].map(decimalText)
  return `the total falls from ${from} to ${to} (minor units of ${currency}) where the quantity passes ${at}: whoever uses a little less pays more`
}

function emptinessOf({ prices, charges }: Terms): readonly Fault[] {
  if (prices.length + charges.length > 0) return []
  const hint = 'add a base price, or a charge for usage'
  return [{ pointer: '/prices', detail: 'must have at least one price, where there is no charge', hint }]
}

/** A charge among the others: once, in a currency that is sold, for an interval that fills every one sold. */
function placeFaults(terms: Terms, charge: Charge, index: number): readonly Fault[] {
  const first = terms.charges.findIndex((other) => subjectOf(other) === subjectOf(charge))
  const faults: Fault[] = []
  if (first < index) {
    const detail = `repeats charge ${first}: the same metric, currency and filters`
    faults.push({ pointer: '', detail, hint: 'keep one of them, or tell them apart by filters' })
  }
  if (!soldIn(terms, charge.currency)) {
    const detail = `the plan has no price in ${charge.currency}, so nobody could be charged`
    faults.push({
      pointer: '/currency',
      detail,
      hint: `add a price in ${charge.currency} ("0" will do), or remove the charge`,
    })
  }
  const { interval } = charge
  const undivided = interval && intervalsIn(terms, charge.currency).find((sold) => !divides(interval, sold))
  if (undivided) {
    const detail = `usage per ${intervalName(interval)} does not divide a price per ${intervalName(undivided)} evenly`
    faults.push({
      pointer: '/interval',
      detail,
      hint: 'choose an interval that fills every interval of the plan, or null',
    })
  }
  return faults
}

/** What the plan is sold by in a currency; without prices, what its charges name. */
function intervalsIn({ prices, charges }: Terms, currency: string): readonly Interval[] {
  const sold = offersOf({ prices, charges }).filter((offer) => offer.currency === currency)
  if (sold.length > 0 || prices.length > 0) return sold.map(({ interval }) => interval)
  // No interval named is filled by all the others: each is at fault that does not fill the first.
  return charges.flatMap((each) => (each.currency === currency && each.interval ? [each.interval] : [])).slice(0, 1)
}

function minimumFaults(terms: Terms): readonly Fault[] {
  return terms.minimums.flatMap(({ currency }, index) => {
    const first = terms.minimums.findIndex((other) => other.currency === currency)
    const pointer = `/minimum/${index}/currency`
    if (first < index) return [{ pointer, detail: `repeats minimum ${first} (${currency})`, hint: 'keep one of them' }]
    if (soldIn(terms, currency)) return []
    const detail = `the plan is not sold in ${currency}`
    return [{ pointer, detail, hint: `add a price in ${currency}, or remove the minimum` }]
  })
}

function soldIn({ prices, charges }: Terms, currency: string): boolean {
  return (prices.length > 0 ? prices : charges).some((sold) => sold.currency === currency)
}

function subjectOf({ metric, currency, filters }: Charge): string {
  return JSON.stringify([metric, currency, Object.entries(filters).sort()])
}

function pointedAt(base: string, faults: readonly Fault[]): readonly Fault[] {
  return faults.map((fault) => ({ ...fault, pointer: base + fault.pointer }))
}
