import type { Address } from './objects.ts'
import { textOrNull } from './operation.ts'

export const emptyAddress: Address = {
  city: null,
  country: null,
  line1: null,
  line2: null,
  postal_code: null,
  state: null,
}

/** Given fields are merged into the present ones; an empty value for the whole clears it. */
export function mergedAddress(present: Address | null, change: unknown): Address | null {
  if (change === '' || change === null) return null
  const given = Object.entries(change as Record<string, string>).map(([key, value]) => [key, textOrNull(value)])
  return { ...emptyAddress, ...present, ...Object.fromEntries(given) }
}
