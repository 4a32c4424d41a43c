import { type FinalInvoice, type Invoice, isFinal } from '../../invoices/domain/invoice.ts'
import { commitId, type Id, type IdSource, idsOfCommit } from '../../kernel/id.ts'
import { earliest, type Instant, instant } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { declineOf } from '../../payments/domain/decline.ts'
import type { ChargeOutcome } from '../../payments/domain/outcome.ts'
import type { CreateSubscription, SubscriptionCommand } from '../../subscriptions/domain/command.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import type { UsageOf } from '../../subscriptions/domain/usage-billable.ts'
import type { Command } from './command.ts'
import { decide } from './decide.ts'
import type { Decision } from './decision.ts'
import { nextSnapshot } from './fold.ts'
import { expectingPayment } from './fork.ts'
import { type Horizon, MAX_STEPS, tooManySteps } from './simulation-limits.ts'
import type { Snapshot } from './snapshot.ts'
import { beginWork, nextBillingOf } from './work.ts'

/** How every charge of a simulated life ends. */
export const simulatedPayments = ['succeed', 'fail'] as const

export type Scenario = {
  /** Sold at the beginning; null: the life of what there is goes on. */
  readonly begins: CreateSubscription | null
  /** Whom the commands are about; of what is sold at the beginning, that. */
  readonly subject: Id<'subscription'> | null
  /** In the order they are given, where several are of one instant. */
  readonly commands: readonly { readonly at: Instant; readonly command: SubscriptionCommand }[]
  readonly payments: (typeof simulatedPayments)[number]
  /** What is used from the beginning to the horizon. */
  readonly usageOf: UsageOf
}

/** A command that was refused on the way; the life goes on without it. */
type Refused = { readonly at: Instant; readonly rejection: Rejection }

export type Simulated = {
  /** What was made or changed, in the order it was made: final ones and the drafts that are left. */
  readonly invoices: readonly Invoice[]
  readonly subject: Subscription | null
  readonly refused: readonly Refused[]
}

/** A life while it is lived forward. */
type Life = {
  readonly snapshot: Snapshot
  readonly now: Instant
  readonly subject: Id<'subscription'> | null
  /** Grows in place: a copy for each decision would cost more than deciding does. */
  readonly invoices: Map<Id<'invoice'>, Invoice>
  readonly refused: readonly Refused[]
  /** How many decisions there were: names the ids of the next one. */
  readonly decisions: number
}

/**
 * Lives a snapshot forward from one due instant to the next, up to and including the horizon, by the very `decide` that the
 * billing run uses: at each instant first what falls due, then the scripted commands. The same arguments give the same
 * answer, ids included; nothing of it is ever written.
 */
export function simulate(
  snapshot: Snapshot,
  scenario: Scenario,
  { from, until }: Horizon,
): Result<Simulated, Rejection> {
  const script = scenario.commands.toSorted((left, right) => left.at - right.at)
  let life = begin(snapshot, scenario, from)
  let played = 0
  for (let steps = 0; ; steps++) {
    const due = earliest(life.snapshot.account.nextBillingAt, script[played]?.at ?? null)
    if (due === null || due > until) return ok(endOf(life))
    if (steps === MAX_STEPS) return err(tooManySteps(life.now))
    const advanced = live({ ...life, now: due > life.now ? due : life.now }, { type: 'advance' }, scenario)
    // What cannot be billed stays due: in reality, too, the account would be held up here.
    if (advanced.refused.length > life.refused.length) return ok(endOf(advanced))
    life = advanced
    // Several decisions bring up to date who is far behind; only then it is the commands' turn.
    for (let one = script[played]; one !== undefined && one.at <= life.now && !isDue(life); one = script[played]) {
      life = live(life, { ...one.command, id: life.subject ?? one.command.id }, scenario)
      played += 1
    }
  }
}

function isDue({ snapshot, now }: Life): boolean {
  const { nextBillingAt } = snapshot.account
  return nextBillingAt !== null && nextBillingAt <= now
}

