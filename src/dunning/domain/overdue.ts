import type { Account, Overdue } from '../../accounts/domain/account.ts'
import type { FinalInvoice } from '../../invoices/domain/invoice.ts'
import type { Id } from '../../kernel/id.ts'
import { earliest, type Instant, plusMs } from '../../kernel/instant.ts'
import {
  addDaysToDate,
  addLocalDays,
  localDateOf,
  localDaysBetween,
  startOfLocalDay,
  type Zone,
} from '../../kernel/zone.ts'
import type { Settings } from '../../organizations/domain/organization.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'

type Step = Overdue['step']
type Policy = Settings['dunning']

/** How an account stands, and what it is judged by: the invoices are those that are open and count. */
export type Standing = {
  readonly overdue: Overdue
  readonly debts: readonly FinalInvoice[]
  /** Those of them that are being paid: until that has an outcome they make nothing better or worse. */
  readonly underWay: ReadonlySet<Id<'invoice'>>
  readonly policy: Policy
  readonly zone: Zone
  /** Since when the customer disputes what is owed: from then on it does not get worse. Null: they do not. */
  readonly heldSince: Instant | null
}

/** In this order; whoever pays goes back as far as what is left allows. */
const order = ['none', 'past_due', 'reminder', 'warning', 'blocked', 'ended'] as const satisfies readonly Step[]

/** Those that days bring about, each later than the one before. */
const counted = ['past_due', 'reminder', 'warning', 'blocked'] as const satisfies readonly Step[]
type Counted = (typeof counted)[number]

const after = {
  none: 'past_due',
  past_due: 'reminder',
  reminder: 'warning',
  warning: 'blocked',
  blocked: 'ended',
  ended: null,
} as const satisfies Record<Step, Counted | 'ended' | null>

export const statusOf = {
  none: 'current',
  past_due: 'current',
  reminder: 'current',
  warning: 'warning',
  blocked: 'blocked',
  ended: 'blocked',
} as const satisfies Record<Step, Overdue['status']>

/** Local days past due at which an invoice brings its account to a step; the rest has other reasons. */
function daysTo({ reminderDays, warningDays, blockedDays }: Policy): Readonly<Record<Counted, number>> {
  return { past_due: 1, reminder: reminderDays, warning: warningDays, blocked: blockedDays }
}

/** The step that an account has come to by now. Exhausted retries block at once, but nothing does before it is due. */
export function stepAt(standing: Standing, now: Instant): Step {
  const { overdue, policy, zone, heldSince, underWay } = standing
  const at = heldSince ?? now
  const reached = waitingIn(standing).reduce<Step>(
    (furthest, debt) => further(furthest, stepOf(debt, policy, zone, at)),
    'none',
  )
  if (heldSince !== null && !isWorse(overdue.step, reached)) return overdue.step
  if (underWay.size > 0 && isWorse(overdue.step, reached)) return stayingAt(standing, now)
  if (reached !== 'blocked') return reached
  const endsAt = terminalAt(standing)
  return overdue.step === 'ended' || (endsAt !== null && endsAt <= now) ? 'ended' : 'blocked'
}

/** Not better than what is owed beside and what is being paid would make it, if that fails. */
function stayingAt({ overdue, debts, policy, zone }: Standing, now: Instant): Step {
  const all = debts.reduce<Step>((furthest, debt) => further(furthest, stepOf(debt, policy, zone, now)), 'none')
  return all !== 'blocked' && isWorse(overdue.step, all) ? all : overdue.step
}

/** When it comes to a further step by itself if nothing is paid; null: never. */
export function nextStepAt(standing: Standing): Instant | null {
  const { overdue, policy, zone, heldSince } = standing
  const debts = waitingIn(standing)
  const next = after[overdue.step]
  if (heldSince !== null || next === null || debts.length === 0) return null
  const days = daysTo(policy)
  const comesTo = (step: Counted) =>
    earliest(...debts.map((debt) => (isExhausted(debt) ? debt.dueAt : startOfDay(debt, days[step], zone))))
  return next === 'ended' ? latest(terminalAt(standing), comesTo('blocked')) : comesTo(next)
}

