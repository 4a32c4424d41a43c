import type { Id } from '../kernel/id.ts'
import type { Env } from '../platform/env.ts'
import { logError } from '../platform/log.ts'

/** The one word that a commit says to the rest of the system. */
export type RelayMessage = { readonly commitId: Id<'commit'> }

/** Never throws: a commit that the relay was not told of is found by the sweep. */
export async function tellRelay({ RELAY_QUEUE }: Env, commitId: Id<'commit'>): Promise<void> {
  const message: RelayMessage = { commitId }
  await RELAY_QUEUE.send(message).catch((error: unknown) => logError('the relay was not told; the sweep will', error))
}
