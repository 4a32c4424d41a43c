import { decimalText, MAX_DECIMALS, parseDecimal } from '../kernel/decimal.ts'
import { decodeId, type Id } from '../kernel/id.ts'
import { type Instant, parseInstant } from '../kernel/instant.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import { pointerOf, wrongWith } from '../platform/http/faults.ts'
import type { Fault } from '../platform/http/problem.ts'
import type { SentEvent } from './domain/event.ts'

/**
 * Events are read by hand: a thousand come in a request, and the faults of one are its own. What is read here is what
 * `newUsageEventSchema` documents.
 */
export type EventRead =
  | { readonly ok: true; readonly event: SentEvent }
  | { readonly ok: false; readonly id: string | null; readonly faults: readonly Fault[] }

export type Members = Readonly<Record<string, unknown>>
type Name = 'id' | 'subscription' | 'metric' | 'quantity' | 'timestamp' | 'properties'
/** Where a member stands in the event as it was sent. */
export type Places = Readonly<Record<Name, string>>

const ownPlaces: Places = {
  ...{ id: '/id', subscription: '/subscription', metric: '/metric', quantity: '/quantity' },
  ...{ timestamp: '/timestamp', properties: '/properties' },
}

export const MAX_ID = 200
export const MAX_METRIC = 64
export const MAX_PROPERTIES = 32
export const MAX_KEY = 40
export const MAX_VALUE = 500

/** An event in our own shape. `at` is its JSON pointer in the request. */
export function readEvent(given: unknown, at: string): EventRead {
  if (!isObject(given)) return { ok: false, id: null, faults: [{ pointer: at, detail: 'must be an object' }] }
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(ownPlaces, name))
  const faults = unknown.map((name) => ({ pointer: `${at}${pointerOf([name])}`, detail: 'is not a known member' }))
  return readMembers(given, { at, places: ownPlaces, faults })
}

/** Known members of any shape; `faults` are those that its reader found already. */
export function readMembers(
  given: Members,
  about: { readonly at: string; readonly places: Places; readonly faults: readonly Fault[] },
): EventRead {
  const id = readText(given.id, MAX_ID, MISSING_ID)
  const subscriptionId = readSubscription(given.subscription)
  const metric = readText(given.metric, MAX_METRIC, 'is required: the code of a metric')
  const quantity = readQuantity(given.quantity)
  const time = readTime(given.timestamp)
  const properties = readProperties(given.properties)
  if (id.ok && subscriptionId.ok && metric.ok && quantity.ok && time.ok && properties.ok && about.faults.length === 0) {
    const event = {
      ...{ subscriptionId: subscriptionId.value, id: id.value, metric: metric.value, at: time.value },
      ...{ quantity: quantity.value, properties: properties.value },
    }
    return { ok: true, event }
  }
  const read = { id, subscription: subscriptionId, metric, quantity, timestamp: time, properties }
  const own = Object.entries(read).flatMap(([name, member]) => {
    const place = `${about.at}${about.places[name as Name]}`
    return member.ok ? [] : inPlace(member.error, place)
  })
  return { ok: false, id: id.ok ? id.value : null, faults: [...own, ...about.faults].slice(0, MAX_FAULTS) }
}

/** Of one event so many faults are told. */
const MAX_FAULTS = 20

/** What is wrong with a member, or with some of what it holds. */
export type Wrong = string | readonly { readonly key: string; readonly detail: string }[]

function inPlace(wrong: Wrong, place: string): readonly Fault[] {
  if (typeof wrong === 'string') return [{ pointer: place, detail: wrong }]
  return wrong.map(({ key, detail }) => ({ pointer: `${place}${pointerOf([key])}`, detail }))
}

const MISSING_ID = 'is required: an id of your own, such as a UUID, by which the event is known when it is sent again'

function readText(given: unknown, max: number, missing: string): Result<string, Wrong> {
  if (given === undefined) return err(missing)
  if (typeof given !== 'string') return err('must be a string')
  if (given === '' || given.length > max) return err(`must have 1 to ${max} characters`)
  const wrong = wrongWith(given)
  return wrong === null ? ok(given) : err(wrong)
}

function readSubscription(given: unknown): Result<Id<'subscription'>, Wrong> {
  if (given === undefined) return err('is required: the id of a subscription, sub_…')
  const id = typeof given === 'string' ? decodeId('subscription', given) : null
  return id === null ? err('is not an id of the form sub_…') : ok(id)
}

