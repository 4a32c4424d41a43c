/** As the object counts. */
type Told = { readonly acknowledged: number; readonly flushed: number; readonly pending: number }

/** As the database counts: flushed = inserted + duplicates + setAside. */
export type StoredStanding = {
  readonly shard: number
  readonly flushed: number
  readonly inserted: number
  readonly duplicates: number
  readonly setAside: number
}

/** Rows there are, of events and of those that were set aside. */
export type StoredUsage = { readonly rows: number; readonly setAside: number }

/** One shard, as its object and the database tell of it. */
export type ShardBalance = {
  readonly shard: number
  /** Before the database was asked, and after. */
  readonly before: Told
  readonly after: Told
  readonly stored: StoredStanding
}

/**
 * What does not add up, in sentences; nothing where every acknowledged event is counted once. Both go on meanwhile: the
 * database must lie between what the object had flushed before and what it has acknowledged after.
 */
export function faultsIn(shards: readonly ShardBalance[], { rows, setAside }: StoredUsage): readonly string[] {
  const sum = (part: 'inserted' | 'setAside') => shards.reduce((all, { stored }) => all + stored[part], 0)
  const faults = shards.flatMap(({ shard, before, after, stored }) => [
    ...unless(
      before.acknowledged === before.flushed + before.pending,
      `shard ${shard} has acknowledged ${before.acknowledged} events, of which ${before.flushed} are flushed and ${before.pending} pending`,
    ),
    ...unless(
      before.flushed <= stored.flushed,
      `shard ${shard} has flushed ${before.flushed} events, and the database has ${stored.flushed} of them`,
    ),
    ...unless(
      stored.flushed <= after.acknowledged,
      `shard ${shard} has acknowledged ${after.acknowledged} events, and the database has ${stored.flushed} of it`,
    ),
  ])
  return [
    ...faults,
    ...unless(sum('inserted') === rows, `${sum('inserted')} events were inserted, and there are ${rows}`),
    ...unless(sum('setAside') === setAside, `${sum('setAside')} events were set aside, and there are ${setAside}`),
  ]
}

function unless(holds: boolean, fault: string): readonly string[] {
  return holds ? [] : [fault]
}
