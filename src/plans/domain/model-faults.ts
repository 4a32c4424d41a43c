import { decimal } from '../../kernel/decimal.ts'
import type { ModelType, PriceModel, Tier } from './charge.ts'

/** A member that cannot be sold as it is, by its JSON pointer on the wire; `hint` says how to put it right. */
export type Fault = { readonly pointer: string; readonly detail: string; readonly hint: string }

/** What a model says that no quantity can be rated by. Pointers are from the charge. */
export function modelFaults<T extends ModelType>(model: PriceModel<T>): readonly Fault[] {
  return faults[model.type](model)
}

const faults: { readonly [T in ModelType]: (model: PriceModel<T>) => readonly Fault[] } = {
  standard: () => [],
  graduated: ({ tiers }) => tierFaults(tiers),
  volume: ({ tiers }) => tierFaults(tiers),
  package: ({ packageSize }) =>
    decimal(packageSize).gt(0)
      ? []
      : [{ pointer: '/package_size', detail: 'is nothing', hint: 'give the units that one package holds' }],
  percentage: percentageFaults,
}

const MAX_PERCENT = '100'

function percentageFaults({ rate, perEventMin, perEventMax }: PriceModel<'percentage'>): readonly Fault[] {
  const found: Fault[] = []
  if (decimal(rate).lt(0) || decimal(rate).gt(MAX_PERCENT)) {
    const hint = 'give a rate from 0 to 100, "2.5" for two and a half percent'
    found.push({ pointer: '/rate', detail: `${rate} % is no share of an amount`, hint })
  }
  if (perEventMin !== null && perEventMax !== null && decimal(perEventMin).gt(decimal(perEventMax))) {
    const detail = `is more than the maximum, ${perEventMax}`
    found.push({ pointer: '/per_event_min', detail, hint: 'lower it, or raise per_event_max' })
  }
  return found
}

/** Tiers follow each other without gap or overlap, because each begins where the one before ends: only bounds can be wrong. */
function tierFaults(tiers: readonly Tier[]): readonly Fault[] {
  if (tiers.length === 0) {
    const hint = 'give one tier with up_to null for a single price'
    return [{ pointer: '/tiers', detail: 'must have at least one tier', hint }]
  }
  return tiers.flatMap(({ upTo }, index) => {
    const fault = boundFault(upTo, tiers[index - 1]?.upTo ?? '0', index === tiers.length - 1)
    return fault === null ? [] : [{ pointer: `/tiers/${index}/up_to`, ...fault }]
  })
}

function boundFault(upTo: string | null, from: string, isLast: boolean): Omit<Fault, 'pointer'> | null {
  if (isLast) {
    return upTo === null
      ? null
      : { detail: `leaves what is beyond ${upTo} without a price`, hint: 'give the last tier up_to null' }
  }
  if (upTo === null) {
    return {
      detail: 'is open, so the tiers after it are never reached',
      hint: 'give it a bound, or move it to the end',
    }
  }
  if (decimal(upTo).gt(decimal(from))) return null
  return { detail: `is not above ${from}, where the tier begins`, hint: 'list the tiers by rising up_to' }
}
