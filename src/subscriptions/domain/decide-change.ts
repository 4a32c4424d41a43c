import { type Instant, toIso } from '../../kernel/instant.ts'
import { sameInterval } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { agree } from './agree.ts'
import { agreementOf, changedBy, sameAgreement } from './agreement.ts'
import { changeStep } from './change.ts'
import type { ChangeSubscription, CommandContext } from './command.ts'
import { awaitsPayment } from './decide-pause.ts'
import { freeStep, type Step } from './step.ts'
import { periodOf, type ScheduledChange, type Subscription } from './subscription.ts'

/** Now, as of an instant of this period, or stored for later; the last one stored wins. */
export function decideChange(
  subscription: Subscription,
  command: ChangeSubscription,
  { now, facts, catalogue, settings }: CommandContext,
): Result<Step, Rejection> {
  if (subscription.status === 'active' && subscription.pendingChange !== null) return err(awaitsPayment)
  const asked = agree(subscription, command, catalogue)
  if (!asked.ok) return asked
  const to = changedBy(agreementOf(subscription), asked.value)
  if (sameAgreement(agreementOf(subscription), to)) return err(nothingToChange)
  const terms = {
    granularity: command.granularity ?? settings.proration.granularity,
    invoicing: command.onlyIfPaid ? 'now' : (command.invoicing ?? settings.proration.invoicing),
    credit: command.credit,
  } as const
  const { effective } = command
  const beginsPeriod = effective !== 'period_end' && !sameInterval(to.interval, subscription.interval)
  if (terms.invoicing === 'next_invoice' && beginsPeriod) return err(needsInvoice)
  const later = effective === 'period_end' || (effective !== 'now' && effective > now)
  if (!later) {
    const at = effective === 'now' ? now : (effective as Instant)
    const refused = tooEarly(subscription, at)
    return refused === null ? ok(changeStep(subscription, to, { ...terms, at }, facts)) : err(refused)
  }
  if (command.onlyIfPaid) return err(paidNowOrNever)
  const at = effective as ScheduledChange['at']
  if (subscription.status === 'scheduled') return err(notBegun)
  if (at !== 'period_end' && subscription.endsAt !== null && at >= subscription.endsAt)
    return err(afterEnd(subscription.endsAt))
  const scheduledChange: ScheduledChange = { ...terms, at, to: asked.value, madeAt: now }
  return ok(freeStep(now, 'subscription.change_scheduled', { ...subscription, scheduledChange }))
}

export function decideUnschedule(subscription: Subscription, now: Instant): Result<Step, Rejection> {
  if (subscription.scheduledChange === null) return err(nothingScheduled)
  return ok(freeStep(now, 'subscription.change_unscheduled', { ...subscription, scheduledChange: null }))
}

/** Not before the period, nor before the last change or the resumption. */
function tooEarly(subscription: Subscription, at: Instant): Rejection | null {
  const start = periodOf(subscription)?.start ?? null
  const changedAt = subscription.status === 'active' ? subscription.changedAt : null
  const closed = subscription.status === 'active' ? (subscription.metering?.closed ?? []).map(({ to }) => to) : []
  const from = [start, changedAt, ...closed].reduce<Instant | null>(
    (latest, one) => (one !== null && (latest === null || one > latest) ? one : latest),
    null,
  )
  if (from === null || at >= from) return null
  return {
    code: 'change_too_early',
    detail: `A change as of ${toIso(at)} lies before ${toIso(from)}, where the period or its last change begins.`,
    hint: `Choose an instant from ${toIso(from)} on. What was billed before is corrected by a credit note.`,
    pointer: '/effective',
  }
}

const nothingToChange: Rejection = {
  code: 'nothing_to_change',
  detail: 'The subscription has this plan, version, quantity, price, interval and these add-ons already.',
  hint: 'Name what should be different. To take back a stored change, DELETE …/scheduled_change.',
}

const needsInvoice: Rejection = {
  code: 'invalid_request',
  detail: 'A change of the interval begins a period of its own, which is invoiced when it begins.',
  hint: 'Use "invoice": "end_of_day" or "now", or make the change effective at "period_end".',
  pointer: '/invoice',
}

const paidNowOrNever: Rejection = {
  code: 'invalid_request',
  detail: 'A change that depends on its payment is made now.',
  hint: 'Leave `effective` out, or `only_if_paid`.',
  pointer: '/only_if_paid',
}

const notBegun: Rejection = {
  code: 'invalid_request',
  detail: 'The subscription has not begun: a change is effective with its start.',
  hint: 'Leave `effective` out.',
  pointer: '/effective',
}

export const nothingScheduled: Rejection = {
  code: 'not_found',
  detail: 'No change is scheduled.',
  hint: 'GET the subscription shows `scheduled_change`.',
}

function afterEnd(endsAt: Instant): Rejection {
  return {
    code: 'invalid_request',
    detail: `The subscription ends at ${toIso(endsAt)}: nothing changes after that.`,
    hint: 'Choose an earlier instant.',
    pointer: '/effective',
  }
}
