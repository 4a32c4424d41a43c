import { abortAllDurableObjects } from 'cloudflare:test'
import { beforeAll, expect, test } from 'vitest'
import { aggregate, usageOf } from '../../src/plans/domain/aggregation.ts'
import { aggregations } from '../../src/plans/domain/metric.ts'
import { body, type Json } from '../support/client.ts'
import { answerOf, instantOf, type Metered, meteredBy } from '../support/shard.ts'
import { sql } from '../support/sql.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World
const meters = new Map<string, Metered>()
const january = { start: instantOf('2026-01-01T00:00:00Z'), end: instantOf('2026-02-01T00:00:00Z') }

beforeAll(async () => {
  world = await newWorld()
  for (const aggregation of aggregations) {
    const field = aggregation === 'count' ? {} : { field: 'size' }
    body(await world.client.post('/v1/metrics', { code: aggregation, name: aggregation, aggregation, ...field }))
    const charge = { metric: aggregation, model: 'standard', currency: 'USD', unit_amount: '1' }
    await world.plan(aggregation, { charges: [{ ...charge, cap: { limit: '1000', over: 'bill' } }] })
    const { id } = await (await world.account()).subscribes(aggregation)
    meters.set(aggregation, meteredBy(world.client, id))
  }
  await world.until('2026-01-20T00:00:00Z')
})

function known(metric: string): Metered {
  const meter = meters.get(metric)
  if (meter === undefined) throw new Error(`nothing is metered by ${metric}`)
  return meter
}

/** How much of its limit is used. */
async function used({ organizationId, subscriptionId, stub }: Metered, metric: string): Promise<string | undefined> {
  const asked = { organizationId, subscriptionId, metric, properties: { size: '0' }, quantity: '1', reserveForMs: null }
  const checked = answerOf(await stub().check(asked))
  return checked.status === 'checked' ? checked.caps[0]?.used : checked.status
}

test.each(aggregations)(
  'FR-074 a total by %s is the same from Postgres, from what waits, and from both',
  async (metric) => {
    const meter = known(metric)
    const event = (id: string, size: string, day: string) =>
      meter.event(id, { metric, properties: { size }, at: `2026-01-${day}T12:00:00Z` })
    const events = [
      event('a', '3', '02'),
      event('b', '2.5', '04'),
      event('Z', '7', '03'),
      event('c', '7', '04'),
      event('\u{1f600}', '1.25', '04'),
      event('\u{fffd}', '4', '04'),
    ]
    const expected = (count: number) => {
      const measured = events
        .slice(0, count)
        .map(({ id, at, quantity, properties }) => ({ id, at, quantity, properties }))
      const field = metric === 'count' ? null : 'size'
      return usageOf(aggregate({ aggregation: metric, field }, measured, january), january).quantity
    }
    expect(await used(meter, metric)).toBe('0')
    for (const count of [2, 4, 6]) {
      const words = await meter.uses(...events.slice(count - 2, count))
      expect(words).toEqual(['accepted', 'accepted'])
      expect(await used(meter, metric)).toBe(expected(count))
      if (count === 4) await meter.flushes()
      await abortAllDurableObjects()
      expect(await used(meter, metric)).toBe(expected(count))
    }
  },
)

test('FR-074 a total of more digits than one event may have is known, and goes on', async () => {
  const meter = meteredBy(world.client, (await (await world.account()).subscribes('sum')).id)
  const at = (await world.now()) as string
  const uses = (id: string) => meter.uses(meter.event(id, { metric: 'sum', properties: { size: '1' }, at }))
  await uses('a')
  await meter.flushes()
  await sql(`update usage_events set value = '${'9'.repeat(30)}' where subscription_id = $1`, meter.subscriptionId)
  await abortAllDurableObjects()
  expect(await uses('b')).toEqual(['accepted'])
  expect(await used(meter, 'sum')).toBe(`1${'0'.repeat(30)}`)
})

test('FR-074 what is corrected or voided is not counted as it was', async () => {
  const meter = meteredBy(world.client, (await (await world.account()).subscribes('sum')).id)
  const at = (await world.now()) as string
  const event = (size: string): Json => meter.event('a', { metric: 'sum', properties: { size }, at })
  await meter.uses(event('5'))
  expect(await used(meter, 'sum')).toBe('5')
  const { organizationId, subscriptionId } = meter
  const request = { organizationId, subscriptionId, id: 'a', actor: 'key_1' }
  answerOf(await meter.stub().correct({ ...request, to: event('8') as never }))
  expect(await used(meter, 'sum')).toBe('8')
  answerOf(await meter.stub().correct({ ...request, to: null }))
  expect(await used(meter, 'sum')).toBe('0')
})
