import type { Id } from '../kernel/id.ts'
import type { Env } from '../platform/env.ts'
import { shardOf, USAGE_SHARDS, usageShard } from './objects.ts'
import { answered } from './refusals.ts'

/** All that was acknowledged of a subscription before is in Postgres then. @throws {Problem} where its shard cannot. */
export async function flushed(env: Env, subscription: Id<'subscription'>): Promise<void> {
  answered(await usageShard(env, shardOf(subscription)).flush([subscription]))
}

/** Of every subscription: a call to each shard. @throws {Problem} where any of them cannot. */
export async function allFlushed(env: Env): Promise<void> {
  const shards = Array.from({ length: USAGE_SHARDS }, (_, shard) => usageShard(env, shard))
  for (const answer of await Promise.all(shards.map((shard) => shard.flush(null)))) answered(answer)
}
