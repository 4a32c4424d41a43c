import { resourceMissing } from './errors.ts'
import type { Metadata } from './objects.ts'
import type { Parameters } from './parameters.ts'
import type { Decline } from './test-methods.ts'
import type { World } from './world.ts'

/** What an operation may know. Operations are synchronous: whatever one does, it does whole. */
export type Context = {
  readonly world: World
  readonly path: Readonly<Record<string, string>>
  readonly parameters: Parameters
  readonly requestId: string
  readonly idempotencyKey: string | null
  /** The emulator's own address, for the pages it sends customers to. */
  readonly baseUrl: string
  /** Set by the `decline` fault: the issuer says no to this one, whatever the card. */
  readonly decline: Decline | undefined
}

export type Handler = (context: Context) => object

/**
 * Gives a handler the SDK's type of its parameters. The cast is sound because `parameters.ts` has checked them
 * against a document derived from those types.
 */
export function operation<P>(execute: (context: Context, parameters: P) => object): Handler {
  return (context) => execute(context, context.parameters as P)
}

/** The object a path names, or Stripe's 404. */
export function inPath<T>(context: Context, from: ReadonlyMap<string, T>, noun: string, name: string): T {
  const id = context.path[name] ?? ''
  const found = from.get(id)
  if (!found) throw resourceMissing(noun, id, name, true)
  return found
}

/** The object a parameter names, or Stripe's 400. */
export function inParameter<T>(from: ReadonlyMap<string, T>, noun: string, id: string, name: string): T {
  const found = from.get(id)
  if (!found) throw resourceMissing(noun, id, name, false)
  return found
}

/** Stripe reads an empty string as "unset". */
export function textOrNull(value: string | null | undefined): string | null {
  return value === undefined || value === '' ? null : value
}

/** Keys are merged, a key with an empty value goes, an empty value for all of them clears all. */
export function mergeMetadata(present: Metadata, change: unknown): Metadata {
  if (change === undefined) return present
  if (change === null || change === '') return {}
  const merged = { ...present, ...(change as Metadata) }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''))
}

/** Copies the named parameters that were given; an empty one becomes null. */
export function assignGiven<T extends object>(
  target: T,
  parameters: Parameters,
  names: readonly (keyof T & string)[],
): void {
  for (const name of names) {
    const value = parameters[name]
    if (value !== undefined) Object.assign(target, { [name]: value === '' ? null : value })
  }
}
