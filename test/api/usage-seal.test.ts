import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { DAY_MS, type Instant } from '../../src/kernel/instant.ts'
import type { CorrectRequest } from '../../src/usage/objects.ts'
import { body, type Client, type Json } from '../support/client.ts'
import { id } from '../support/given.ts'
import { answerOf, instantOf, type Metered, meteredBy } from '../support/shard.ts'
import { sql } from '../support/sql.ts'
import { meteredPlan } from '../support/usage.ts'
import { realTimePasses } from '../support/worker.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await newWorld()
  await meteredPlan(world, 'pro')
})

afterEach(() => vi.useRealTimers())

const february = instantOf('2026-02-01T00:00:00Z')
/** In a period that still runs, and that billing has sealed nothing of. */
const the22nd = instantOf('2026-01-22T00:00:00Z')

/** On a clock of its own that stands at a day: events are of January unless said otherwise. */
async function metered(day: string): Promise<Metered & { readonly client: Client }> {
  const own = await newWorld()
  await meteredPlan(own, 'pro')
  const meter = meteredBy(own.client, (await (await own.account()).subscribes('pro')).id)
  await own.until(`${day}T00:00:00Z`)
  return {
    ...meter,
    client: own.client,
    event: (id, about) => meter.event(id, { at: '2026-01-20T00:00:00Z', ...about }),
  }
}

async function seal(meter: Metered, before: Instant): Promise<void> {
  answerOf(await meter.stub().seal([{ subscriptionId: meter.subscriptionId, before }]))
}

function correct(meter: Metered, id: string, to: CorrectRequest['to'], about: Partial<CorrectRequest> = {}) {
  const { subscriptionId, organizationId } = meter
  const request = { organizationId, subscriptionId, id, to, actor: 'key_1' }
  return meter
    .stub()
    .correct({ ...request, ...about })
    .then(answerOf)
}

describe('a seal', () => {
  test('flushes what came before it; what comes later for an earlier time is late', async () => {
    const meter = await metered('2026-01-25')
    expect(await meter.uses(meter.event('a'))).toEqual(['accepted'])
    await seal(meter, the22nd)
    expect((await meter.rows()).map(({ id }) => id)).toEqual(['a'])
    const [b, c] = [meter.event('b'), meter.event('c', { at: '2026-01-22T00:00:00Z' })]
    expect(await meter.uses(b, c)).toEqual(['supplemental', 'accepted'])
    await meter.flushes()
    expect((await meter.rows()).map(({ late }) => late)).toEqual([null, 'supplemental', null])
  })

  test('only ever rises, and outlives the object', async () => {
    const meter = await metered('2026-02-03')
    await seal(meter, february)
    await abortAllDurableObjects()
    await seal(meter, instantOf('2026-01-05T00:00:00Z'))
    expect(await meter.uses(meter.event('a'))).toEqual(['supplemental'])
  })

  test('FR-079 a week after the end of its period usage is stored and told of, and not billed any more', async () => {
    const [within, beyond] = [await metered('2026-02-07'), await metered('2026-02-08')]
    for (const meter of [within, beyond]) await seal(meter, february)
    expect(await within.uses(within.event('a'))).toEqual(['supplemental'])
    expect(await beyond.uses(beyond.event('a'))).toEqual(['unbilled'])
  })

  test('FR-079 what no charge bills is never late', async () => {
    const meter = await metered('2026-02-08')
    const own = { code: 'emails', name: 'Emails', aggregation: 'count' }
    await seal(meter, february)
    body(await meter.client.post('/v1/metrics', own))
    await meter.stub().refresh([meter.subscriptionId])
    expect(await meter.uses(meter.event('a', { metric: 'emails' }), meter.event('b'))).toEqual(['accepted', 'unbilled'])
  })

  test('FR-079 what was used before a change is late by what was sold then', async () => {
    const own = await newWorld()
    await meteredPlan(own, 'pro')
    await own.plan('flat')
    const sold = await (await own.account()).buys('pro')
    await own.until('2026-02-02T00:00:00Z')
    await sold.changes({ plan: 'flat' })
    await own.until('2026-03-02T00:00:00Z')
    const meter = meteredBy(own.client, sold.id)
    await seal(meter, instantOf('2026-03-01T00:00:00Z'))
    expect(await meter.uses(meter.event('a', { at: '2026-02-01T12:00:00Z' }))).toEqual(['supplemental'])
  })

  test('holds on while its object forgets what is old, and is forgotten when nothing older is taken', async () => {
    const meter = await metered('2026-01-25')
    await seal(meter, the22nd)
    // Its clock stands in the past; in its own time it is three days old.
    expect(await meter.uses(meter.event('a'))).toEqual(['supplemental'])
    await meter.alarmRings()
    await abortAllDurableObjects()
    expect(await meter.uses(meter.event('b'))).toEqual(['supplemental'])
    const sealed = () =>
      meter.inside(
        (_, { storage }) =>
          [...storage.sql.exec('select 1 from sealed where subscription = ?', meter.subscriptionId)].length,
      )
    expect(await sealed()).toBe(1)
    realTimePasses(46 * DAY_MS)
    await meter.uses(meter.event('c'))
    await meter.alarmRings()
    expect(await sealed()).toBe(0)
  })

  test('of a metering period is one of its subscription alone', async () => {
    const [meter, other] = [await metered('2026-01-25'), await metered('2026-01-25')]
    await seal(meter, the22nd)
    expect(await other.uses(other.event('a'))).toEqual(['accepted'])
  })
})