/** When access ends if nothing is paid: told beforehand. */
export function blockedAt({ debts, policy, zone }: Standing): Instant | null {
  return earliest(...debts.map((debt) => startOfDay(debt, policy.blockedDays, zone)))
}

function waitingIn({ debts, underWay }: Standing): readonly FinalInvoice[] {
  return debts.filter(({ id }) => !underWay.has(id))
}

function isExhausted({ collection }: FinalInvoice): boolean {
  return collection.state === 'exhausted'
}

/** Null where one of them is. */
function latest(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return null
  return one > other ? one : other
}

function stepOf(debt: FinalInvoice, policy: Policy, zone: Zone, now: Instant): Step {
  const { dueAt, collection } = debt
  if (isExhausted(debt) && dueAt <= now) return 'blocked'
  const pastDue = localDaysBetween(plusMs(dueAt, -1), now, zone) - collection.heldDays
  const days = daysTo(policy)
  return counted.findLast((step) => days[step] <= pastDue) ?? 'none'
}

function further(left: Step, right: Step): Step {
  return isWorse(right, left) ? right : left
}

export function isWorse(step: Step, than: Step): boolean {
  return order.indexOf(step) > order.indexOf(than)
}

/** So many local days after an account was blocked; null while it is not. */
function terminalAt({ overdue, policy, zone }: Standing): Instant | null {
  if (overdue.status !== 'blocked' || overdue.since === null) return null
  return addLocalDays(overdue.since, policy.terminalDays, zone)
}

/** The begin of the n-th local day past due. The due date is the local day whose end `dueAt` is (semantics.md, Paying). */
function startOfDay({ dueAt, collection }: Owed, days: number, zone: Zone): Instant {
  const due = localDateOf(plusMs(dueAt, -1), zone)
  return startOfLocalDay(addDaysToDate(due, days + collection.heldDays), zone)
}

type Owed = Pick<FinalInvoice, 'dueAt' | 'collection'>

/** From when to when the customer disputed what is owed. */
export type Hold = { readonly since: Instant; readonly until: Instant }

/** A debt after a hold: the local days of it past due do not count, and what is retried moves by those since it failed. */
export function heldUntil(debt: FinalInvoice, hold: Hold, zone: Zone): FinalInvoice {
  const { collection } = debt
  const { nextAttemptAt, heldDays, failedAt } = collection
  const pastDue = daysHeld(hold, startOfDay(debt, 1, zone), zone)
  const sinceFailure = failedAt === null ? 0 : daysHeld(hold, failedAt, zone)
  const moved = (at: Instant | null) => (at === null ? null : addLocalDays(at, sinceFailure, zone))
  return {
    ...debt,
    collection: {
      ...{ ...collection, heldDays: heldDays + pastDue },
      ...{ failedAt: moved(failedAt), nextAttemptAt: moved(nextAttemptAt) },
    },
  }
}

/** How many local days of a hold come after an instant. */
export function daysHeld({ since, until }: Hold, from: Instant, zone: Zone): number {
  return Math.max(0, localDaysBetween(from > since ? from : since, until, zone))
}

/**
 * What the application should let the account's customers do. `grace`: a payment failed or is past due, or their bank
 * contests one (semantics.md, States).
 */
export function accessOf(
  { overdue, openDisputes }: Pick<Account, 'overdue' | 'openDisputes'>,
  debts: readonly FinalInvoice[],
): Subscription['access'] {
  if (overdue.status === 'blocked') return 'blocked'
  const isFailing = debts.some(({ collection }) => collection.failedAt !== null)
  return overdue.step !== 'none' || openDisputes > 0 || isFailing ? 'grace' : 'granted'
}
