import { expect } from 'vitest'
import { body, type Client, type Json, type Reply } from './client.ts'
import type { Customer, World } from './world.ts'

/** What a metered subscription is told of and asked about. Events are of `api_calls` unless said otherwise. */
export type Meter = {
  readonly subscription: string
  /** An event with these members over those that every event needs. */
  readonly event: (id: string, about?: Json) => Json
  readonly sends: (...events: readonly Json[]) => Promise<Reply>
  /** Each of these is accepted. */
  readonly uses: (...events: readonly Json[]) => Promise<void>
  readonly asks: (about?: Json) => Promise<Reply>
  readonly events: (query?: string) => Promise<readonly Json[]>
  readonly path: (id: string) => string
  /** What was done left no event of the subscription, nor changed one. */
  readonly hearsNothing: <T>(work: () => Promise<T>) => Promise<T>
}

export function meterOf(client: Client, subscription: string): Meter {
  const sends = (...events: readonly Json[]) =>
    client.post('/v1/usage/events', events.length === 1 ? events[0] : { events })
  const events = async (query = '') =>
    body(await client.get(`/v1/usage/events?subscription=${subscription}&limit=100${query}`)).data
  return {
    ...{ subscription, sends },
    event: (id, about = {}) => ({ id, subscription, metric: 'api_calls', ...about }),
    uses: async (...events) => {
      const { accepted, rejected } = body(await sends(...events))
      if (accepted !== events.length) throw new Error(JSON.stringify(rejected))
    },
    asks: (about = {}) => client.post('/v1/usage/check', { subscription, metric: 'api_calls', ...about }),
    events,
    hearsNothing: async (work) => {
      const before = await events()
      const done = await work()
      expect(await events()).toEqual(before)
      return done
    },
    path: (id) => `/v1/usage/events/${subscription}/${encodeURIComponent(id)}`,
  }
}

/** A plan whose calls are metered and cost one each, the charge as a test says of it. */
export async function meteredPlan(world: World, code: string, charge: Json = {}): Promise<Json> {
  const known = await world.client.get('/v1/metrics/api_calls')
  if (known.status === 404)
    body(await world.client.post('/v1/metrics', { code: 'api_calls', name: 'API calls', aggregation: 'sum' }))
  const standard = { metric: 'api_calls', model: 'standard', currency: 'USD', unit_amount: '1' }
  return world.plan(code, { charges: [{ ...standard, ...charge }] })
}

/** Subscribes, and answers what measures it. */
export async function meters(world: World, customer: Customer, plan: string, about?: Json): Promise<Meter> {
  return meterOf(world.client, (await customer.subscribes(plan, about)).id)
}

/** An account in real time, of which a test says nothing more. */
export function inRealTime(world: World): Promise<Customer> {
  return world.account({ test_clock: undefined })
}
