import { StripeError } from './errors.ts'
import type { Answer } from './exchange.ts'
import { now, type World } from './world.ts'

/** A key is in flight while `answer` is null. */
export type IdempotencyRecord = {
  readonly fingerprint: string
  readonly requestId: string
  readonly created: number
  answer: Answer | null
}

const kept_s = 24 * 60 * 60
const maxKeyLength = 255

export type Claim =
  | { readonly kind: 'new' }
  | { readonly kind: 'replay'; readonly answer: Answer; readonly original: string }

/**
 * Looks the key up before anything executes. Refuses a key in flight (409) and a key used for another request (400);
 * a stored answer, whether 200, 402 or 500, is replayed as it was.
 */
export function claimKey(world: World, key: string, fingerprint: string, requestId: string): Claim {
  if (key.length > maxKeyLength) {
    throw new StripeError(400, {
      type: 'idempotency_error',
      message: `Idempotency keys may have at most ${maxKeyLength} characters.`,
    })
  }
  forgetOldKeys(world)
  const known = world.state.idempotency.get(key)
  if (!known) {
    world.state.idempotency.set(key, { fingerprint, requestId, created: now(world), answer: null })
    return { kind: 'new' }
  }
  if (known.fingerprint !== fingerprint) throw usedForOther(key)
  if (known.answer === null) throw keyInUse(key)
  return { kind: 'replay', answer: known.answer, original: known.requestId }
}

/** Has this key an answer that a further request would only replay? */
export function isAnswered(world: World, key: string | null): boolean {
  return key !== null && (world.state.idempotency.get(key)?.answer ?? null) !== null
}

export function storeAnswer(world: World, key: string, answer: Answer): void {
  const record = world.state.idempotency.get(key)
  if (record) record.answer = answer
}

/** For answers Stripe does not keep: the key is as if it had never been seen. */
export function releaseKey(world: World, key: string): void {
  world.state.idempotency.delete(key)
}

export function keyInUse(key: string): StripeError {
  return new StripeError(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
  })
}

function usedForOther(key: string): StripeError {
  return new StripeError(400, {
    type: 'idempotency_error',
    message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
  })
}

/** Insertion order is age order, so the scan ends at the first key that is still young. */
function forgetOldKeys(world: World): void {
  for (const [key, record] of world.state.idempotency) {
    if (record.created > now(world) - kept_s) return
    world.state.idempotency.delete(key)
  }
}
