import type { Id } from '../kernel/id.ts'
import type { Env } from '../platform/env.ts'
import type { Dispatched, DispatchRequest } from './dispatch.ts'

/** The objects as their callers see them. */

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
