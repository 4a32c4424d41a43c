import type { Id } from '../kernel/id.ts'
import { invariant } from '../kernel/invariant.ts'

/**
 * What a shard has acknowledged and not yet flushed, in its SQLite. Every acknowledged event has a position, 0, 1, 2 …:
 * those before `flushed` are in Postgres, those from there on are here. All of it is synchronous.
 */
export type Store = {
  readonly counts: () => Counts
  /** In one row or a few: a row costs money, whatever is in it. */
  readonly append: (events: readonly Appended[]) => void
  /** From `flushed` on, at most so many lines and characters; the first is always among them. */
  readonly next: (limit: { readonly events: number; readonly characters: number }) => readonly string[]
  /** Of some subscriptions, everything that waits. */
  readonly linesOf: (subscriptions: ReadonlySet<Id<'subscription'>>) => readonly string[]
  readonly flushedTo: (position: number) => void
  /** The position after the last event of any of them that waits; `flushed` where none does. */
  readonly endOf: (subscriptions: readonly Id<'subscription'>[]) => number
  readonly corrected: () => void
}

type Counts = {
  readonly acknowledged: number
  readonly flushed: number
  readonly corrections: number
  /** Characters that wait. */
  readonly waiting: number
}

type Appended = { readonly subscriptionId: Id<'subscription'>; readonly line: string }

/** A row holds 2 MB at most, and a character may take three bytes. */
const ROW_CHARACTERS = 500_000

export function openStore(sql: SqlStorage): Store {
  sql.exec(`create table if not exists counts (
      one integer primary key check (one = 1), flushed integer not null, corrections integer not null) without rowid`)
  sql.exec('insert or ignore into counts values (1, 0, 0)')
  sql.exec(`create table if not exists pending (
      position integer primary key, events integer not null, lines text not null, subscriptions text not null)`)
  let counts = readCounts(sql)
  const ends = readEnds(sql)

  function append(events: readonly Appended[]): void {
    for (const part of parts(events)) {
      const lines = part.map(({ line }) => line).join('\n')
      const whose = [...new Set(part.map(({ subscriptionId }) => subscriptionId))]
      const { acknowledged, waiting } = counts
      sql.exec('insert into pending values (?, ?, ?, ?)', acknowledged, part.length, lines, JSON.stringify(whose))
      for (const [index, { subscriptionId }] of part.entries()) ends.set(subscriptionId, acknowledged + index + 1)
      counts = { ...counts, acknowledged: acknowledged + part.length, waiting: waiting + lines.length }
    }
  }

  function next(limit: { readonly events: number; readonly characters: number }): readonly string[] {
    const found: string[] = []
    let characters = 0
    const rows = sql.exec<{ position: number; lines: string }>('select position, lines from pending order by position')
    for (const { position, lines } of rows) {
      for (const line of lines.split('\n').slice(Math.max(0, counts.flushed - position))) {
        characters += line.length
        if (found.length > 0 && (found.length === limit.events || characters > limit.characters)) return found
        found.push(line)
      }
    }
    return found
  }

  function linesOf(subscriptions: ReadonlySet<Id<'subscription'>>): readonly string[] {
    const rows = sql.exec<{ position: number; lines: string }>(
      `select position, lines from pending where exists (
         select 1 from json_each(subscriptions) s where s.value in (select value from json_each(?))) order by position`,
      JSON.stringify([...subscriptions]),
    )
    return [...rows].flatMap(({ position, lines }) => lines.split('\n').slice(Math.max(0, counts.flushed - position)))
  }

  function flushedTo(position: number): void {
    const { flushed, acknowledged } = counts
    invariant(
      position >= flushed && position <= acknowledged,
      `flushed to ${position} of ${flushed} to ${acknowledged}`,
    )
    sql.exec('delete from pending where position + events <= ?', position)
    sql.exec('update counts set flushed = ?', position)
    const [{ waiting } = { waiting: 0 }] = sql.exec<{ waiting: number }>(waitingCharacters)
    counts = { ...counts, flushed: position, waiting }
    for (const [subscription, end] of ends) if (end <= position) ends.delete(subscription)
  }

  return {
    ...{ append, next, linesOf, flushedTo },
    counts: () => counts,
    endOf: (subscriptions) => Math.max(counts.flushed, ...subscriptions.map((id) => ends.get(id) ?? 0)),
    corrected: () => {
      counts = { ...counts, corrections: counts.corrections + 1 }
      sql.exec('update counts set corrections = ?', counts.corrections)
    },
  }
}

const waitingCharacters = 'select coalesce(sum(length(lines)), 0) as waiting from pending'

function readCounts(sql: SqlStorage): Counts {
  return sql
    .exec<Counts>(
      `select coalesce((select max(position + events) from pending), flushed) as acknowledged, flushed, corrections,
         (${waitingCharacters}) as waiting from counts`,
    )
    .one()
}

/** By row: an end that is a little later than it is makes a flush a little longer. */
function readEnds(sql: SqlStorage): Map<Id<'subscription'>, number> {
  const rows = sql.exec<{ subscription: Id<'subscription'>; end: number }>(
    `select s.value as subscription, max(p.position + p.events) as end
       from pending p, json_each(p.subscriptions) s group by s.value`,
  )
  return new Map([...rows].map(({ subscription, end }) => [subscription, end]))
}

function parts(events: readonly Appended[]): readonly (readonly Appended[])[] {
  const found: Appended[][] = []
  let [last, characters]: [Appended[] | null, number] = [null, 0]
  for (const event of events) {
    characters += event.line.length + 1
    if (last === null || characters > ROW_CHARACTERS) {
      last = []
      found.push(last)
      characters = event.line.length + 1
    }
    last.push(event)
  }
  return found
}
