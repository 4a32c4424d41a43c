import { DAY_MS, type Instant, MINUTE_MS } from '../kernel/instant.ts'

/**
 * The ids a shard has acknowledged, as hashes of 16 bytes: a table for each week of arrival, in the order of its keys, which
 * is dropped whole once an event that came in it would be too old to be taken again.
 */
export type Memory = {
  /** Which of these hashes, in hex, are known. */
  readonly known: (hashes: readonly string[]) => Set<string>
  readonly remember: (hashes: readonly string[], now: Instant) => void
  readonly forget: (now: Instant) => void
}

const WEEK_MS = 7 * DAY_MS
/** 1970-01-05 was a Monday. */
const SOME_MONDAY_MS = 4 * DAY_MS
/** What is older is refused, and nothing lies further ahead when it comes (judge.ts). */
const REMEMBERED_MS = 35 * DAY_MS + 5 * MINUTE_MS

export function openMemory(sql: SqlStorage): Memory {
  let weeks = readWeeks(sql)

  function known(hashes: readonly string[]): Set<string> {
    if (weeks.length === 0 || hashes.length === 0) return new Set()
    const each = weeks.map(
      (week) => `select lower(hex(hash)) as hash from ${tableOf(week)} where hash in (select unhex(value) from asked)`,
    )
    const rows = sql.exec<{ hash: string }>(
      `with asked as materialized (select value from json_each(?)) ${each.join(' union all ')}`,
      JSON.stringify(hashes),
    )
    return new Set([...rows].map(({ hash }) => hash))
  }

  function remember(hashes: readonly string[], now: Instant): void {
    const week = Math.floor((now - SOME_MONDAY_MS) / WEEK_MS)
    if (!weeks.includes(week)) {
      sql.exec(`create table if not exists ${tableOf(week)} (hash blob primary key) without rowid`)
      weeks = [...weeks, week]
    }
    // In the order of the keys they are written to the same pages.
    const sorted = JSON.stringify(hashes.toSorted())
    sql.exec(`insert or ignore into ${tableOf(week)} select unhex(value) from json_each(?)`, sorted)
  }

  function forget(now: Instant): void {
    const old = weeks.filter((week) => SOME_MONDAY_MS + (week + 1) * WEEK_MS + REMEMBERED_MS < now)
    for (const week of old) sql.exec(`drop table ${tableOf(week)}`)
    weeks = weeks.filter((week) => !old.includes(week))
  }

  return { known, remember, forget }
}

function tableOf(week: number): string {
  return `ids_${week}`
}

function readWeeks(sql: SqlStorage): readonly number[] {
  const rows = sql.exec<{ name: string }>(
    `select name from sqlite_master where type = 'table' and name glob 'ids_[0-9]*'`,
  )
  return [...rows].map(({ name }) => Number(name.slice('ids_'.length)))
}