describe('a correction', () => {
  const content = (meter: Metered, about: Json = {}) => meter.event('a', about)

  test('replaces an event that waits or was flushed, and keeps what it was', async () => {
    const meter = await metered('2026-01-25')
    await meter.uses(meter.event('a'), meter.event('b'))
    const marker = await meter.stub().marker(meter.subscriptionId)
    expect(await correct(meter, 'a', content(meter, { quantity: '7' }))).toEqual({ status: 'corrected', version: 2 })
    expect(await correct(meter, 'a', content(meter, { quantity: '7' }))).toEqual({ status: 'unchanged', version: 2 })
    expect(await correct(meter, 'a', content(meter, { quantity: '8' }))).toEqual({ status: 'corrected', version: 3 })
    expect(await meter.stub().marker(meter.subscriptionId)).toBeGreaterThan(marker)
    expect((await meter.rows()).map(({ quantity }) => quantity)).toEqual(['8', '1'])
    const kept = await sql(
      'select version, before, actor from usage_corrections where subscription_id = $1 order by version',
      meter.subscriptionId,
    )
    expect(kept).toMatchObject([
      { version: 1, before: { metric: 'api_calls', quantity: '1', properties: {}, voided_at: null }, actor: 'key_1' },
      { version: 2, before: { quantity: '7' }, actor: 'key_1' },
    ])
  })

  test('voids an event, once, and brings it back', async () => {
    const meter = await metered('2026-01-25')
    await meter.uses(meter.event('a'))
    const voided = async () =>
      (
        await sql(
          'select voided_at is not null as voided from usage_events where subscription_id = $1',
          meter.subscriptionId,
        )
      )[0]?.voided
    expect(await correct(meter, 'a', null)).toEqual({ status: 'corrected', version: 2 })
    expect(await correct(meter, 'a', null)).toEqual({ status: 'unchanged', version: 2 })
    expect(await voided()).toBe(true)
    expect(await meter.uses(meter.event('a'))).toEqual(['duplicate'])
    expect(await correct(meter, 'a', content(meter))).toEqual({ status: 'corrected', version: 3 })
    expect(await voided()).toBe(false)
  })

  test('is judged as an event is', async () => {
    const meter = await metered('2026-01-25')
    await meter.uses(meter.event('a'))
    const refusals = [
      await correct(meter, 'a', content(meter, { quantity: '-1' })),
      await correct(meter, 'a', content(meter, { metric: 'emails' })),
      await correct(meter, 'a', content(meter, { at: '2026-01-26T00:00:00Z' })),
      await correct(meter, 'a', content(meter), { organizationId: id('organization', 99) }),
    ]
    const codes = ['negative_quantity', 'metric_not_found', 'in_the_future', 'subscription_not_found']
    expect(refusals).toMatchObject(codes.map((code) => ({ status: 'rejected', code })))
    expect(await correct(meter, 'nothing', content(meter))).toEqual({ status: 'missing' })
    expect(await meter.rows()).toEqual([{ id: 'a', quantity: '1', late: null }])
  })

  test('of what is sealed is told of, at both of its times', async () => {
    const meter = await metered('2026-01-25')
    await meter.uses(meter.event('a'), meter.event('b', { at: '2026-01-23T00:00:00Z' }))
    await seal(meter, the22nd)
    const reported = () => sql('select 1 from usage_reports where subscription_id = $1', meter.subscriptionId)
    expect(await correct(meter, 'b', content(meter, { at: '2026-01-22T12:00:00Z' }))).toMatchObject({ version: 2 })
    expect(await reported()).toEqual([])
    expect(await correct(meter, 'b', content(meter))).toMatchObject({ version: 3 })
    expect((await meter.rows()).map(({ late }) => late)).toEqual([null, 'supplemental'])
  })

  test('of what a limit counts is counted anew', async () => {
    await meteredPlan(world, 'hard', { cap: { limit: '10', over: 'reject' } })
    const meter = meteredBy(world.client, (await (await world.account()).subscribes('hard')).id)
    const at = (await world.now()) as string
    expect(await meter.uses(meter.event('a', { at, quantity: '10' }), meter.event('b', { at }))).toEqual([
      'accepted',
      'cap_reached',
    ])
    await correct(meter, 'a', meter.event('a', { at, quantity: '9' }))
    expect(await meter.uses(meter.event('b', { at }), meter.event('c', { at }))).toEqual(['accepted', 'cap_reached'])
    // What is replaced by more than the limit allows is what it says.
    expect(await correct(meter, 'a', meter.event('a', { at, quantity: '90' }))).toMatchObject({ status: 'corrected' })
    expect(body(await world.client.get(`/v1/subscriptions/${meter.wireId}`)).status).toBe('active')
  })
})
