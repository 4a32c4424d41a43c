import { DAY_MS, type Instant, toIso } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'

/** What a simulation may ask of one request: it is answered while somebody waits. */
export const MAX_SCENARIOS = 20
/** Of one scenario. */
export const MAX_COMMANDS = 200
export const MAX_USAGE = 10_000
/** Instants at which something happens: ten years of weeks and their metering by months fit. */
export const MAX_STEPS = 1_000
const MAX_YEARS = 10

/** From where to where a life is lived; what falls due at `until` still happens. */
export type Horizon = { readonly from: Instant; readonly until: Instant }

export function horizonRefused({ from, until }: Horizon): Rejection | null {
  if (until <= from) {
    return {
      code: 'invalid_request',
      detail: `A simulation from ${toIso(from)} cannot end at ${toIso(until)}.`,
      hint: `Choose an \`until\` after ${toIso(from)}.`,
      pointer: '/until',
    }
  }
  if (until - from <= MAX_YEARS * 366 * DAY_MS) return null
  return {
    code: 'limit_reached',
    detail: `From ${toIso(from)} to ${toIso(until)} there are more than ${MAX_YEARS} years.`,
    hint: 'Choose an earlier `until`, or simulate the years one after the other.',
    pointer: '/until',
  }
}

/** A scripted command has its time within what is simulated. */
export function commandTimeRefused(at: Instant, { from, until }: Horizon, pointer: string): Rejection | null {
  if (at >= from && at <= until) return null
  return {
    code: 'invalid_request',
    detail: `The command at ${toIso(at)} lies outside of what is simulated, ${toIso(from)} to ${toIso(until)}.`,
    hint: 'Move it, or change `from` and `until`.',
    pointer,
  }
}

export function tooManySteps(reached: Instant): Rejection {
  return {
    code: 'limit_reached',
    detail: `At ${toIso(reached)} there have been ${MAX_STEPS} steps, which is the most of one scenario.`,
    hint: 'Choose an earlier `until`, fewer commands, or a plan with longer intervals.',
    pointer: '/until',
  }
}
