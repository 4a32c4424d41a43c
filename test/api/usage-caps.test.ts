import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Id } from '../../src/kernel/id.ts'
import { DAY_MS } from '../../src/kernel/instant.ts'
import type { CheckRequest, SettleRequest } from '../../src/usage/objects.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { answerOf, type Metered, meteredBy } from '../support/shard.ts'
import { database } from '../support/sql.ts'
import { inRealTime, meteredPlan } from '../support/usage.ts'
import { realTimePasses } from '../support/worker.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await newWorld()
  await meteredPlan(world, 'hard', { cap: { limit: '10', over: 'reject' } })
  await meteredPlan(world, 'soft', { cap: { limit: '10', over: 'bill' } })
  await meteredPlan(world, 'europe', { filters: { region: 'eu' }, cap: { limit: '10', over: 'reject' } })
})

afterEach(async () => {
  vi.useRealTimers()
  await database.down(false)
})

async function on(plan: string): Promise<Metered> {
  const account = await inRealTime(world)
  return meteredBy(world.client, (await account.subscribes(plan)).id)
}

function check(meter: Metered, quantity: string, about: Partial<CheckRequest> = {}) {
  const { organizationId, subscriptionId } = meter
  const asked = { organizationId, subscriptionId, metric: 'api_calls', properties: {}, quantity, reserveForMs: null }
  return meter
    .stub()
    .check({ ...asked, ...about })
    .then(answerOf)
}

function settle(meter: Metered, reservationId: Id<'reservation'>, about: Partial<SettleRequest> = {}) {
  const { organizationId, subscriptionId } = meter
  const asked = { organizationId, subscriptionId, reservationId, how: 'confirm', quantity: null } as const
  return meter
    .stub()
    .settle({ ...asked, ...about })
    .then(answerOf)
}

/** used, reserved, remaining */
async function standing(meter: Metered, about: Partial<CheckRequest> = {}): Promise<string> {
  const checked = await check(meter, '1', about)
  if (checked.status !== 'checked') throw new Error(checked.status)
  return checked.caps.map(({ used, reserved, remaining }) => `${used} ${reserved} ${remaining}`).join(', ')
}

async function reserved(
  meter: Metered,
  quantity: string,
  about: Partial<CheckRequest> = {},
): Promise<Id<'reservation'>> {
  const checked = await check(meter, quantity, { reserveForMs: 60_000, ...about })
  if (checked.status !== 'checked' || checked.reservation === null) throw new Error(JSON.stringify(checked))
  return checked.reservation.id
}

/** Of its subscription's rows in the object: it has neighbours. */
function rowsOf(meter: Metered, from: string): Promise<number> {
  return meter.inside((_, { storage }) => [...storage.sql.exec(`select 1 from ${from}`, meter.subscriptionId)].length)
}

/** What events that wait to be flushed will tell. */
function tells(meter: Metered): Promise<readonly Json[]> {
  return meter.inside((_, { storage }) =>
    [...storage.sql.exec<{ lines: string }>('select lines from pending order by position')]
      .flatMap(({ lines }) => lines.split('\n').map((line) => JSON.parse(line)))
      .filter(({ subscription_id }) => subscription_id === meter.subscriptionId)
      .flatMap((event) => event.tells ?? []),
  )
}

describe('FR-080 a limit that refuses', () => {
  test('takes what fits and refuses whole what would pass it', async () => {
    const meter = await on('hard')
    expect(await meter.uses(meter.event('a', { quantity: '6' }), meter.event('b', { quantity: '4.5' }))).toEqual([
      'accepted',
      'cap_reached',
    ])
    expect(
      await meter.uses(
        meter.event('c', { quantity: '4' }),
        meter.event('d', { quantity: '0.1' }),
        meter.event('e', { quantity: '0' }),
      ),
    ).toEqual(['accepted', 'cap_reached', 'accepted'])
    const [refusal] = await meter.sends(meter.event('f', { quantity: '2' }))
    expect(refusal).toMatchObject({
      detail: expect.stringContaining('10 are used, and this event would bring it to 12.'),
    })
  })

  test('is never passed, by however many calls at once, and an evicted object knows what was used', async () => {
    const meter = await on('hard')
    const words = await Promise.all(Array.from({ length: 40 }, (_, n) => meter.uses(meter.event(`e${n}`))))
    expect(words.flat().filter((word) => word === 'accepted')).toHaveLength(10)
    await abortAllDurableObjects()
    expect(await meter.uses(meter.event('more'), meter.event('e0'))).toEqual([
      'cap_reached',
      words.flat()[0] === 'accepted' ? 'duplicate' : 'cap_reached',
    ])
    await meter.flushes()
    await abortAllDurableObjects()
    expect(await standing(meter)).toBe('10 0 0')
  })

  test('counts what its charge counts', async () => {
    const meter = await on('europe')
    const eu = (id: string, quantity: string) => meter.event(id, { quantity, properties: { region: 'eu', a: 'b' } })
    expect(await meter.uses(eu('a', '10'), eu('b', '1'), meter.event('c', { quantity: '99' }))).toEqual([
      'accepted',
      'cap_reached',
      'accepted',
    ])
    expect(await check(meter, '5')).toEqual({ status: 'checked', allowed: true, caps: [], reservation: null })
  })

  test('holds for the metering period of the event, by its timestamp', async () => {
    const customer = await world.account()
    const sub = await customer.subscribes('hard')
    const meter = meteredBy(world.client, sub.id)
    const start = await world.now()
    await world.passes('1 month')
    const january = { at: start, quantity: '10' }
    expect(
      await meter.uses(meter.event('a', january), meter.event('b', { at: await world.now(), quantity: '10' })),
    ).toEqual([expect.stringMatching(/accepted|supplemental/), 'accepted'])
    expect(await meter.uses(meter.event('c', { at: start }), meter.event('d', { at: await world.now() }))).toEqual([
      'cap_reached',
      'cap_reached',
    ])
  })
})

