import { parseDecimal } from '../../kernel/decimal.ts'
import { encodeId } from '../../kernel/id.ts'
import { DAY_MS, type Instant, MINUTE_MS, toIso } from '../../kernel/instant.ts'
import { measuredValue } from '../../plans/domain/aggregation.ts'
import type { Ingested, UsageEvent, UsageRefusal } from './event.ts'
import { type Measure, type Profile, type State, stateAt } from './profile.ts'

export type Refused = Extract<Ingested, { status: 'rejected' }>

/** `value` is what counts of it. */
export type Judged = { readonly status: 'sound'; readonly value: string; readonly metric: Measure } | Refused

/** Timestamps are taken from so long ago to so far ahead (semantics.md, Usage). */
const OLDEST_MS = 35 * DAY_MS
const AHEAD_MS = 5 * MINUTE_MS

/** Whether an event is one of its subscription's, whatever was used already. `now` is its account's time. */
export function judge(event: UsageEvent, profile: Profile, now: Instant): Judged {
  const metric = profile.metrics.get(event.metric)
  if (metric === undefined) return noSuchMetric(event, profile)
  const value = measuredValue(metric, event)
  if (value === null || !parseDecimal(event.quantity).ok) return notMeasurable(event, metric)
  // Of what is counted by its kind only the quantity is a number.
  const numbers = metric.aggregation === 'unique_count' ? [event.quantity] : [event.quantity, value]
  if (!metric.allowNegative && numbers.some((number) => number.startsWith('-') && /[1-9]/.test(number)))
    return negative(event, metric)
  if (numbers.some((number) => decimalsOf(number) > metric.decimals)) return tooManyDecimals(event, metric)
  if (metric.aggregation !== 'unique_count' && digitsOf(value) > MAX_DIGITS) return tooManyDigits(value, metric)
  if (event.at < now - OLDEST_MS) return tooOld(event, now)
  if (event.at > now + AHEAD_MS) return inTheFuture(event, now)
  const state = stateAt(profile, event.at)
  return state === 'usable' ? { status: 'sound', value, metric } : notUsable[state](event, profile)
}

/**
 * Before the point: a billion such events sum to no more than `parseDecimal` reads, and Postgres keeps of an invoice line.
 */
export const MAX_DIGITS = 15

/** Leading zeros are no digits. */
function digitsOf(number: string): number {
  return number.match(/^-?0*(\d*)/)?.[1]?.length ?? 0
}

/** Trailing zeros are no decimals. */
function decimalsOf(number: string): number {
  return number.match(/\.(\d*[1-9])?0*$/)?.[1]?.length ?? 0
}

export function noSuchSubscription({ subscriptionId }: Pick<UsageEvent, 'subscriptionId'>): Refused {
  return refused(
    'subscription_not_found',
    `There is no subscription ${encodeId('subscription', subscriptionId)}.`,
    'Check the id, and that the key belongs to the organization of the subscription.',
  )
}

function noSuchMetric({ metric }: UsageEvent, { metrics }: Profile): Refused {
  const known = [...metrics.keys()].sort().slice(0, 10)
  return refused(
    'metric_not_found',
    `There is no metric ${metric}.`,
    known.length === 0
      ? 'Make it first: POST /v1/metrics.'
      : `Use a metric's code, such as ${known.join(', ')}, or make it first: POST /v1/metrics.`,
  )
}

function notMeasurable({ properties, quantity }: UsageEvent, { code, field, aggregation }: Measure): Refused {
  const isQuantity = field === null || field === 'quantity' || !parseDecimal(quantity).ok
  const name = isQuantity ? 'quantity' : `property ${field}`
  const value = isQuantity ? quantity : properties[field]
  return refused(
    'not_measurable',
    value === undefined
      ? `${code} is measured by the ${name}, which the event does not have.`
      : `${code} is measured by the ${name}, and ${JSON.stringify(value)} is not a decimal number.`,
    aggregation === 'unique_count' && !isQuantity
      ? `Send the ${name}.`
      : `Send the ${name} as plain digits with up to ${MAX_DIGITS} before and 12 after the point, such as "1.5".`,
  )
}

function negative({ quantity }: UsageEvent, { code }: Measure): Refused {
  return refused(
    'negative_quantity',
    `${code} takes nothing below zero, and the event has a quantity of ${quantity}.`,
    'To take back an event, correct or void it. Only a metric made with allow_negative takes less than zero.',
  )
}

function tooManyDecimals({ quantity }: UsageEvent, { code, decimals }: Measure): Refused {
  return refused(
    'too_many_decimals',
    `${code} takes ${decimals === 0 ? 'whole numbers only' : `${decimals} decimals at most`}; the event has a quantity of ${quantity}.`,
    decimals === 0 ? 'Send whole numbers.' : `Round it to ${decimals} decimals.`,
  )
}

function tooManyDigits(value: string, { code }: Measure): Refused {
  return refused(
    'too_many_digits',
    `${code} takes numbers of up to ${MAX_DIGITS} digits before the point; ${value} has ${digitsOf(value)}.`,
    'Check the number; measure in a larger unit where it is right, such as megabytes for bytes.',
  )
}

function tooOld({ at }: UsageEvent, now: Instant): Refused {
  return refused(
    'too_old',
    `The event is of ${toIso(at)}, more than 35 days before ${toIso(now)}.`,
    'Usage is taken for 35 days. Check the timestamp; bill what is older by a one-off invoice.',
  )
}

function inTheFuture({ at }: UsageEvent, now: Instant): Refused {
  return refused(
    'in_the_future',
    `The event is of ${toIso(at)}, more than 5 minutes after ${toIso(now)}.`,
    'Check the clock and the zone of the sender, or send the event when it has happened.',
  )
}

const notUsable: Readonly<Record<Exclude<State, 'usable'>, (event: UsageEvent, profile: Profile) => Refused>> = {
  not_started: ({ at }, { subscription }) =>
    refused(
      'not_started',
      `The subscription starts at ${toIso(subscription.startAt)}, and the event is of ${toIso(at)}.`,
      'Check the timestamp; only what is used from the start on counts.',
    ),
  paused: ({ at }) =>
    refused(
      'paused',
      `The subscription was paused at ${toIso(at)}, the time of the event.`,
      'Usage stops in a pause. Resume the subscription before it is used again.',
    ),
  ended: ({ at }) =>
    refused(
      'ended',
      `The subscription had ended by ${toIso(at)}, the time of the event.`,
      'Check the subscription and the timestamp; what was used before the end is taken for 35 days.',
    ),
}

export function refused(code: UsageRefusal, detail: string, hint: string): Refused {
  return { status: 'rejected', code, detail, hint }
}
