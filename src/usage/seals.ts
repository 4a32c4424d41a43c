import type { Id } from '../kernel/id.ts'
import { DAY_MS, type Instant, plusMs } from '../kernel/instant.ts'
import type { Seal } from './objects.ts'

type Subscription = Id<'subscription'>

/** What is said once, and when its period ends, by real time. */
export type Once = { readonly subscriptionId: Subscription; readonly subject: string; readonly until: Instant }

const MOST_KNOWN = 10_000
/** What could still be late, or pass a threshold, is refused as too old long before. */
const KEPT_MS = 45 * DAY_MS

/** Up to when what was used is billed: what was before and comes now is late. And which reports were made once for all. */
export function openSeals(sql: SqlStorage) {
  sql.exec(`create table if not exists sealed (
      subscription text primary key, before integer not null, at integer not null) without rowid`)
  sql.exec(`create table if not exists told_once (
      subscription text not null, subject text not null, until integer not null,
      primary key (subscription, subject)) without rowid`)
  // Asked for every event beyond a threshold.
  const known = new Set<string>()

  return {
    /** Only ever rises. */
    rise: (seals: readonly Seal[], realNow: Instant): void => {
      const rows = JSON.stringify(seals.map(({ subscriptionId, before }) => [subscriptionId, before]))
      sql.exec(
        `insert into sealed select value ->> 0, max(value ->> 1), ? from json_each(?) group by 1
           on conflict (subscription) do update set before = max(before, excluded.before), at = excluded.at`,
        realNow,
        rows,
      )
    },

    of: (subscriptions: Iterable<Subscription>): ReadonlyMap<Subscription, Instant> => {
      const rows = sql.exec<{ subscription: Subscription; before: number }>(
        'select subscription, before from sealed where subscription in (select value from json_each(?))',
        JSON.stringify([...subscriptions]),
      )
      return new Map([...rows].map(({ subscription, before }) => [subscription, before as Instant]))
    },

    wasTold: ({ subscriptionId, subject }: Omit<Once, 'until'>): boolean => {
      if (known.has(subscriptionId + subject)) return true
      const [row] = sql.exec('select 1 from told_once where subscription = ? and subject = ?', subscriptionId, subject)
      if (row === undefined) return false
      if (known.size === MOST_KNOWN) known.clear()
      known.add(subscriptionId + subject)
      return true
    },

    tell: ({ subscriptionId, subject, until }: Once): void => {
      sql.exec('insert or ignore into told_once values (?, ?, ?)', subscriptionId, subject, until)
    },

    /** A test clock may stand still before a seal that real time has passed: both must be over. */
    forget: (realNow: Instant): void => {
      const old = plusMs(realNow, -KEPT_MS)
      sql.exec('delete from sealed where before < ? and at < ?', old, old)
      sql.exec('delete from told_once where until < ?', old)
    },
  }
}

export type Seals = ReturnType<typeof openSeals>
