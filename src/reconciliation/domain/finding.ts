import type { GatewayEntry } from '../../payments/domain/gateway-entry.ts'
import type { Subject } from './books.ts'
import type { Difference } from './difference.ts'

/** A difference as a comparison finds it; whether it is a new one is decided later. */
export type Finding = Pick<
  Difference,
  'kind' | 'gatewayObject' | 'object' | 'expected' | 'actual' | 'currency' | 'detail'
>

/** What makes two findings the same one. */
export function keyOf({ kind, gatewayObject }: Pick<Finding, 'kind' | 'gatewayObject'>): string {
  return `${kind} ${gatewayObject}`
}

type Entry = Pick<GatewayEntry, 'id' | 'kind' | 'gatewayObject' | 'currency'>
type Said = Pick<Subject, 'object' | 'status' | 'amount' | 'currency'>

/** Money that names something which is not here, or is here without it. */
export function unknown(entry: Entry, actual: bigint, object: string): Finding {
  const detail = `${moved(entry, actual)} It belongs to ${object}, and nothing here says so.`
  return { kind: 'unknown_here', object, expected: null, ...thereOf(entry, actual), detail }
}

/** Money of something that has its entry already. */
export function movedTwice(entry: Entry, actual: bigint, object: string, first: string): Finding {
  const detail = `${moved(entry, actual)} It belongs to ${object}, whose money is ${first} already.`
  return { kind: 'unknown_here', object, expected: null, ...thereOf(entry, actual), detail }
}

export function undocumented(entry: Entry, actual: bigint, object: string): Finding {
  const detail = `${moved(entry, actual)} It was given back at the gateway, and no credit note says so.`
  return { kind: 'without_document', object, expected: null, ...thereOf(entry, actual), detail }
}

export function notSettled(entry: Entry, actual: bigint, { object, status }: Said): Finding {
  const detail = `${moved(entry, actual)} Here ${object} is ${status}.`
  return { kind: 'not_settled_here', object, expected: 0n, ...thereOf(entry, actual), detail }
}

export function amountDiffers(entry: Entry, actual: bigint, { object, amount }: Said): Finding {
  const detail = `${moved(entry, actual)} Here ${object} is of ${amount}.`
  return { kind: 'amount', object, expected: amount, ...thereOf(entry, actual), detail }
}

/** `currency` is ours, and `actual` is in the gateway's. */
export function currencyDiffers(entry: Entry, actual: bigint, { object, amount, currency }: Said): Finding {
  const detail = `${moved(entry, actual)} Here ${object} is of ${amount} ${currency}.`
  return { kind: 'currency', object, expected: amount, ...thereOf(entry, actual), currency, detail }
}

/** What is told of an entry goes by the entry's id; what has none, by the gateway's id of what should have one. */
export function notInBooks(gatewayObject: string, { object, amount, currency }: Said): Finding {
  const detail = `Here ${object} succeeded with ${amount} ${currency} in minor units. The gateway has no such money for ${gatewayObject}.`
  return { kind: 'missing_there', gatewayObject, object, expected: amount, actual: null, currency, detail }
}

function thereOf({ id: gatewayObject, currency }: Entry, actual: bigint) {
  return { gatewayObject, actual, currency }
}

const words = {
  charge: 'charge of',
  charge_failure: 'failed charge of',
  refund: 'refund',
  refund_failure: 'failed refund',
  dispute: 'dispute',
  dispute_reversal: 'won dispute',
  other: 'movement',
} as const satisfies Record<GatewayEntry['kind'], string>

function moved({ id, kind, gatewayObject, currency }: Entry, actual: bigint): string {
  return `The gateway’s ${words[kind]} ${gatewayObject} moved ${actual} ${currency} in minor units (${id}).`
}
