import { type Decimal, decimal, decimalText, parseDecimal } from '../kernel/decimal.ts'
import { encodeId, type Id } from '../kernel/id.ts'
import { plusMs } from '../kernel/instant.ts'
import { newId, realNow } from '../platform/clock.ts'
import { TooBusy } from '../platform/mutex.ts'
import { type Cap, refusalByCaps } from './domain/caps.ts'
import { judge, noSuchSubscription } from './domain/judge.ts'
import type { Profile } from './domain/profile.ts'
import { type Hold, MOST_OPEN, type Settlement } from './holds.ts'
import { capsFor } from './intake.ts'
import type { Checked, CheckRequest, Settled, SettleRequest } from './objects.ts'
import type { Shard } from './shard.ts'

/** A total may be dropped between its being read and its use. */
const TRIES = 5

/** Whether an event of now would be accepted; where asked, its quantity is held for it. */
export async function check(shard: Shard, request: CheckRequest): Promise<Checked> {
  const { organizationId, subscriptionId, metric, quantity, properties, reserveForMs } = request
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const profiles = await shard.profiles.of(organizationId, [subscriptionId])
    const profile = profiles.get(subscriptionId)
    if (profile === undefined) return noSuchSubscription(request)
    const id = newId('reservation')
    const at = profile.clock ?? realNow()
    const event = { subscriptionId, id: eventIdOf(id), metric, at, quantity, properties }
    const judged = judge(event, profile, at)
    if (judged.status === 'rejected') return judged
    await shard.prepare(profiles, [event])
    // From here on nothing waits: what is judged is what is held.
    const caps = capsFor(shard.parts, profile, event, realNow())
    if (caps === null) continue
    const allowed = refusalByCaps({ id: event.id, at, value: judged.value }, caps) === null
    const hold: Hold | null =
      allowed && reserveForMs !== null
        ? { ...event, organizationId, id, value: judged.value, expiresAt: plusMs(at, reserveForMs) }
        : null
    if (hold !== null) {
      if (shard.parts.holds.of(subscriptionId, at).length >= MOST_OPEN) return { status: 'too_many_reservations' }
      shard.hold(hold, profile.clock !== null)
    }
    return {
      ...{ status: 'checked', allowed, caps: caps.map(shown) },
      reservation: hold && { id, expiresAt: hold.expiresAt },
    }
  }
  throw new TooBusy(`a total was dropped ${TRIES} times`)
}

function shown({ charge: { filters, cap }, period, total, held }: Cap) {
  const [used, withHeld] = [total.used(), total.used(held)]
  return {
    ...{ filters, limit: cap.limit, over: cap.over, used: decimalText(used), resetsAt: period.end },
    reserved: decimalText(withHeld.minus(used)),
    remaining: decimalText(atLeastZero(decimal(cap.limit).minus(withHeld))),
  }
}

function atLeastZero(value: Decimal): Decimal {
  return value.lt(0) ? decimal('0') : value
}

/** The id of the event that a reservation becomes: its own, as its holder knows it. */
function eventIdOf(id: Id<'reservation'>): string {
  return encodeId('reservation', id)
}

/** What was held is used, as of when it was reserved, or is not. Repeated in the same way it answers the same. */
export async function settle(shard: Shard, request: SettleRequest): Promise<Settled> {
  const { organizationId, subscriptionId, reservationId, how } = request
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const found = shard.parts.holds.find(reservationId)
    if (
      found === null ||
      found.hold.organizationId !== organizationId ||
      found.hold.subscriptionId !== subscriptionId
    ) {
      return { status: 'missing' }
    }
    const { hold, settlement } = found
    const wanted: Settlement = { how, quantity: how === 'release' ? null : (request.quantity ?? hold.quantity) }
    if (settlement !== null) return isSame(settlement, wanted) ? { status: done[how] } : { status: 'missing' }
    const profiles = await shard.profiles.of(organizationId, [subscriptionId])
    const profile = profiles.get(subscriptionId)
    if (profile === undefined || hold.expiresAt <= (profile.clock ?? realNow())) return { status: 'missing' }
    if (isMore(wanted, hold)) return { status: 'more_than_held' }
    const settled = how === 'release' ? release(shard, hold, wanted) : await confirm(shard, hold, wanted, profile)
    if (settled !== null) return settled
  }
  throw new TooBusy(`reservation ${reservationId} was settled by others ${TRIES} times`)
}

const done = { confirm: 'confirmed', release: 'released' } as const

function isSame(left: Settlement, right: Settlement): boolean {
  if (left.how !== right.how || left.quantity === null || right.quantity === null) return left.how === right.how
  return decimal(left.quantity).eq(decimal(right.quantity))
}

function isMore({ quantity }: Settlement, hold: Hold): boolean {
  const asked = parseDecimal(quantity ?? '0')
  return asked.ok && asked.value.gt(decimal(hold.quantity))
}

function release({ parts }: Shard, hold: Hold, settlement: Settlement): Settled | null {
  if (parts.holds.find(hold.id)?.settlement !== null) return null
  parts.holds.settle(hold, settlement)
  return { status: 'released' }
}

async function confirm(shard: Shard, hold: Hold, settlement: Settlement, profile: Profile): Promise<Settled | null> {
  const { subscriptionId, organizationId, metric, at, properties } = hold
  const quantity = settlement.quantity ?? hold.quantity
  const event = { subscriptionId, id: eventIdOf(hold.id), metric, at, quantity, properties }
  const profiles = new Map([[subscriptionId, profile]])
  const results = await shard.take({ organizationId, events: [event], profiles, settles: { hold, settlement } })
  if (results === null) return null
  const refusal = results.find((result) => result.status === 'rejected')
  return refusal ?? { status: 'confirmed' }
}
