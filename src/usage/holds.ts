import type { Id } from '../kernel/id.ts'
import { DAY_MS, type Instant } from '../kernel/instant.ts'
import type { UsageEvent } from './domain/event.ts'

/** A quantity that nobody else may use until it is settled or its time is over. */
export type Hold = Pick<UsageEvent, 'subscriptionId' | 'metric' | 'at' | 'quantity' | 'properties'> & {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'reservation'>
  /** What counts of it. */
  readonly value: string
  /** By its account's time, as `at`. */
  readonly expiresAt: Instant
}

export type Settlement = { readonly how: 'confirm' | 'release'; readonly quantity: string | null }

/** Of one subscription: every event is weighed with all that is held of its limits. */
export const MOST_OPEN = 1_000
/** How a reservation was settled is remembered so long, for whoever settles it again. */
const REMEMBERED_MS = 7 * DAY_MS

/** Reservations, in SQLite until they are over or, settled, for a week; those that hold something also in memory. */
export function openHolds(sql: SqlStorage, realNow: Instant) {
  sql.exec(`create table if not exists holds (
      id text primary key, body text not null, settlement text, forget_at integer not null) without rowid`)
  sql.exec('create index if not exists holds_open on holds (forget_at) where settlement is null')
  const open = new Map<Id<'subscription'>, Map<Id<'reservation'>, Hold>>()
  for (const { body } of sql.exec<{ body: string }>(
    'select body from holds where settlement is null and forget_at > ?',
    realNow,
  )) {
    opened(JSON.parse(body) as Hold)
  }

  function opened(hold: Hold): void {
    const own = open.get(hold.subscriptionId) ?? new Map<Id<'reservation'>, Hold>()
    open.set(hold.subscriptionId, own.set(hold.id, hold))
  }

  function closed({ subscriptionId, id }: Pick<Hold, 'subscriptionId' | 'id'>): void {
    const own = open.get(subscriptionId)
    own?.delete(id)
    if (own?.size === 0) open.delete(subscriptionId)
  }

  return {
    /** Of a subscription, what holds something still, by its account's time. */
    of: (subscriptionId: Id<'subscription'>, now: Instant): readonly Hold[] => {
      const own = [...(open.get(subscriptionId)?.values() ?? [])]
      for (const hold of own) if (hold.expiresAt <= now) closed(hold)
      return own.filter(({ expiresAt }) => now < expiresAt)
    },

    find: (id: Id<'reservation'>): { readonly hold: Hold; readonly settlement: Settlement | null } | null => {
      const [row] = sql.exec<{ body: string; settlement: string | null }>(
        'select body, settlement from holds where id = ?',
        id,
      )
      return row === undefined
        ? null
        : { hold: JSON.parse(row.body), settlement: row.settlement === null ? null : JSON.parse(row.settlement) }
    },

    /** On a test clock, which may stand still, it is over when the clock says so, or when nobody remembers it. */
    add: (hold: Hold, { realNow, isOnClock }: { readonly realNow: Instant; readonly isOnClock: boolean }): void => {
      const forgetAt = realNow + (hold.expiresAt - hold.at) + (isOnClock ? REMEMBERED_MS : 0)
      sql.exec('insert into holds values (?, ?, null, ?)', hold.id, JSON.stringify(hold), forgetAt)
      opened(hold)
    },

    settle: (hold: Hold, settlement: Settlement): void => {
      sql.exec(
        'update holds set settlement = ?, forget_at = forget_at + ? where id = ?',
        JSON.stringify(settlement),
        REMEMBERED_MS,
        hold.id,
      )
      closed(hold)
    },

    forget: (realNow: Instant): void => {
      const rows = sql.exec<{ body: string }>('delete from holds where forget_at < ? returning body', realNow)
      for (const { body } of rows) closed(JSON.parse(body) as Hold)
    },
  }
}

export type Holds = ReturnType<typeof openHolds>
