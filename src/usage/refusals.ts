import { Problem, type ProblemCode } from '../platform/http/problem.ts'
import type { Ingested, UsageRefusal } from './domain/event.ts'
import type { Answer } from './objects.ts'

const again = 'Send the same again after the time in Retry-After: an event is known by its id, and none counts twice.'

/** Why a shard could not answer. Nothing is wrong with what it was sent. */
export const outages = {
  busy: {
    code: 'too_many_events',
    detail: 'More events wait for this than can be kept waiting; nothing of it was taken.',
    hint: again,
    retryAfterSeconds: 1,
  },
  unavailable: {
    code: 'database_unavailable',
    detail: 'What is needed to judge this could not be read, or gave no answer in time.',
    hint: again,
    retryAfterSeconds: 5,
  },
} as const satisfies Record<Exclude<Answer<never>['kind'], 'answered'>, Outage>

type Outage = {
  readonly code: ProblemCode
  readonly detail: string
  readonly hint: string
  readonly retryAfterSeconds: number
}

export function outageProblem(kind: keyof typeof outages): Problem {
  const { code, ...about } = outages[kind]
  return new Problem(code, about)
}

/** What a shard answers. @throws {Problem} where it could not. */
export function answered<T>(answer: Answer<T>): T {
  if (answer.kind === 'answered') return answer.value
  throw outageProblem(answer.kind)
}

/** How a refused event is told where it is all that was asked, and the member at fault. */
const problemCodes = {
  subscription_not_found: ['not_found', '/subscription'],
  metric_not_found: ['not_found', '/metric'],
  not_measurable: ['not_measurable', '/properties'],
  negative_quantity: ['negative_quantity', '/quantity'],
  too_many_decimals: ['too_many_decimals', '/quantity'],
  too_many_digits: ['too_many_digits', '/quantity'],
  too_old: ['too_old', '/timestamp'],
  in_the_future: ['in_the_future', '/timestamp'],
  not_started: ['not_started', '/timestamp'],
  paused: ['paused', '/timestamp'],
  ended: ['ended', '/timestamp'],
  cap_reached: ['cap_reached', '/quantity'],
} as const satisfies Record<UsageRefusal, readonly [ProblemCode, string]>

export function refusalProblem({ code, detail, hint }: Extract<Ingested, { status: 'rejected' }>): Problem {
  const [problem, pointer] = problemCodes[code]
  return new Problem(problem, { detail, hint, errors: [{ pointer, detail }] })
}
