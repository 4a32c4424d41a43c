import { encodeId, type IdSource } from '../../kernel/id.ts'
import { earliest, type Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { MAX_MINOR } from '../../kernel/money.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { type Applied, applyOutcome, type ChargeOutcome } from '../../payments/domain/outcome.ts'
import type { ChargeOf } from '../../payments/domain/payment.ts'
import { nextStep } from '../../subscriptions/domain/advance.ts'
import {
  type CreateSubscription,
  decideCommand,
  type SubscriptionCommand,
} from '../../subscriptions/domain/commands.ts'
import { createSubscription, MAX_BACKDATED_PERIODS } from '../../subscriptions/domain/create.ts'
import { nextDueAt, type Subscription } from '../../subscriptions/domain/subscription.ts'
import { splitTax } from '../../taxes/domain/tax.ts'
import { applyStep, type Context, close, type Work } from './bill.ts'
import type { Changed, Decision, DomainEvent, PaymentEventType } from './decision.ts'
import type { Command, Snapshot } from './snapshot.ts'

/** A subscription further behind than this many steps is brought up to date by several decisions. */
const MAX_STEPS = 24
/** So many steps of all its subscriptions an account gets in one decision: a commit can number so much only. */
const MAX_STEPS_AN_ACCOUNT = 480

/**
 * The one decide: what a command makes of an account, for the interactive request, the billing run, the preview and the
 * test clock alike. No clock, no randomness, no I/O; the same arguments give the same bytes.
 */
export function decide(snapshot: Snapshot, command: Command, now: Instant, ids: IdSource): Result<Decision, Rejection> {
  const context: Context = { snapshot, now, ids }
  switch (command.type) {
    case 'create_subscription':
      return create(command, context)
    case 'cancel_subscription':
    case 'uncancel_subscription':
    case 'update_subscription':
      return commandOne(command, context)
    case 'advance':
      return advance(context)
    case 'finalize_invoice':
      return finalizeInvoice(command, context)
    case 'record_outcomes':
      return recordOutcomes(command, context)
  }
}

function create(command: CreateSubscription, context: Context): Result<Decision, Rejection> {
  const { snapshot, now, ids } = context
  const { account, plan } = snapshot
  if (plan === null) return err(noPlan(command.planCode))
  const created = createSubscription(command, { account, plan, live: snapshot.subscriptions }, now, ids('subscription'))
  if (!created.ok) return created
  const subscription = created.value
  const event: DomainEvent = {
    subject: 'subscription',
    type: 'subscription.created',
    at: now,
    before: null,
    after: subscription,
  }
  const sold: Context = {
    ...context,
    snapshot: {
      ...snapshot,
      subscriptions: [...snapshot.subscriptions, subscription],
      versions: new Map(snapshot.versions).set(plan.current.id, plan.current),
    },
  }
  // A start and a trial's end besides the periods themselves.
  const advanced = advanceOne({ ...nothing(snapshot), events: [event] }, subscription, sold, MAX_BACKDATED_PERIODS + 2)
  if (!advanced.ok) return advanced
  return ok(decisionOf(advanced.value.work, [{ before: null, after: advanced.value.subscription }], sold))
}

/** What is due by now happens first, so that a command never depends on whether the billing run has been there. */
function commandOne(command: SubscriptionCommand, context: Context): Result<Decision, Rejection> {
  const { snapshot, now } = context
  const before = snapshot.subscriptions.find(({ id }) => id === command.id)
  if (before === undefined) return err(noSubscription(command.id))
  const bumped = { ...before, version: before.version + 1 }
  const current = advanceOne(nothing(snapshot), bumped, context, MAX_STEPS)
  if (!current.ok) return current
  if (isDue(current.value.subscription, now)) return err(catchingUp)
  const step = decideCommand(current.value.subscription, command, now)
  if (!step.ok) return step
  const { work } = current.value
  if (step.value === null && work.events.length === 0) return ok(decisionOf(work, [], context))
  if (step.value === null) return ok(decisionOf(work, [{ before, after: current.value.subscription }], context))
  const done = applyStep(work, current.value.subscription, step.value, context)
  return done.ok ? ok(decisionOf(done.value, [{ before, after: step.value.subscription }], context)) : done
}

/** Everything that falls due by now, subscription by subscription in the order of (instant, id). */
function advance(context: Context): Result<Decision, Rejection> {
  const { snapshot, now } = context
  const due = snapshot.subscriptions.filter((subscription) => isDue(subscription, now)).toSorted(byDueThenId)
  let work = nothing(snapshot)
  const changed: Changed<Subscription>[] = []
  for (const before of due.slice(0, MAX_STEPS_AN_ACCOUNT / MAX_STEPS)) {
    const advanced = advanceOne(work, { ...before, version: before.version + 1 }, context, MAX_STEPS)
    if (!advanced.ok) return advanced
    work = advanced.value.work
    changed.push({ before, after: advanced.value.subscription })
  }
  return ok(decisionOf(work, changed, context))
}

type Advanced = { readonly work: Work; readonly subscription: Subscription }

function advanceOne(
  start: Work,
  subscription: Subscription,
  context: Context,
  most: number,
): Result<Advanced, Rejection> {
  const version = context.snapshot.versions.get(subscription.planVersionId)
  invariant(version !== undefined, `the snapshot must hold the plan version of ${subscription.id}`)
  let work = start
  let current = subscription
  for (let steps = 0; steps < most; steps++) {
    const step = nextStep(current, version, context.now)
    if (step === null) break
    const applied = applyStep(work, current, step, context)
    if (!applied.ok) return applied
    work = applied.value
    current = step.subscription
  }
  return ok({ work, subscription: current })
}

type FinalizeInvoice = Extract<Command, { readonly type: 'finalize_invoice' }>

function finalizeInvoice(command: FinalizeInvoice, context: Context): Result<Decision, Rejection> {
  const { draft } = context.snapshot
  if (draft === null || draft.id !== command.id) return err(notADraft(command))
  const taxable = draft.subtotal - draft.discount
  const taxes = command.taxes.map((tax) => ({ ...tax, taxable }))
  if (taxable === 0n && taxes.some(({ amount }) => amount > 0n)) {
    return err({
      code: 'invalid_request',
      detail: 'There is nothing on the invoice that could be taxed.',
      hint: 'Finalise it without taxes.',
      pointer: '/taxes',
    })
  }
  const total = taxes.reduce((sum, { amount }) => sum + amount, taxable)
  if (total > MAX_MINOR) {
    return err({
      code: 'amount_too_large',
      detail: `The invoice would come to ${total} minor units; ${MAX_MINOR} is the most.`,
      hint: 'Check the amounts of the taxes: they are in minor units.',
      pointer: '/taxes',
    })
  }
  return ok(decisionOf(close(nothing(context.snapshot), draft, splitTax(draft, taxes), context), [], context))
}

type RecordOutcomes = Extract<Command, { readonly type: 'record_outcomes' }>

/** Says nothing where an outcome is no news: a late or repeated word of the gateway changes nothing. */
function recordOutcomes({ outcomes }: RecordOutcomes, context: Context): Result<Decision, Rejection> {
  let work = nothing(context.snapshot)
  for (const { charge, invoice } of context.snapshot.charges) {
    const outcome = outcomes.get(charge.attempt.id)
    const applied = outcome && applyOutcome(charge, invoice, outcome, context.now)
    if (applied) work = withOutcome(work, { charge, invoice }, applied, paymentEvents[outcome.kind], context.now)
  }
  return ok(decisionOf(work, [], context))
}

function withOutcome(work: Work, before: ChargeOf, after: Applied, type: PaymentEventType, at: Instant): Work {
  const told: DomainEvent = { subject: 'payment', type, at, before: before.charge.payment, after: after.charge.payment }
  const paid: DomainEvent = {
    subject: 'invoice',
    type: 'invoice.paid',
    at,
    before: before.invoice,
    after: after.invoice,
  }
  const settled = after.invoice !== before.invoice
  return {
    ...work,
    charges: [...work.charges, { before: before.charge, after: after.charge }],
    invoices: settled ? [...work.invoices, { before: before.invoice, after: after.invoice }] : work.invoices,
    ledger: after.ledger === null ? work.ledger : [...work.ledger, after.ledger],
    events: [...work.events, told, ...(settled && after.invoice.status === 'paid' ? [paid] : [])],
  }
}

const paymentEvents = {
  succeeded: 'payment.succeeded',
  declined: 'payment.failed',
  rejected: 'payment.failed',
  authentication_required: 'payment.action_required',
  processing: 'payment.pending',
  throttled: 'payment.pending',
  unknown: 'payment.pending',
} as const satisfies Record<ChargeOutcome['kind'], PaymentEventType>

function nothing({ account }: Snapshot): Work {
  return { account, invoices: [], charges: [], ledger: [], events: [] }
}

/** The account moves on by one version, and to when the billing run must look at it next. */
function decisionOf(work: Work, subscriptions: readonly Changed<Subscription>[], { snapshot, now }: Context): Decision {
  const after = new Map(snapshot.subscriptions.map((subscription) => [subscription.id, subscription]))
  for (const changed of subscriptions) after.set(changed.after.id, changed.after)
  const nextBillingAt = earliest(...[...after.values()].map(nextDueAt))
  const { account, ...rest } = work
  return {
    ...rest,
    account: { before: snapshot.account, after: { ...account, version: snapshot.account.version + 1, nextBillingAt } },
    subscriptions,
    behind: nextBillingAt !== null && nextBillingAt <= now,
  }
}

function isDue(subscription: Subscription, now: Instant): boolean {
  const at = nextDueAt(subscription)
  return at !== null && at <= now
}

function byDueThenId(left: Subscription, right: Subscription): number {
  const [a, b] = [nextDueAt(left) ?? 0, nextDueAt(right) ?? 0]
  return a - b || (left.id < right.id ? -1 : 1)
}

const catchingUp: Rejection = {
  code: 'changed_meanwhile',
  detail: 'The subscription is many periods behind and is being brought up to date.',
  hint: 'Repeat the request in a minute.',
}

function noPlan(code: string): Rejection {
  return {
    code: 'not_found',
    detail: `There is no plan ${code}.`,
    hint: 'List the plans on sale with GET /v1/plans; give the plan by its code.',
    pointer: '/plan',
  }
}

function noSubscription(id: SubscriptionCommand['id']): Rejection {
  return {
    code: 'not_found',
    detail: `There is no subscription ${encodeId('subscription', id)}.`,
    hint: 'List them with GET /v1/subscriptions.',
  }
}

function notADraft({ id }: FinalizeInvoice): Rejection {
  return {
    code: 'invoice_not_draft',
    detail: `Invoice ${encodeId('invoice', id)} is not a draft that awaits its tax.`,
    hint: 'Only a draft can be finalised; GET the invoice to see where it stands.',
  }
}
