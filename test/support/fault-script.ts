import type { Fate } from './fault-invocation.ts'
import type { JobName } from './fault-jobs.ts'
import { type Random, randomOf } from './fault-random.ts'

/** One thing that happens in a history. Plain values: a script that failed is printed, and can be given back. */
export type Step =
  /** Workers that begin at once. */
  | { readonly do: 'work'; readonly workers: readonly Task[] }
  /** Those that sleep go on. */
  | { readonly do: 'wake' }
  /** What was given up and is under way arrives. */
  | { readonly do: 'arrive' }
  | { readonly do: 'pass'; readonly ms: number }
  /** Something goes wrong at the gateway, as dev/stripe/README.md tells. */
  | { readonly do: 'fault'; readonly fault: Readonly<Record<string, unknown>> }
  /** The customer answers the bank. */
  | { readonly do: 'answer'; readonly yes: boolean }
  /** Debits that are under way arrive, or come back. */
  | { readonly do: 'settle' }

export type Task = { readonly job: JobName; readonly choice: number; readonly fate: Fate | null }

const MAX_STEPS = 12

/** The invoice is made at the beginning; what comes then is left to chance. */
export function scriptOf(seed: number): readonly Step[] {
  const random = randomOf(seed)
  const before = Array.from({ length: random.pick([0, 1, 1, 2]) }, () => faultStep(random))
  const made: Step = { do: 'work', workers: [taskOf(random, 'invoices')] }
  const after = Array.from({ length: 2 + random.below(MAX_STEPS - 2) }, () =>
    nextStep[random.weighted(stepWeights)](random),
  )
  return [...before, made, ...after]
}

const nextStep = {
  work: (random) => ({
    do: 'work',
    workers: Array.from({ length: random.pick([1, 1, 1, 2, 2, 3]) }, () => taskOf(random)),
  }),
  wake: () => ({ do: 'wake' }),
  arrive: () => ({ do: 'arrive' }),
  pass: (random) => ({ do: 'pass', ms: random.pick(spans) * 1_000 }),
  fault: faultStep,
  answer: (random) => ({ do: 'answer', yes: random.chance(0.6) }),
  settle: () => ({ do: 'settle' }),
} as const satisfies Record<Step['do'], (random: Random) => Step>

const stepWeights = {
  ...{ work: 48, wake: 5, arrive: 5, pass: 20, fault: 14, answer: 5, settle: 3 },
} as const satisfies Record<Step['do'], number>

/** Seconds: leases, the next look, the bank's hour, the retry schedule, and what the gateway remembers of a key. */
const spans = [2, 31, 61, 61, 61, 960, 3_660, 3_660, 90_000, 262_800]

const jobWeights = {
  ...{ invoices: 3, pays: 7, visits: 4, returns: 1, charges: 9, relays: 2, bills: 4, hears: 5, looks: 3 },
  ...{
    attaches: 3,
    prefers: 2,
    removes: 1,
    switches: 2,
    records: 3,
    credits: 2,
    corrects: 3,
    refunds: 1,
    voids: 1,
    gives_up: 1,
  },
} as const satisfies Record<JobName, number>

const fateWeights = {
  ...{ dies: 1, dies_after: 2, loses_request: 1, loses_reply: 2, cuts_reply: 1, late: 2, sleeps: 3, sleeps_after: 2 },
} as const satisfies Record<Fate['kind'], number>

const tripWeights = {
  ...{ create: 2, keep: 3, change: 3, confirm: 6, look: 2, cancel: 1, commit: 4, claim: 1, read: 1, other: 1, any: 3 },
} as const satisfies Record<Fate['at'], number>

function fateOf(random: Random): Fate {
  const at = random.weighted(tripWeights)
  return { at, nth: at === 'any' ? random.below(9) : random.pick([0, 0, 0, 1]), kind: random.weighted(fateWeights) }
}

function taskOf(random: Random, job: JobName = random.weighted(jobWeights)): Task {
  const fate = random.chance(0.5) ? fateOf(random) : null
  return { job, choice: random.below(1_000), fate }
}

const operations = [
  ...['post_payment_intents', 'post_payment_intents_intent', 'get_payment_intents_intent'],
  ...['post_payment_intents_intent_confirm', 'post_payment_intents_intent_confirm'],
  ...['post_payment_intents_intent_cancel', 'post_refunds'],
]
const broken = [
  ...[{ fault: 'conflict_409' }, { fault: 'rate_limited_429' }, { fault: 'lock_timeout_429' }],
  ...[{ fault: 'stored_500' }, { fault: 'stored_500', executes: 'before' }],
]
const declines = [
  ...[{ decline_code: 'insufficient_funds' }, { decline_code: 'lost_card' }, { decline_code: 'expired_card' }],
  ...[{ decline_code: 'generic_decline', advice_code: 'do_not_try_again' }, { decline_code: 'processing_error' }],
  ...[{ decline_code: 'authentication_required' }],
]

function faultStep(random: Random): Step {
  const isDecline = random.chance(0.5)
  const operation = isDecline ? 'post_payment_intents_intent_confirm' : random.pick(operations)
  const what = isDecline ? { fault: 'decline', ...random.pick(declines) } : random.pick(broken)
  return { do: 'fault', fault: { match: { operation }, times: 1 + random.below(2), ...what } }
}
