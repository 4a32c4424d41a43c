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

/** How a reservation was settled is remembered so long, for whoever settles it again. */
const REMEMBERED_MS = 7 * DAY_MS

/** Reservations, in SQLite; those that hold something also in memory. */
export function openHolds(sql: SqlStorage) {
  sql.exec(`create table if not exists holds (
      id text primary key, body text not null, settlement text, forget_at integer not null) without rowid`)
  const open = new Map<Id<'subscription'>, Map<Id<'reservation'>, Hold>>()
  for (const { body } of sql.exec<{ body: string }>('select body from holds where settlement is null')) {
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
    /** Of a subscription, what holds something still. */
    of: (subscriptionId: Id<'subscription'>, now: Instant): readonly Hold[] =>
      [...(open.get(subscriptionId)?.values() ?? [])].filter(({ expiresAt }) => now < expiresAt),

    find: (id: Id<'reservation'>): { readonly hold: Hold; readonly settlement: Settlement | null } | null => {
      const [row] = sql.exec<{ body: string; settlement: string | null }>(
        'select body, settlement from holds where id = ?',
        id,
      )
      return row === undefined
        ? null
        : { hold: JSON.parse(row.body), settlement: row.settlement === null ? null : JSON.parse(row.settlement) }
    },

    add: (hold: Hold, realNow: Instant): void => {
      const forgetAt = realNow + (hold.expiresAt - hold.at) + REMEMBERED_MS
      sql.exec('insert into holds values (?, ?, null, ?)', hold.id, JSON.stringify(hold), forgetAt)
      opened(hold)
    },

    settle: (hold: Hold, settlement: Settlement): void => {
      sql.exec('update holds set settlement = ? where id = ?', JSON.stringify(settlement), hold.id)
      closed(hold)
    },

    forget: (realNow: Instant): void => {
      const rows = sql.exec<{ body: string }>('delete from holds where forget_at < ? returning body', realNow)
      for (const { body } of rows) closed(JSON.parse(body) as Hold)
    },
  }
}

export type Holds = ReturnType<typeof openHolds>
