import { sameInterval } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { Plan } from '../../plans/domain/plan.ts'
import { choosePrice } from '../../plans/domain/plan.ts'
import {
  type Agreement,
  addOnChanges,
  agreementOf,
  type Changes,
  changedBy,
  type Item,
  itemsOf,
  MAX_ADD_ONS,
} from './agreement.ts'
import type { AddOnAsked, Catalogue, ChangeSubscription } from './command.ts'
import { MAX_QUANTITY, type Subscription } from './subscription.ts'

/** The members of the agreement that a change asks for, priced by the versions that hold from then on. */
export function agree(
  subscription: Subscription,
  command: ChangeSubscription,
  catalogue: Catalogue,
): Result<Changes, Rejection> {
  const { interval, quantity, unitAmount } = command
  const sold = planItem(subscription, command, catalogue)
  if (!sold.ok) return sold
  const another = interval !== null && !sameInterval(interval, subscription.interval)
  const kept = another ? subscription.addOns.map((addOn) => ({ ...addOn, unitAmount: null })) : subscription.addOns
  const addOns = withAddOns(kept, command.addOns, catalogue)
  if (!addOns.ok) return addOns
  const changesAddOns = command.addOns.length > 0 || (another && subscription.addOns.some(hasOwnPrice))
  const asked: Changes = {
    ...sold.value,
    // A price of its own was meant for the time it was billed by.
    ...(another && { interval, unitAmount: null }),
    ...(quantity !== null && { quantity }),
    ...(unitAmount !== undefined && { unitAmount }),
    ...(changesAddOns && { addOns: addOnChanges(subscription.addOns, addOns.value) }),
  }
  const to = changedBy(agreementOf(subscription), asked)
  const { billingTime } = subscription
  if (billingTime === 'calendar' && to.interval.count !== 1) return err(calendarCountsOne('/interval_count'))
  const unpriced = priceMissing(to, subscription, catalogue)
  if (unpriced !== null) return err(unpriced)
  // What is stored for later must still be possible on top of what changes now.
  const later = subscription.scheduledChange && changedBy(to, subscription.scheduledChange.to)
  const conflict = later && command.effective === 'now' ? priceMissing(later, subscription, catalogue) : null
  return conflict === null ? ok(asked) : err(scheduledConflict(conflict))
}

function planItem(
  subscription: Subscription,
  { planCode, latestVersion }: ChangeSubscription,
  { plans, live }: Catalogue,
): Result<Changes, Rejection> {
  if (planCode === null && !latestVersion) return ok({})
  const plan = plans.find(planCode === null ? ({ id }) => id === subscription.planId : ({ code }) => code === planCode)
  if (plan === undefined) return err(noPlan(planCode ?? '', '/plan'))
  const isAnother = plan.id !== subscription.planId
  if (!isAnother && !latestVersion) return ok({})
  const refused = unsellable(plan, 'plan', '/plan')
  if (refused !== null) return err(refused)
  const twin = findTwin(plan, live, subscription.id)
  if (twin !== null) return err(alreadySubscribed(plan, twin.status))
  return ok({ planId: plan.id, planVersionId: plan.current.id, unitAmount: null })
}

/** Another live subscription to the plan, also one that a change will bring to it. */
export function findTwin(
  { id: planId }: Plan,
  live: Catalogue['live'],
  except: Subscription['id'] | null,
): Subscription | null {
  const isOn = (one: Subscription) =>
    one.planId === planId ||
    one.scheduledChange?.to.planId === planId ||
    (one.status === 'active' && one.pendingChange?.to.planId === planId)
  return live.find((one) => one.id !== except && isOn(one)) ?? null
}

function hasOwnPrice({ unitAmount }: Item): boolean {
  return unitAmount !== null
}

