import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { decodeId, type Id } from '../../src/kernel/id.ts'
import { DAY_MS, HOUR_MS, type Instant, plusMs, toIso } from '../../src/kernel/instant.ts'
import type { Period } from '../../src/kernel/period.ts'
import { aggregate, type Measured, measuredValue, usageOf } from '../../src/plans/domain/aggregation.ts'
import { aggregations, type Metric } from '../../src/plans/domain/metric.ts'
import type { Usage } from '../../src/plans/domain/rating.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import type { UsageAsked } from '../../src/subscriptions/domain/usage-billable.ts'
import { readWindows } from '../../src/usage/window-repository.ts'
import { body } from '../support/client.ts'
import { at } from '../support/given.ts'
import { database, sql } from '../support/sql.ts'
import { newWorld, type World } from '../support/world.ts'

const january = { start: at('2026-01-01'), end: at('2026-02-01') }

let world: World

beforeAll(async () => {
  world = await newWorld()
  await world.plan('pro')
  for (const aggregation of aggregations) {
    const field = aggregation === 'count' ? {} : { field: 'size' }
    body(await world.client.post('/v1/metrics', { code: aggregation, name: aggregation, aggregation, ...field }))
  }
})

type Stored = Measured & { readonly late: string | null; readonly voided: boolean }

const size = fc
  .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.integer({ min: 0, max: 12 }))
  .map(([units, decimals]) => {
    const digits = `${units < 0n ? -units : units}`.padStart(decimals + 1, '0')
    const point = digits.length - decimals
    return `${units < 0n ? '-' : ''}${digits.slice(0, point)}${decimals === 0 ? '' : `.${digits.slice(point)}`}`
  })

/** At times that are often the same, under ids that UTF-16 orders otherwise than Unicode. */
const stored = fc
  .record({
    name: fc.constantFrom('a', 'b', 'Z', 'é', '\u{fffd}', '\u{1f600}'),
    ms: fc.oneof(fc.integer({ min: -20 * DAY_MS, max: 40 * DAY_MS }), fc.constantFrom(0, DAY_MS, 30 * DAY_MS)),
    properties: fc.record({
      size: fc.oneof(size, fc.constantFrom('1', '2', '1.0')),
      region: fc.constantFrom('eu', 'us'),
    }),
    late: fc.constantFrom(null, null, 'supplemental', 'unbilled'),
    voided: fc.nat(4).map((n) => n === 0),
  })
  .map(({ name, ms, ...event }) => ({ ...event, name, quantity: '1', at: plusMs(january.start, ms) }))

/** January or a part of it, or a beginning of one. */
const window = fc
  .record({
    of: fc.oneof(
      fc.constant(january),
      fc.record({ day: fc.nat(30), hours: fc.integer({ min: 1, max: 700 }) }).map(({ day, hours }) => {
        const start = plusMs(january.start, day * DAY_MS)
        return { start, end: plusMs(start, hours * HOUR_MS) }
      }),
    ),
    percent: fc.oneof(fc.constant(100), fc.nat(100)),
    filters: fc.constantFrom<UsageAsked['filters']>({}, { region: 'eu' }),
    ...{ perEvent: fc.boolean(), final: fc.boolean() },
  })
  .map(({ percent, ...asked }) => ({ ...asked, period: beginning(asked.of, percent) }))

function beginning({ start, end }: Period, percent: number): Period {
  return { start, end: (start + Math.floor(((end - start) * percent) / 100)) as Instant }
}

test.each(aggregations)(
  'FR-074 Postgres and the domain come to the same %s, whatever was used',
  async (aggregation) => {
    const metric = { code: aggregation, aggregation, field: aggregation === 'count' ? null : 'size' }
    const subscriptionId = await newSubscription()
    const agree = async (some: readonly (Omit<Stored, 'id'> & { name: string })[], windows: readonly Window[]) => {
      await sql('delete from usage_events where subscription_id = $1', subscriptionId)
      const events = some.map(({ name, ...event }, index) => ({ ...event, id: `${name}${index}` }))
      await wereUsed(subscriptionId, metric, events)
      const asked = windows.map((one) => ({ ...one, subscriptionId, metric: aggregation }))
      const read = await readWindows(connect(bindings()), asked)
      expect(asked.map(read)).toEqual(asked.map((one) => inTheDomain(metric, events, one)))
    }
    await fc.assert(
      fc.asyncProperty(fc.array(stored, { maxLength: 25 }), fc.array(window, { minLength: 1, maxLength: 8 }), agree),
      { numRuns: 50 },
    )
  },
)

