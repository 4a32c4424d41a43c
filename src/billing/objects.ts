import type { Id } from '../kernel/id.ts'
import type { Env } from '../platform/env.ts'
import { logError } from '../platform/log.ts'
import type { Dispatched, DispatchRequest } from './dispatch.ts'

/** The objects as their callers see them, and the one word that a command says to the rest of the system. */

export type Dispatcher = { readonly dispatch: (request: DispatchRequest) => Promise<Dispatched> }

export type ClockKey = { readonly organizationId: Id<'organization'>; readonly id: Id<'test_clock'> }

export type Advancer = {
  readonly advance: (clock: ClockKey) => Promise<{ readonly stopped: string | null }>
  readonly resume: (clock: ClockKey) => Promise<void>
}

export function subscriptionObject({ SUBSCRIPTIONS }: Env, id: Id<'subscription'>): Dispatcher {
  return SUBSCRIPTIONS.get(SUBSCRIPTIONS.idFromName(id)) as unknown as Dispatcher
}

export function clockObject({ TEST_CLOCKS }: Env, id: Id<'test_clock'>): Advancer {
  return TEST_CLOCKS.get(TEST_CLOCKS.idFromName(id)) as unknown as Advancer
}

export type RelayMessage = { readonly commitId: Id<'commit'> }

/** Never throws: a commit that the relay was not told of is found by the sweep. */
export async function tellRelay({ RELAY_QUEUE }: Env, commitId: Id<'commit'>): Promise<void> {
  const message: RelayMessage = { commitId }
  await RELAY_QUEUE.send(message).catch((error: unknown) => logError('the relay was not told; the sweep will', error))
}
