import { operationsOfDocument } from './document.ts'
import { invalidRequest, StripeError } from './errors.ts'
import { keyInUse } from './idempotency.ts'
import type { Decline } from './test-methods.ts'
import type { World } from './world.ts'

/** What each fault does is told in README.md. */
const faultKinds = [
  'drop_before',
  'execute_then_drop',
  'delay',
  'truncate',
  'conflict_409',
  'rate_limited_429',
  'lock_timeout_429',
  'stored_500',
  'decline',
] as const

type FaultKind = (typeof faultKinds)[number]

export type Fault = {
  readonly match: { readonly operation?: string; readonly path?: string }
  /** How many more requests it hits; the fault is gone at zero. */
  times: number
  readonly fault: FaultKind
  readonly delay_ms?: number
  /**
   * For `delay`: does the operation take effect before the wait (default) or after it? For `stored_500`: at once, when
   * things settle, or never (default)?
   */
  readonly executes?: 'before' | 'after' | 'never'
  readonly decline_code?: string
  readonly advice_code?: string
}

const maxFaults = 1_000
const maxDelay_ms = 120_000
const adviceCodes = ['confirm_card_data', 'do_not_try_again', 'try_again_later']

/** Takes the first fault that matches, and counts it down. A replay executes nothing, so it uses up no decline. */
export function takeFault(world: World, operation: string, path: string, isReplay: boolean): Fault | undefined {
  const fault = world.faults.find(({ match, fault: kind }) => {
    if (isReplay && (kind === 'decline' || kind === 'stored_500')) return false
    return (match.operation ?? operation) === operation && (match.path ?? path) === path
  })
  if (!fault) return undefined
  fault.times -= 1
  if (fault.times <= 0) world.faults.splice(world.faults.indexOf(fault), 1)
  return fault
}

/** The refusals that a fault makes up before the idempotency layer: nothing executes, nothing is stored. */
const refusals = {
  conflict_409: (key: string) => keyInUse(key),
  rate_limited_429: () =>
    busy(
      'rate_limit',
      'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
    ),
  lock_timeout_429: () =>
    busy(
      'lock_timeout',
      'This object cannot be accessed right now because another API request or Stripe process is currently accessing it.',
    ),
}

export function isRefusal(kind: FaultKind): kind is keyof typeof refusals {
  return Object.hasOwn(refusals, kind)
}

export function refusalOf(kind: keyof typeof refusals, idempotencyKey: string): StripeError {
  return refusals[kind](idempotencyKey)
}

function busy(code: string, message: string): StripeError {
  return new StripeError(429, { type: 'invalid_request_error', code, message })
}

export function declineOf(fault: Fault): Decline {
  const decline_code = fault.decline_code ?? 'generic_decline'
  const code = ownErrorCodes.has(decline_code) ? decline_code : 'card_declined'
  const advice = fault.advice_code === undefined ? {} : { advice_code: fault.advice_code }
  return { code, decline_code, ...advice }
}

/** Declines that https://docs.stripe.com/error-codes lists as codes of their own. */
const ownErrorCodes = new Set([
  'authentication_required',
  'expired_card',
  'incorrect_cvc',
  'incorrect_number',
  'incorrect_zip',
  'processing_error',
])

/** Adds a fault from the control route; whoever misspells an operation shall hear of it. */
export function addFault(world: World, input: unknown): Fault {
  const fault = toFault(input)
  if (world.faults.length >= maxFaults) throw invalidRequest(`At most ${maxFaults} faults`)
  world.faults.push(fault)
  return fault
}

function toFault(input: unknown): Fault {
  const value = (input ?? {}) as Partial<Fault>
  const { fault: kind, match = {}, times = 1, delay_ms, executes, advice_code, decline_code } = value
  if (!kind || !faultKinds.includes(kind)) throw invalidRequest(`fault is one of ${faultKinds.join(', ')}`)
  if (match.operation !== undefined && !operationsOfDocument.some((operation) => operation.id === match.operation)) {
    throw invalidRequest(`openapi.json has no operation ${match.operation}`)
  }
  if (!Number.isInteger(times) || times < 1) throw invalidRequest('times is a positive integer')
  const delayed = delay_ms !== undefined && delay_ms >= 0 && delay_ms <= maxDelay_ms
  if (kind === 'delay' && !delayed) throw invalidRequest(`delay needs delay_ms, at most ${maxDelay_ms}`)
  if (advice_code !== undefined && !adviceCodes.includes(advice_code)) {
    throw invalidRequest(`advice_code is one of ${adviceCodes.join(', ')}`)
  }
  return {
    match,
    times,
    fault: kind,
    ...(delay_ms === undefined ? {} : { delay_ms }),
    ...(executes === undefined ? {} : { executes }),
    ...(advice_code === undefined ? {} : { advice_code }),
    ...(decline_code === undefined ? {} : { decline_code }),
  }
}
