import type { Id } from '../kernel/id.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '../kernel/instant.ts'
import { isUnavailable } from '../platform/db/fault.ts'
import type { Profile } from './domain/profile.ts'

type Organization = Id<'organization'>
type Subscription = Id<'subscription'>
export type Profiles = ReadonlyMap<Subscription, Profile>

type Load = (organizationId: Organization, ids: readonly Subscription[]) => Promise<readonly Profile[]>
type Known = { readonly profile: Profile; readonly readAt: Instant }
type Trip = { readonly ids: Set<Subscription>; readonly read: Promise<Profiles> }

const FRESH_MS = MINUTE_MS
/** Whatever is older is read again with what must be: one by one, many subscriptions would cost a trip each a minute. */
const SOON_MS = FRESH_MS / 2
const SOON_AT_ONCE = 500
/** While Postgres is down nothing can become of a subscription: what is known of it goes on holding. */
const HOLDS_MS = HOUR_MS
const MOST = 2_000

/** What is known of subscriptions, read at most once a minute. On a test clock it is read each time: time may have passed. */
export function profileCache(load: Load, now: () => Instant) {
  const known = new Map<Subscription, Known>()
  const underway = new Map<Organization, Promise<unknown>>()
  const waiting = new Map<Organization, Trip>()
  let refreshed = 0

  /** Those of the organization; one that it does not have is left out. @throws where the database gives no answer. */
  async function of(organizationId: Organization, ids: readonly Subscription[]): Promise<Profiles> {
    const found = new Map<Subscription, Profile>()
    const isKnown = (id: Subscription, forMs: number) => {
      const entry = known.get(id)
      if (entry?.profile.subscription.organizationId !== organizationId || entry.readAt + forMs <= now()) return false
      found.set(id, entry.profile)
      return true
    }
    const missing = [...new Set(ids)].filter((id) => !isKnown(id, FRESH_MS))
    if (missing.length === 0) return found
    try {
      const read = await tripOf(organizationId, missing)
      for (const id of missing) {
        const profile = read.get(id)
        if (profile !== undefined) found.set(id, profile)
      }
    } catch (error) {
      if (!isUnavailable(error) || !missing.every((id) => isKnown(id, HOLDS_MS))) throw error
    }
    return found
  }

  /** One at a time for an organization: whoever asks while one is under way goes with the next, which begins after that. */
  function tripOf(organizationId: Organization, ids: readonly Subscription[]): Promise<Profiles> {
    const trip = waiting.get(organizationId) ?? nextTrip(organizationId)
    for (const id of ids) trip.ids.add(id)
    return trip.read
  }

  function nextTrip(organizationId: Organization): Trip {
    const ids = new Set<Subscription>()
    const before = underway.get(organizationId) ?? Promise.resolve()
    const read = before.then(() => {
      waiting.delete(organizationId)
      return readAll(organizationId, ids)
    })
    const done = read
      .catch(() => undefined)
      .then(() => {
        if (underway.get(organizationId) === done) underway.delete(organizationId)
      })
    underway.set(organizationId, done)
    const trip = { ids, read }
    waiting.set(organizationId, trip)
    return trip
  }

  async function readAll(organizationId: Organization, ids: ReadonlySet<Subscription>): Promise<Profiles> {
    const before = refreshed
    const profiles = await load(organizationId, [...ids.union(dueSoon(organizationId))])
    for (const profile of profiles) {
      // What was read while it changed may be what it was before.
      if (profile.clock === null && before === refreshed) keep(profile)
    }
    return new Map(profiles.map((profile) => [profile.subscription.id, profile]))
  }

  /** The oldest are first. */
  function dueSoon(organizationId: Organization): ReadonlySet<Subscription> {
    const due = new Set<Subscription>()
    for (const [id, { profile, readAt }] of known) {
      if (due.size === SOON_AT_ONCE || readAt + SOON_MS > now()) break
      if (profile.subscription.organizationId === organizationId && readAt + HOLDS_MS > now()) due.add(id)
    }
    return due
  }

  function keep(profile: Profile): void {
    const { id } = profile.subscription
    known.delete(id)
    known.set(id, { profile, readAt: now() })
    for (const oldest of known.keys()) {
      if (known.size <= MOST) break
      known.delete(oldest)
    }
  }

  return {
    of,
    drop: (ids: readonly Subscription[]) => {
      refreshed += 1
      for (const id of ids) known.delete(id)
    },
  }
}