function readTime(given: unknown): Result<Instant | null, Wrong> {
  if (given === undefined) return ok(null)
  const parsed = typeof given === 'string' ? parseInstant(given) : err('not_an_instant')
  if (parsed.ok) return ok(parsed.value)
  return err('must be an RFC 3339 time with an offset, such as 2026-01-31T00:00:00Z; left out it is now')
}

/** Is its own one spelling: almost all are. */
const plainInteger = /^(?:0|[1-9]\d{0,14})$/

export const NO_QUANTITY = 'must be a decimal string or a number, such as "3" or 0.25'

/** A decimal string in its one spelling. */
export function readQuantity(given: unknown): Result<string, Wrong> {
  if (given === undefined) return ok('1')
  const text = typeof given === 'number' ? numberText(given) : given
  if (typeof text !== 'string') return err(NO_QUANTITY)
  if (plainInteger.test(text)) return ok(text)
  const parsed = parseDecimal(text)
  if (parsed.ok) return ok(decimalText(parsed.value))
  if (parsed.error === 'too_many_decimals') return err(`must have at most ${MAX_DECIMALS} decimals`)
  if (parsed.error === 'too_large') return err('must have at most 24 digits before the point')
  return err(whyNoDecimal(text))
}

function whyNoDecimal(text: string): string {
  if (text === INEXACT) return 'has more digits than a JSON number carries exactly: send it as a string'
  if (/^[+-]?(nan|inf(inity)?)$/i.test(text)) return 'must be a finite number'
  if (/^[+-]?[\d.]+e[+-]?\d+$/i.test(text)) return 'must be written without an exponent, such as "1500" or "0.25"'
  return 'must be a decimal string such as "3" or "0.25": digits, a point, no separators'
}

/** Stands for a number that was rounded on its way, so that nobody knows what was meant. */
const INEXACT = 'inexact'
/** Every decimal of so many digits survives being a JSON number. */
const EXACT_DIGITS = 15

/** In plain notation; `INEXACT` for what may have been another number when it was written. */
function numberText(given: number): string {
  if (Number.isSafeInteger(given)) return String(given)
  if (!Number.isFinite(given)) return 'Infinity'
  const [digits = '', exponent] = String(given).split('e')
  if (Number.isInteger(given) || digits.replace(/^-?0*\.?0*|\./g, '').length > EXACT_DIGITS) return INEXACT
  if (exponent === undefined) return digits
  // Nearer to zero than a millionth. What has more than a hundred decimals has too many in any case.
  const decimals = (digits.split('.')[1]?.length ?? 0) - Number(exponent)
  return given.toFixed(Math.min(decimals, 100))
}

export const NO_PROPERTIES = 'must be an object of strings, numbers and booleans'
const NONE: Readonly<Record<string, string>> = {}

/** Numbers and booleans become text, as they are filtered and counted. */
export function readProperties(given: unknown): Result<Readonly<Record<string, string>>, Wrong> {
  if (given === undefined) return ok(NONE)
  if (!isObject(given)) return err(NO_PROPERTIES)
  const entries = Object.entries(given)
  if (entries.length > MAX_PROPERTIES) return err(`must have at most ${MAX_PROPERTIES} members`)
  const faults: { key: string; detail: string }[] = []
  const read: Record<string, string> = {}
  for (const [key, value] of entries) {
    const text = propertyText(value)
    const wrong = wrongKey(key) ?? (typeof text === 'string' ? wrongValue(text) : text.wrong)
    if (wrong !== null) faults.push({ key, detail: wrong })
    else if (typeof text === 'string') read[key] = text
  }
  return faults.length === 0 ? ok(read) : err(faults)
}

function wrongKey(key: string): string | null {
  if (key === '__proto__') return 'is not a name that a member can have'
  if (key === '' || key.length > MAX_KEY) return `must have a name of 1 to ${MAX_KEY} characters`
  return wrongWith(key)
}

function wrongValue(text: string): string | null {
  return text.length > MAX_VALUE ? `must have at most ${MAX_VALUE} characters` : wrongWith(text)
}

function propertyText(value: unknown): string | { readonly wrong: string } {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'number') return { wrong: 'must be a string, a number or a boolean; left out if there is none' }
  const text = numberText(value)
  return text === INEXACT || text === 'Infinity' ? { wrong: whyNoDecimal(text) } : text
}

export function isObject(given: unknown): given is Members {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}
