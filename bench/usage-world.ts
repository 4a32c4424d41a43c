import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createOrganization } from '../dev/organization.ts'
import { decodeId, encodeId, type Id } from '../src/kernel/id.ts'
import { type Ends, say } from './bench.ts'
import { type Ask, ask } from './load.ts'
import { seed, settle } from './seed.ts'
import { type Stack, startStack } from './stack.ts'

/** Metered subscriptions, and whoever sends what they use. */
export type UsageWorld = {
  readonly stack: Stack
  readonly client: pg.Client
  readonly key: string
  /** In an order that is none: one after another they are of any shard. */
  readonly subscriptions: readonly Id<'subscription'>[]
}

const METRIC = 'api_calls'
const TIMEOUT_MS = 60_000
const POLL_MS = 5

export async function usageWorld(ends: Ends, subscriptions: number): Promise<UsageWorld> {
  const stack = await startStack(ends, { stripe: false })
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  ends.push(() => client.end())
  const { sealingKey, databaseUrl } = stack
  const wanted = { name: 'Bench', mode: 'sandbox', stripeKey: null, sealingKey, operator: false } as const
  const { id, key } = await createOrganization(databaseUrl, wanted)
  const organizations = [decodeId('organization', id) ?? '']
  say(`seeding ${subscriptions} metered subscriptions`)
  await seed(client, { organizations, accounts: subscriptions, subscriptions, invoices: 0, due: false })
  await sellMetered(await stack.startWorker({ consumers: false }), key)
  const { rows } = await client.query<{ id: Id<'subscription'> }>(metered)
  await settle(client)
  await stack.recycle()
  return { stack, client, key, subscriptions: rows.map((row) => row.id) }
}

/** What is counted, and a plan that charges for it. */
async function sellMetered({ bareUrl }: { readonly bareUrl: string }, key: string): Promise<void> {
  const post = (path: string, body: unknown) => ask(bareUrl, { method: 'POST', path, key, body: JSON.stringify(body) })
  await post('/v1/metrics', { code: METRIC, name: 'API calls', aggregation: 'sum' })
  const tiers = [
    { up_to: '1000', unit_amount: '2' },
    { up_to: null, unit_amount: '1.5' },
  ]
  await post('/v1/plans', {
    ...{ code: 'metered', name: 'Metered' },
    prices: [{ currency: 'USD', interval: 'month', unit_amount: '4900' }],
    charges: [{ metric: METRIC, currency: 'USD', model: 'graduated', tiers }],
  })
}

/** Every subscription becomes one of the metered plan, since its present period began. */
const metered = `
  with sold as (
    update subscriptions s set plan_id = p.id, plan_version_id = v.id, unit_amount = null, metering = jsonb_build_object(
        'closed', jsonb_build_array(jsonb_build_object('interval', jsonb_build_object('unit', 'month', 'count', 1),
          'to', (extract(epoch from s.period_start) * 1000)::bigint)),
        'segments', '[]'::jsonb, 'nextAt', null)
    from plans p join plan_versions v on v.organization_id = p.organization_id and v.plan_id = p.id
    where p.code = 'metered' and p.organization_id = s.organization_id
    returning s.id)
  select id from sold order by md5(id::text)`

/** Requests of so many new events each, of one subscription after another, for ever. */
export function* eventRequests(
  key: string,
  subscriptions: readonly Id<'subscription'>[],
  batch: number,
): Generator<Ask, undefined> {
  const senders = subscriptions.map((id) => encodeId('subscription', id))
  let sent = 0
  for (;;) {
    const timestamp = new Date().toISOString()
    const events = Array.from({ length: batch }, () => ({
      ...{ id: crypto.randomUUID(), subscription: senders[sent++ % senders.length], metric: METRIC, quantity: 1 },
      ...{ timestamp, properties: { region: 'eu', endpoint: '/v1/search' } },
    }))
    const body = JSON.stringify(batch === 1 ? events[0] : { events })
    yield { method: 'POST', path: '/v1/usage/events', key, body, repeatable: true }
  }
}

/** All that was acknowledged is in Postgres, and nothing else. @throws {Error} where it is not after a while. */
export async function flushed(client: pg.Client, acknowledged: number): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const present = await flushedSoFar(client)
    if (present === acknowledged) return
    if (present > acknowledged || performance.now() > deadline) {
      throw new Error(`${acknowledged} events were acknowledged, and ${present} are in Postgres`)
    }
    await sleep(POLL_MS)
  }
}

export async function flushedSoFar(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'select coalesce(sum(flushed), 0)::int as count from usage_shards',
  )
  return rows[0]?.count ?? 0
}

/** @throws {Error} unless every acknowledged event is a row of its own. */
export async function verifyUsage(client: pg.Client, acknowledged: number): Promise<void> {
  await flushed(client, acknowledged)
  const { rows } = await client.query<{ wrong: string }>(
    `select abs((select count(*) from usage_events) - $1) + abs((select sum(inserted) from usage_shards) - $1)
      + (select sum(duplicates + set_aside) from usage_shards) as wrong`,
    [acknowledged],
  )
  if (Number(rows[0]?.wrong) !== 0) throw new Error(`${rows[0]?.wrong} of ${acknowledged} events are not what was sent`)
}