function begin(snapshot: Snapshot, scenario: Scenario, from: Instant): Life {
  const expected = scenario.payments === 'succeed' ? expectingPayment(snapshot) : snapshot
  const forked: Snapshot = { ...expected, usageOf: scenario.usageOf }
  const nextBillingAt = nextBillingOf(beginWork(forked), forked.settings)
  const life: Life = {
    snapshot: { ...forked, account: { ...snapshot.account, nextBillingAt } },
    ...{ now: from, subject: scenario.subject, invoices: new Map(), refused: [], decisions: 0 },
  }
  return scenario.begins === null ? life : live(life, scenario.begins, scenario)
}

/** One command and, where it charges, what the gateway says to that. */
function live(life: Life, command: Command, scenario: Pick<Scenario, 'payments'>): Life {
  const { snapshot, now, decisions } = life
  const decided = decide(snapshot, command, now, simulatedIds(now, decisions))
  if (!decided.ok) {
    return { ...life, decisions: decisions + 1, refused: [...life.refused, { at: now, rejection: decided.error }] }
  }
  const lived = committed(life, decided.value)
  const begun = decided.value.attempts.filter(({ before }) => before === null)
  if (begun.length === 0) return lived
  const outcome = outcomeOf[scenario.payments]
  const news = begun.map(({ after }) => ({ paymentId: after.paymentId, attemptId: after.id, outcome }))
  return live(lived, { type: 'record_outcomes', news }, scenario)
}

const outcomeOf: Readonly<Record<Scenario['payments'], ChargeOutcome>> = {
  succeed: { kind: 'succeeded' },
  fail: { kind: 'declined', decline: declineOf('card_declined', null) },
}

function committed(life: Life, decision: Decision): Life {
  const { invoices } = life
  for (const { after } of decision.invoices) {
    if (after.status === 'deleted') invoices.delete(after.id)
    else invoices.set(after.id, after)
  }
  return {
    ...life,
    ...{ snapshot: nextSnapshot(life.snapshot, decision), decisions: life.decisions + 1 },
    subject: life.subject ?? decision.subscriptions.find(({ before }) => before === null)?.after.id ?? null,
  }
}

function endOf({ snapshot, subject, invoices, refused }: Life): Simulated {
  const ended = snapshot.subscriptions.find(({ id }) => id === subject) ?? null
  return { invoices: [...invoices.values()], subject: ended, refused }
}

/** Those of a commit of that instant which never was: the same each time, and in the order of time. */
function simulatedIds(now: Instant, decision: number): IdSource {
  const bytes = new Uint8Array(10)
  new DataView(bytes.buffer).setUint32(4, decision)
  return idsOfCommit(commitId(instant(Math.max(0, now)), bytes))
}

/** What invoices of one currency come to, in minor units. */
export type Totals = {
  readonly currency: Invoice['currency']
  /** With tax, of final invoices that are not void. */
  readonly invoiced: bigint
  readonly tax: bigint
  /** Paid by credit; less than zero where more went to the credit balance. */
  readonly credits: bigint
  /** Of drafts, before the tax that some of them wait for. */
  readonly drafted: bigint
}

export function totalsOf(invoices: readonly Invoice[]): readonly Totals[] {
  return [...Map.groupBy(invoices, ({ currency }) => currency)].map(([currency, own]) => {
    const final = own.filter((one): one is FinalInvoice => isFinal(one) && one.status !== 'void')
    const sum = <T>(some: readonly T[], part: (one: T) => bigint) => some.reduce((total, one) => total + part(one), 0n)
    return {
      currency,
      invoiced: sum(final, ({ total }) => total),
      tax: sum(final, ({ tax }) => tax),
      credits: sum(final, ({ settlement }) => settlement.creditsApplied),
      drafted: sum(own, ({ status, total }) => (status === 'draft' ? total : 0n)),
    }
  })
}