test('FR-080 after an upgrade within the period 80 percent of the new limit are told too, and long after neither is kept', async () => {
  await meteredPlan(world, 'roomy', { cap: { limit: '20', over: 'bill' } })
  const customer = await inRealTime(world)
  const sold = await customer.buys('soft')
  const meter = meteredBy(world.client, sold.id)
  await meter.uses(meter.event('a', { quantity: '8' }))
  await sold.changes({ plan: 'roomy' })
  await meter.uses(meter.event('b', { quantity: '1' }))
  await meter.flushes()
  await meter.uses(meter.event('c', { quantity: '7' }))
  const told = (await tells(meter)).map(({ report }) => `${report.percent} of ${report.limit}`)
  expect(told).toEqual(['80 of 20'])
  const kept = () => rowsOf(meter, 'told_once where subscription = ?')
  expect(await kept()).toBe(2)
  realTimePasses(80 * DAY_MS)
  await meter.uses(meter.event('d'))
  await meter.alarmRings()
  expect(await kept()).toBe(0)
})

test('FR-080 a limit that bills goes on, and tells of 80 and of 100 percent, once', async () => {
  const meter = await on('soft')
  await meter.uses(meter.event('a', { quantity: '7.9' }))
  // What waits stays where it can be seen.
  await database.down(true)
  expect(await tells(meter)).toEqual([])
  await meter.uses(meter.event('b', { quantity: '0.1' }), meter.event('c', { quantity: '1' }))
  expect(await meter.uses(meter.event('d', { quantity: '5' }), meter.event('e', { quantity: '5' }))).toEqual([
    'accepted',
    'accepted',
  ])
  const told = (await tells(meter)).map(({ report }) => `${report.percent}: ${report.quantity} of ${report.limit}`)
  expect(told).toEqual(['80: 8 of 10', '100: 14 of 10'])
  await database.down(false)
  await meter.flushes()
  await abortAllDurableObjects()
  expect(await standing(meter)).toBe('19 0 0')
  await database.down(true)
  expect(await meter.uses(meter.event('f'))).toEqual(['accepted'])
  expect(await tells(meter)).toEqual([])
})

