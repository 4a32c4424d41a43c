import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { DAY_MS } from '../../src/kernel/instant.ts'
import { body, organization } from '../support/client.ts'
import { answerOf, meteredBy } from '../support/shard.ts'
import { database, sql } from '../support/sql.ts'
import { inRealTime, meteredPlan } from '../support/usage.ts'
import { realTimePasses } from '../support/worker.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await newWorld()
  await meteredPlan(world, 'pro')
})

afterEach(async () => {
  vi.useRealTimers()
  await database.down(false)
})

async function metered() {
  const account = await inRealTime(world)
  return meteredBy(world.client, (await account.subscribes('pro')).id)
}

/** Rows that wait in the shard, and what its events are in Postgres. */
async function standing(meter: Awaited<ReturnType<typeof metered>>) {
  const { acknowledged, flushed, pending } = await meter.stub().standing()
  const rows = await meter.inside((_, { storage }) => [...storage.sql.exec('select 1 from pending')].length)
  return { acknowledged, flushed, pending, rows }
}

test('FR-072 what is acknowledged is in Postgres after a flush, once', async () => {
  const meter = await metered()
  expect(await meter.uses(meter.event('a'), meter.event('b', { quantity: '2.5' }))).toEqual(['accepted', 'accepted'])
  await meter.flushes()
  await meter.flushes()
  expect(await meter.rows()).toEqual([
    { id: 'a', quantity: '1', late: null },
    { id: 'b', quantity: '2.5', late: null },
  ])
})

test('FR-072 each event of a batch has its own answer, in their order, and nothing is remembered of a refused one', async () => {
  const meter = await metered()
  const [refused, elsewhere] = [{ quantity: '-1' }, { subscriptionId: meter.organizationId as never }]
  const sent = [meter.event('a'), meter.event('b', refused), meter.event('a'), meter.event('c', elsewhere)]
  expect(await meter.uses(...sent)).toEqual(['accepted', 'negative_quantity', 'duplicate', 'subscription_not_found'])
  expect(await meter.uses(meter.event('b'), meter.event('c'))).toEqual(['accepted', 'accepted'])
})

test('a subscription of another organization is not found, whoever asked for it before', async () => {
  const meter = await metered()
  await meter.uses(meter.event('a'))
  const stranger = meteredBy(await organization(), (await (await inRealTime(world)).subscribes('pro')).id)
  const event = meter.event('b')
  const events = [event, meter.event('a')]
  const answer = await meter.stub().ingest({ organizationId: stranger.organizationId, events })
  // Nor do they learn which ids are known.
  expect(answerOf(answer).map((one) => one.status === 'rejected' && one.code)).toEqual([
    'subscription_not_found',
    'subscription_not_found',
  ])
  expect(await meter.uses(event)).toEqual(['accepted'])
})

describe('FR-073 an id is taken once', () => {
  test('whatever else the event says, and whether or not it was flushed', async () => {
    const meter = await metered()
    await meter.uses(meter.event('a'))
    expect(await meter.uses(meter.event('a', { quantity: '9' }))).toEqual(['duplicate'])
    await meter.flushes()
    // Known before it is judged: what would be refused is a duplicate too.
    expect(await meter.uses(meter.event('a', { metric: 'emails' }))).toEqual(['duplicate'])
    await meter.flushes()
    expect(await meter.rows()).toEqual([{ id: 'a', quantity: '1', late: null }])
  })

  test('of calls that come at once', async () => {
    const meter = await metered()
    const words = await Promise.all(Array.from({ length: 20 }, () => meter.uses(meter.event('a'), meter.event('b'))))
    expect(words.flat().filter((word) => word === 'accepted')).toHaveLength(2)
    await meter.flushes()
    expect(await meter.rows()).toHaveLength(2)
  })

  test('after the object was evicted', async () => {
    const meter = await metered()
    await meter.uses(meter.event('a'))
    await abortAllDurableObjects()
    expect(await meter.uses(meter.event('a'), meter.event('b'))).toEqual(['duplicate', 'accepted'])
    await meter.flushes()
    expect(await meter.rows()).toHaveLength(2)
  })

  test('for as long as it could be sent again, over the turn of weeks', async () => {
    const meter = await metered()
    const tables = () =>
      meter.inside(
        (_, { storage }) =>
          [...storage.sql.exec<{ name: string }>(`select name from sqlite_master where name glob 'ids_*'`)].length,
      )
    const event = meter.event('a')
    await meter.uses(event)
    let passed = 0
    for (const days of [8, 20, 34]) {
      realTimePasses((days - passed) * DAY_MS)
      passed = days
      expect(await meter.uses(event, meter.event(`on day ${days}`))).toEqual(['duplicate', 'accepted'])
      await meter.alarmRings()
    }
    expect(await tables()).toBe(4)
    realTimePasses(9 * DAY_MS)
    await meter.uses(meter.event('on day 43'))
    await meter.alarmRings()
    expect(await tables()).toBe(4)
    expect(await meter.uses(event)).toEqual(['too_old'])
  })
})

