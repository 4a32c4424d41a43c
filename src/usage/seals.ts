import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Seal } from './objects.ts'

type Subscription = Id<'subscription'>

const MOST_KNOWN = 10_000

/** Up to when what was used is billed: what was before and comes now is late. And which reports were made once for all. */
export function openSeals(sql: SqlStorage) {
  sql.exec('create table if not exists seals (subscription text primary key, before integer not null) without rowid')
  sql.exec(`create table if not exists told (
      subscription text not null, subject text not null, primary key (subscription, subject)) without rowid`)
  // Asked for every event beyond a threshold.
  const known = new Set<string>()

  return {
    /** Only ever rises. */
    rise: (seals: readonly Seal[]): void => {
      const rows = JSON.stringify(seals.map(({ subscriptionId, before }) => [subscriptionId, before]))
      sql.exec(
        `insert into seals select value ->> 0, max(value ->> 1) from json_each(?) group by 1
           on conflict (subscription) do update set before = max(before, excluded.before)`,
        rows,
      )
    },

    of: (subscriptions: Iterable<Subscription>): ReadonlyMap<Subscription, Instant> => {
      const rows = sql.exec<{ subscription: Subscription; before: number }>(
        'select subscription, before from seals where subscription in (select value from json_each(?))',
        JSON.stringify([...subscriptions]),
      )
      return new Map([...rows].map(({ subscription, before }) => [subscription, before as Instant]))
    },

    wasTold: (subscription: Subscription, subject: string): boolean => {
      if (known.has(subscription + subject)) return true
      const [row] = sql.exec('select 1 from told where subscription = ? and subject = ?', subscription, subject)
      if (row === undefined) return false
      if (known.size === MOST_KNOWN) known.clear()
      known.add(subscription + subject)
      return true
    },

    tell: (subscription: Subscription, subject: string): void => {
      sql.exec('insert or ignore into told values (?, ?)', subscription, subject)
    },
  }
}

export type Seals = ReturnType<typeof openSeals>