describe('a reservation', () => {
  test('holds its quantity, which nobody else may use, and becomes an event', async () => {
    const meter = await on('hard')
    const held = await reserved(meter, '6')
    expect(await standing(meter)).toBe('0 6 4')
    expect(await check(meter, '5', { reserveForMs: 1_000 })).toMatchObject({ allowed: false, reservation: null })
    expect(await meter.uses(meter.event('a', { quantity: '5' }), meter.event('b', { quantity: '4' }))).toEqual([
      'cap_reached',
      'accepted',
    ])
    expect(await settle(meter, held)).toEqual({ status: 'confirmed' })
    expect(await standing(meter)).toBe('10 0 0')
    await meter.flushes()
    expect((await meter.rows()).map(({ id, quantity }) => [id.slice(0, 4), quantity])).toEqual([
      ['b', '4'],
      ['rsv_', '6'],
    ])
  })

  test('is settled once: the same again answers the same, otherwise there is none', async () => {
    const meter = await on('hard')
    const [used, freed] = [await reserved(meter, '6'), await reserved(meter, '3')]
    expect(await settle(meter, used, { quantity: '6.5' })).toEqual({ status: 'more_than_held' })
    const both = await Promise.all([settle(meter, used, { quantity: '2' }), settle(meter, used, { quantity: '2.0' })])
    expect(both).toEqual([{ status: 'confirmed' }, { status: 'confirmed' }])
    expect(await settle(meter, freed, { how: 'release' })).toEqual({ status: 'released' })
    await abortAllDurableObjects()
    expect(await standing(meter)).toBe('2 0 8')
    expect(await settle(meter, used, { quantity: '2' })).toEqual({ status: 'confirmed' })
    expect(await settle(meter, freed, { how: 'release' })).toEqual({ status: 'released' })
    expect(await settle(meter, used, { quantity: '3' })).toEqual({ status: 'missing' })
    expect(await settle(meter, used, { how: 'release' })).toEqual({ status: 'missing' })
    expect(await settle(meter, freed)).toEqual({ status: 'missing' })
    await meter.flushes()
    expect((await meter.rows()).map(({ quantity }) => quantity)).toEqual(['2'])
  })

  test('confirmed and released at once is one of the two', async () => {
    const meter = await on('hard')
    const held = await reserved(meter, '6')
    const both = await Promise.all([settle(meter, held), settle(meter, held, { how: 'release' })])
    expect(both.map(({ status }) => status).toSorted()).toEqual([
      expect.stringMatching(/confirmed|missing/),
      expect.stringMatching(/missing|released/),
    ])
    expect(both.filter(({ status }) => status === 'missing')).toHaveLength(1)
    expect(await standing(meter)).toBe(both[0].status === 'confirmed' ? '6 0 4' : '0 0 10')
  })

  test('expires by itself, evicted or not', async () => {
    const meter = await on('hard')
    const held = await reserved(meter, '6')
    await abortAllDurableObjects()
    expect(await standing(meter)).toBe('0 6 4')
    realTimePasses(61_000)
    expect(await standing(meter)).toBe('0 0 10')
    expect(await settle(meter, held)).toEqual({ status: 'missing' })
  })

  test('is one of 1,000 of its subscription at most; those that are over are not kept', async () => {
    const meter = await on('soft')
    const { organizationId, subscriptionId } = meter
    const asked = { organizationId, subscriptionId, metric: 'api_calls', properties: {}, quantity: '1' }
    const reserves = (count: number) =>
      meter.inside(async (shard) => {
        for (let n = 0; n < count; n++) answerOf(await shard.check({ ...asked, reserveForMs: 60_000 }))
      })
    const kept = () => rowsOf(meter, `holds where body like '%' || ? || '%'`)
    await reserves(999)
    const freed = await reserved(meter, '1')
    const check = { subscription: meter.wireId, metric: 'api_calls', reserve: { expires_in: 60 } }
    const refused = await world.client.post('/v1/usage/check', check)
    expectProblem(refused, 422, 'limit_reached', pointsAt('/reserve'))
    expect(body(await world.client.post('/v1/usage/check', { ...check, reserve: null })).allowed).toBe(true)
    await settle(meter, freed, { how: 'release' })
    expect(body(await world.client.post('/v1/usage/check', check)).reservation).not.toBeNull()
    realTimePasses(61_000)
    expect(body(await world.client.post('/v1/usage/check', check)).reservation).not.toBeNull()
    await meter.uses(meter.event('a'))
    await abortAllDurableObjects()
    await meter.alarmRings()
    // What was settled is remembered, for whoever settles it again.
    expect(await kept()).toBe(2)
    expect(await standing(meter)).toBe('1 1 8')
    expect(await settle(meter, freed, { how: 'release' })).toEqual({ status: 'released' })
  })

  test('on a test clock is over by the clock, whatever the time', async () => {
    const meter = meteredBy(world.client, (await (await world.account()).subscribes('hard')).id)
    const held = await reserved(meter, '6')
    realTimePasses(61_000)
    await meter.alarmRings()
    await abortAllDurableObjects()
    expect(await standing(meter)).toBe('0 6 4')
    await world.passes('1 day')
    expect(await settle(meter, held)).toEqual({ status: 'missing' })
    expect(await standing(meter)).toBe('0 0 10')
  })

  test('is nobody else’s', async () => {
    const [meter, other] = [await on('hard'), await on('hard')]
    const held = await reserved(meter, '6')
    expect(await settle(meter, held, { subscriptionId: other.subscriptionId })).toEqual({ status: 'missing' })
    expect(await settle(meter, held, { organizationId: held as never })).toEqual({ status: 'missing' })
  })
})

test('a check is refused as an event would be, and asks of what is used now', async () => {
  const meter = await on('hard')
  expect(await check(meter, '1', { metric: 'emails' })).toMatchObject({ status: 'rejected', code: 'metric_not_found' })
  body(await world.client.post(`/v1/subscriptions/${meter.wireId}/cancel`, { when: 'now' }))
  expect(await check(meter, '1')).toMatchObject({ status: 'rejected', code: 'ended' })
})