/** Those named are set, 0 takes away, the others stay. One that is sold already keeps its version. */
export function withAddOns(
  sold: readonly Item[],
  asked: readonly AddOnAsked[],
  { plans }: Pick<Catalogue, 'plans'>,
): Result<readonly Item[], Rejection> {
  let items = sold
  for (const [index, { planCode, quantity, unitAmount }] of asked.entries()) {
    const pointer = `/add_ons/${index}/plan`
    const plan = plans.find(({ code }) => code === planCode)
    if (plan === undefined) return err(noPlan(planCode, pointer))
    const known = items.find(({ planId }) => planId === plan.id)
    const refused = known === undefined ? unsellable(plan, 'add_on', pointer) : null
    if (refused !== null) return err(refused)
    if (known === undefined && quantity === 0) return err(noAddOn(planCode, pointer))
    const item = { planId: plan.id, planVersionId: known?.planVersionId ?? plan.current.id, quantity, unitAmount }
    const others = items.filter(({ planId }) => planId !== plan.id)
    items =
      quantity === 0
        ? others
        : known === undefined
          ? [...items, item]
          : items.map((one) => (one === known ? item : one))
  }
  return items.length > MAX_ADD_ONS ? err(tooManyAddOns) : ok(items)
}

/** Every item must have a price for the time it is billed by. */
export function priceMissing(
  agreement: Agreement,
  { currency }: Pick<Subscription, 'currency'>,
  { plans, versions }: Pick<Catalogue, 'plans' | 'versions'>,
): Rejection | null {
  for (const { planId, planVersionId } of itemsOf(agreement)) {
    const plan = plans.find(({ id }) => id === planId)
    const version = versions.get(planVersionId) ?? plan?.current
    if (version === undefined) continue
    const { unit, count } = agreement.interval
    const chosen = choosePrice({ code: plan?.code ?? version.planName }, version, currency, { unit, count })
    if (!chosen.ok) return chosen.error
  }
  return null
}

/** Seats within bounds are checked where they are parsed; a plan must be on sale and of the kind that is asked for. */
export function unsellable(plan: Plan, as: Plan['kind'], pointer: string): Rejection | null {
  if (plan.kind !== as) return wrongKind(plan, pointer)
  return plan.archivedAt === null ? null : archived(plan, pointer)
}

export function noPlan(code: string, pointer: string): Rejection {
  return {
    code: 'not_found',
    detail: `There is no plan ${code}.`,
    hint: 'List the plans on sale with GET /v1/plans; give the plan by its code.',
    pointer,
  }
}

export function alreadySubscribed(plan: Plan, status: Subscription['status']): Rejection {
  return {
    code: 'already_subscribed',
    detail: `The account already has a subscription to ${plan.code} (${status}).`,
    hint: 'Change or cancel that one, or raise its quantity. A seat is not a second subscription.',
    pointer: '/plan',
  }
}

export function calendarCountsOne(pointer: string): Rejection {
  return {
    code: 'invalid_request',
    detail: 'By the calendar a subscription is billed by one week, month, quarter or year at a time.',
    hint: 'Use an interval_count of 1, or billing_time "anniversary".',
    pointer,
  }
}

function archived(plan: Plan, pointer: string): Rejection {
  return {
    code: 'plan_archived',
    detail: `Plan ${plan.code} is archived and takes no new subscriptions.`,
    hint:
      plan.replacedBy === null
        ? 'List the plans on sale with GET /v1/plans.'
        : `Subscribe to plan ${plan.replacedBy} instead.`,
    pointer,
  }
}

function wrongKind({ code, kind }: Plan, pointer: string): Rejection {
  return {
    code: 'wrong_plan_kind',
    detail: kind === 'add_on' ? `${code} is an add-on and is not sold alone.` : `${code} is a plan, not an add-on.`,
    hint: kind === 'add_on' ? 'Add it to a subscription as one of its `add_ons`.' : 'Subscribe to it by itself.',
    pointer,
  }
}

function noAddOn(code: string, pointer: string): Rejection {
  return {
    code: 'nothing_to_change',
    detail: `The subscription has no add-on ${code} to take away.`,
    hint: 'GET the subscription shows its items.',
    pointer,
  }
}

const tooManyAddOns: Rejection = {
  code: 'limit_reached',
  detail: `A subscription has ${MAX_ADD_ONS} add-ons at most, each of ${MAX_QUANTITY} at most.`,
  hint: 'Put what belongs together into one add-on.',
  pointer: '/add_ons',
}

function scheduledConflict(conflict: Rejection): Rejection {
  return {
    ...conflict,
    detail: `With the change that is scheduled already: ${conflict.detail}`,
    hint: 'Take the scheduled change back first, with DELETE …/scheduled_change.',
  }
}
