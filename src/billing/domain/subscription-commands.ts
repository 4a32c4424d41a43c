import type { Overdue } from '../../accounts/domain/account.ts'
import { statusOf, stepAt } from '../../dunning/domain/overdue.ts'
import { encodeId } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type {
  Catalogue,
  CommandContext,
  CreateSubscription,
  SubscriptionCommand,
} from '../../subscriptions/domain/command.ts'
import { decideCommand } from '../../subscriptions/domain/commands.ts'
import { createSubscription, MAX_BACKDATED_PERIODS } from '../../subscriptions/domain/create.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { advanceOne, isDueBy } from './advance-account.ts'
import { applyStep, closeDrafts } from './bill.ts'
import { all } from './book.ts'
import { attachCoupon } from './discounts.ts'
import { changeIfPaid } from './pending-change.ts'
import { type Context, factsOf, standingOf, tell, type Work } from './work.ts'

/** Sold, started and brought up to now in one decision. */
export function create(work: Work, command: CreateSubscription, context: Context): Result<Work, Rejection> {
  const { snapshot, now, ids } = context
  const status = statusOf[stepAt(standingOf(work, snapshot.settings), now)]
  if (status !== 'current') return err(isOverdue(status))
  const catalogue = catalogueOf(work, context)
  const created = createSubscription(command, { account: snapshot.account, catalogue }, now, ids('subscription'))
  if (!created.ok) return created
  const { id } = created.value
  const told = tell(work, 'subscription', 'subscription.created', created.value, now)
  const { couponCode } = command
  const discounted =
    couponCode === null
      ? ok(told)
      : attachCoupon(told, { type: 'attach_coupon', couponCode, subscriptionId: id }, context)
  if (!discounted.ok) return discounted
  // A start, a notice and a trial's end besides the periods themselves, each with its metering.
  return advanceOne(discounted.value, id, context, MAX_STEPS_OF_A_START)
}

/** Metering by weeks in each of the periods at most; a further one is refused by its count of periods. */
const MAX_STEPS_OF_A_START = MAX_BACKDATED_PERIODS * 6 + 4

/** What is due by now happens first, so that a command never depends on whether the billing run has been there. */
export function commandSubscription(
  work: Work,
  command: SubscriptionCommand,
  context: Context,
): Result<Work, Rejection> {
  if (!work.subscriptions.now.has(command.id)) return err(noSubscription(command.id))
  const current = advanceOne(work, command.id, context)
  if (!current.ok) return current
  const found = current.value.subscriptions.now.get(command.id)
  invariant(found !== undefined, `${command.id} must still be there`)
  const before = ofOpenDay(current.value, found)
  if (isDueBy(before, context.now)) return err(catchingUp)
  const { settings } = context.snapshot
  const facts = { now: context.now, facts: factsOf(context), catalogue: catalogueOf(current.value, context), settings }
  const step = decideCommand(before, command, facts)
  if (!step.ok || step.value === null) return step.ok ? ok(current.value) : step
  if (command.type === 'change_subscription' && command.onlyIfPaid && before.status === 'active') {
    return changePaid(current.value, before, { command, facts }, context)
  }
  return applyStep(current.value, before, step.value, context)
}

/** Once a day's draft is final, a change as of that day too is reckoned from how things stand after it. */
function ofOpenDay({ invoices }: Work, subscription: Subscription): Subscription {
  const draftId = subscription.status === 'active' ? (subscription.baseline?.draftId ?? null) : null
  if (subscription.status !== 'active' || draftId === null) return subscription
  const draft = invoices.now.get(draftId)
  const isOpen = draft?.status === 'draft' || draft?.status === 'deleted'
  return isOpen ? subscription : { ...subscription, baseline: null }
}

/** What the day changed before is invoiced by itself, so that only this change depends on its payment. */
function changePaid(
  work: Work,
  { id }: Subscription,
  { command, facts }: { readonly command: SubscriptionCommand; readonly facts: CommandContext },
  context: Context,
): Result<Work, Rejection> {
  const settled = closeDrafts(work, { id }, context)
  const before = settled.ok ? settled.value.subscriptions.now.get(id) : undefined
  if (!settled.ok || before?.status !== 'active') return settled
  const step = decideCommand(before, command, facts)
  if (!step.ok || step.value === null) return step.ok ? settled : step
  return changeIfPaid(settled.value, before, step.value, context)
}

function catalogueOf(work: Work, { snapshot }: Context): Catalogue {
  const live = all(work.subscriptions).filter((subscription) => !('endedAt' in subscription))
  const versions = new Map(snapshot.versions)
  for (const { current } of snapshot.plans) versions.set(current.id, current)
  return { plans: snapshot.plans, versions, live }
}

function isOverdue(status: Overdue['status']): Rejection {
  return {
    code: 'account_overdue',
    detail: `The account is overdue (${status}), and takes no new subscriptions until it has paid.`,
    hint: 'GET /v1/invoices?account=…&status=open shows what is owed; POST /v1/invoices/{id}/pay or a new payment method settles it.',
  }
}

const catchingUp: Rejection = {
  code: 'changed_meanwhile',
  detail: 'The subscription is many periods behind and is being brought up to date.',
  hint: 'Repeat the request in a minute.',
}

function noSubscription(id: SubscriptionCommand['id']): Rejection {
  return {
    code: 'not_found',
    detail: `There is no subscription ${encodeId('subscription', id)}.`,
    hint: 'List them with GET /v1/subscriptions.',
  }
}