test('FR-128 an event of more than 15 digits is refused by itself, and what is counted goes on', async () => {
  const meter = await metered()
  const most = { quantity: '9'.repeat(15) }
  const sent = [meter.event('a', most), meter.event('b', { quantity: `1${'0'.repeat(15)}` }), meter.event('c', most)]
  expect(await meter.uses(...sent)).toEqual(['accepted', 'too_many_digits', 'accepted'])
})

test('calls that come while others are made durable are written together', async () => {
  const meter = await metered()
  await meter.uses(meter.event('first'))
  // What waits stays where it can be counted.
  await database.down(true)
  const before = await standing(meter)
  const calls = Array.from({ length: 200 }, (_, n) => meter.uses(meter.event(`e${n}`)))
  expect((await Promise.all(calls)).flat()).toEqual(Array(200).fill('accepted'))
  const after = await standing(meter)
  expect(after.pending - before.pending).toBe(200)
  expect(after.rows - before.rows).toBeLessThan(100)
})

test('a second after its first event a shard flushes by itself, all that it has', async () => {
  const meter = await metered()
  const { acknowledged } = await standing(meter)
  for (const n of [1, 2, 3]) await meter.uses(meter.event(`e${n}`))
  expect(await meter.inside((_, { storage }) => storage.getAlarm())).toBeLessThanOrEqual(Date.now() + 1_000)
  expect(await meter.alarmRings()).toBe(true)
  expect(await standing(meter)).toEqual({
    acknowledged: acknowledged + 3,
    flushed: acknowledged + 3,
    pending: 0,
    rows: 0,
  })
  expect(await meter.inside((_, { storage }) => storage.getAlarm())).toBeNull()
  expect(await meter.rows()).toHaveLength(3)
})

test('a flush waits for what the asked subscriptions have sent, and for nothing else', async () => {
  const [meter, idle] = [await metered(), await metered()]
  await meter.uses(meter.event('a'))
  await database.down(true)
  expect(await meter.stub().flush([idle.subscriptionId])).toEqual({ kind: 'answered', value: null })
  expect(await meter.stub().flush([meter.subscriptionId])).toEqual({ kind: 'unavailable' })
  await database.down(false)
  expect(await meter.stub().flush(null)).toEqual({ kind: 'answered', value: null })
  expect(await meter.rows()).toHaveLength(1)
})

test('a marker rises with every event, and never falls', async () => {
  const meter = await metered()
  const marks = [await meter.stub().marker(meter.subscriptionId)]
  await meter.uses(meter.event('a'))
  marks.push(await meter.stub().marker(meter.subscriptionId))
  await meter.uses(meter.event('a'))
  expect(await meter.stub().marker(meter.subscriptionId)).toBe(marks[1])
  await meter.uses(meter.event('b'))
  marks.push(await meter.stub().marker(meter.subscriptionId))
  await abortAllDurableObjects()
  marks.push(await meter.stub().marker(meter.subscriptionId))
  await meter.uses(meter.event('c'))
  marks.push(await meter.stub().marker(meter.subscriptionId))
  expect(marks).toEqual(marks.toSorted((one, other) => one - other))
  expect(new Set(marks).size).toBeGreaterThanOrEqual(4)
})

describe('what a shard knows of a subscription', () => {
  test('is kept, until the shard is told of a change', async () => {
    const meter = await metered()
    await meter.uses(meter.event('a'))
    await database.down(true)
    expect(await meter.uses(meter.event('b'))).toEqual(['accepted'])
    await meter.stub().refresh([meter.subscriptionId])
    expect(await meter.asks([meter.event('c')])).toEqual({ kind: 'unavailable' })
  })

  test('is what a command has just made of it', async () => {
    const meter = await metered()
    await meter.uses(meter.event('a'))
    body(await world.client.post(`/v1/subscriptions/${meter.wireId}/cancel`, { when: 'now' }))
    expect(await meter.uses(meter.event('b'))).toEqual(['ended'])
  })

  test('S16 holds by the timestamp: of a pause nothing is taken, before and after it is', async () => {
    const customer = await world.account()
    const sub = await customer.buys('pro')
    const meter = meteredBy(world.client, sub.id)
    await world.until('2026-01-05T00:00:00Z')
    await sub.pauses()
    await world.until('2026-01-09T00:00:00Z')
    expect(await meter.uses(meter.event('a', { at: '2026-01-08T00:00:00Z' }))).toEqual(['paused'])
    await sub.resumes()
    await world.until('2026-01-10T00:00:00Z')
    const days = ['2025-12-31', '2026-01-04', '2026-01-05', '2026-01-08', '2026-01-09', '2026-01-11']
    const words = await meter.uses(...days.map((day) => meter.event(day, { at: `${day}T00:00:00Z` })))
    expect(words).toEqual(['not_started', 'accepted', 'paused', 'paused', 'accepted', 'in_the_future'])
    await meter.flushes()
    const [row] = await sql('select received_at from usage_events where subscription_id = $1', meter.subscriptionId)
    expect(new Date(row?.received_at).toISOString()).toBe('2026-01-10T00:00:00.000Z')
  })
})