type Window = Omit<UsageAsked, 'subscriptionId' | 'metric'>

function inTheDomain(metric: Pick<Metric, 'aggregation' | 'field'>, events: readonly Stored[], asked: Window): Usage {
  const filters = Object.entries(asked.filters)
  const counted = events.filter(
    // A level that came too late for its own time is there all the same later.
    ({ at, properties, late, voided }) =>
      (late !== 'unbilled' || at < asked.period.start) &&
      !voided &&
      filters.every(([key, value]) => properties[key] === value),
  )
  const { quantity, events: amounts } = usageOf(aggregate(metric, counted, asked.period), asked.of)
  if (!asked.perEvent) return { quantity }
  // Of one that has never used anything nobody knows how it is measured.
  return { quantity, ...(events.length === 0 ? { events: [] } : amounts && { events: amounts }) }
}

const ofJanuary = { metric: 'sum', filters: {}, period: january, of: january, perEvent: false, final: true }

test('windows of several subscriptions and metrics are read in one trip, and equal ones once', async () => {
  const [one, other] = [await newSubscription(), await newSubscription()]
  const used = (id: string, bytes: string) =>
    ({ id, at: at('2026-01-09'), quantity: '1', properties: { size: bytes }, late: null, voided: false }) as const
  await wereUsed(one, { code: 'sum', aggregation: 'sum', field: 'size' }, [used('a', '2'), used('b', '3')])
  await wereUsed(other, { code: 'max', aggregation: 'max', field: 'size' }, [used('a', '7'), used('b', '5')])
  const sum = { ...ofJanuary, subscriptionId: one }
  const most = { ...ofJanuary, subscriptionId: other, metric: 'max' }
  const before = await database.trips()
  const read = await readWindows(connect(bindings()), [sum, most, { ...sum, final: false }])
  expect((await database.trips()) - before).toBe(1)
  expect([read(sum), read(most), read({ ...sum, final: false })].map(({ quantity }) => quantity)).toEqual([
    '5',
    '7',
    '5',
  ])
})

test('nothing is read for no window, and nothing was used where nothing is stored', async () => {
  const before = await database.trips()
  await readWindows(connect(bindings()), [])
  expect(await database.trips()).toBe(before)
  const subscriptionId = await newSubscription()
  const asked = [
    { ...ofJanuary, subscriptionId },
    { ...ofJanuary, subscriptionId, perEvent: true },
  ]
  const read = await readWindows(connect(bindings()), asked)
  expect(asked.map(read)).toEqual([{ quantity: '0' }, { quantity: '0', events: [] }])
})

test('a window that was not asked for is a bug of the caller', async () => {
  const sum = { ...ofJanuary, subscriptionId: await newSubscription() }
  const read = await readWindows(connect(bindings()), [sum])
  for (const other of [
    { metric: 'max' },
    { perEvent: true },
    { filters: { region: 'eu' } },
    { of: beginning(january, 50) },
  ])
    expect(() => read({ ...sum, ...other })).toThrow('was not asked for')
})

async function newSubscription(): Promise<Id<'subscription'>> {
  const customer = await world.account({ card: null, collection: 'invoice' })
  return decoded('subscription', (await customer.subscribes('pro')).id)
}

async function wereUsed(
  subscriptionId: Id<'subscription'>,
  metric: Pick<Metric, 'code' | 'aggregation' | 'field'>,
  events: readonly Stored[],
): Promise<void> {
  const rows = events.map((event) => ({
    ...{ event_id: event.id, at: toIso(event.at), quantity: event.quantity, properties: event.properties },
    ...{ value: measuredValue(metric, event), late: event.late, voided_at: event.voided ? toIso(event.at) : null },
  }))
  await sql(
    `insert into usage_events
     select $1, $2, r.event_id, 1, $3, r.at, r.quantity, r.properties, r.value, r.at, r.late, r.voided_at
     from json_to_recordset($4::json) as r(event_id text, at timestamptz, quantity text, properties jsonb, value text,
       late text, voided_at timestamptz)`,
    ...[decoded('organization', world.client.organization), subscriptionId, metric.code, JSON.stringify(rows)],
  )
}

function decoded<K extends 'organization' | 'subscription'>(kind: K, text: string): Id<K> {
  const id = decodeId(kind, text)
  if (id === null) throw new Error(`${text} is no id`)
  return id
}

function bindings(): Env {
  return env as unknown as Env
}
