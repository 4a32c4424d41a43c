import { abortAllDurableObjects } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import { flush } from '../../src/usage/flush-repository.ts'
import { shardOf } from '../../src/usage/objects.ts'
import { type Metered, meteredBy } from '../support/shard.ts'
import { database, sql } from '../support/sql.ts'
import { inRealTime, meteredPlan } from '../support/usage.ts'
import { newWorld } from '../support/world.ts'

/** Every acknowledged event is counted once, whatever goes wrong on its way to Postgres. */

let meter: Metered
/** Others before may have had the same shard. */
let asideBefore: number

beforeEach(async () => {
  const world = await newWorld()
  await meteredPlan(world, 'pro')
  await meteredPlan(world, 'hard', { cap: { limit: '1000', over: 'reject' } })
  meter = meteredBy(world.client, (await (await inRealTime(world)).subscribes('pro')).id)
  asideBefore = (await countsOf(meter))?.aside ?? 0
})

afterEach(async () => {
  await database.down(false)
})

const flushing = 'insert into usage_events'

/** So many events of one each. */
function some(count: number, prefix: string) {
  return Array.from({ length: count }, (_, n) => meter.event(`${prefix}${n}`))
}

async function countsOf({ subscriptionId }: Metered) {
  const [counts] = await sql(
    'select flushed::int, inserted::int + duplicates::int + set_aside::int as counted, set_aside::int as aside from usage_shards where shard = $1',
    shardOf(subscriptionId),
  )
  return counts
}

/** What was acknowledged is there once, in rows and in the counts of its shard. */
async function expectOnce(quantity: number, about: { readonly setAside?: number } = {}): Promise<void> {
  await meter.flushes()
  const { acknowledged, flushed, pending, heldUpBy } = await meter.stub().standing()
  expect({ sum: flushed + pending, pending, heldUpBy }).toEqual({ sum: acknowledged, pending: 0, heldUpBy: null })
  const aside = asideBefore + (about.setAside ?? 0)
  expect(await countsOf(meter)).toEqual({ flushed, counted: flushed, aside })
  const [rows] = await sql(
    'select coalesce(sum(quantity::numeric), 0)::int as sum, count(*)::int as count from usage_events where subscription_id = $1',
    meter.subscriptionId,
  )
  expect(rows).toEqual({ sum: quantity, count: quantity })
}

describe('while Postgres is down', () => {
  test('what is known to be sold goes on being taken, and is flushed when it is up again', async () => {
    await meter.uses(...some(3, 'before'))
    await database.down(true)
    expect(await meter.uses(...some(3, 'while'))).toEqual(['accepted', 'accepted', 'accepted'])
    expect(await meter.uses(...some(1, 'while'))).toEqual(['duplicate'])
    expect(await meter.stub().flush(null)).toEqual({ kind: 'unavailable' })
    expect(await meter.alarmRings()).toBe(true)
    expect(await meter.stub().standing()).toMatchObject({ pending: 6, heldUpBy: expect.any(String) })
    // It is not given up: it will ring again.
    expect(await meter.inside((_, { storage }) => storage.getAlarm())).not.toBeNull()
    await database.down(false)
    expect(await meter.alarmRings()).toBe(true)
    expect(await meter.stub().standing()).toMatchObject({ pending: 0, heldUpBy: null })
    await expectOnce(6)
  })

  test('an object that begins anew keeps what it has, and takes what it cannot judge for nothing', async () => {
    await meter.uses(...some(3, 'before'))
    await database.down(true)
    await abortAllDurableObjects()
    expect(await meter.asks(some(1, 'while'))).toEqual({ kind: 'unavailable' })
    expect(await meter.stub().standing()).toMatchObject({ pending: 3 })
    await database.down(false)
    expect(await meter.uses(...some(1, 'while'))).toEqual(['accepted'])
    await expectOnce(4)
  })

  test('a seal does not answer, and what comes then is late all the same', async () => {
    await meter.uses(...some(1, 'before'))
    await database.down(true)
    const before = meter.event('x').at
    const sealed = await meter.stub().seal([{ subscriptionId: meter.subscriptionId, before: (before + 1) as never }])
    expect(sealed).toEqual({ kind: 'unavailable' })
    expect(await meter.uses({ ...meter.event('late'), at: before })).toEqual(['supplemental'])
    await database.down(false)
    await expectOnce(2)
  })
})

describe('a flush', () => {
  test('that was applied, its answer lost, is not applied again', async () => {
    await meter.uses(...some(5, 'a'))
    await database.losesReply(flushing)
    expect(await meter.stub().flush(null)).toEqual({ kind: 'unavailable' })
    await meter.uses(...some(5, 'b'))
    await expectOnce(10)
  })

  test('that never arrived is sent again', async () => {
    await meter.uses(...some(5, 'a'))
    await database.losesRequest(flushing)
    expect(await meter.stub().flush(null)).toEqual({ kind: 'unavailable' })
    await abortAllDurableObjects()
    await expectOnce(5)
  })

  test('whose answer was lost with its object goes on where it is', async () => {
    await meter.uses(...some(5, 'a'))
    await database.losesReply(flushing)
    await meter.stub().flush(null)
    await abortAllDurableObjects()
    await meter.uses(...some(2, 'b'))
    await abortAllDurableObjects()
    await expectOnce(7)
  })

  test('that is sent by two instances at once is applied once', async () => {
    await meter.uses(...some(20, 'a'))
    await meter.inside((_, { storage }) => storage.deleteAlarm())
    const lines = await meter.inside((_, { storage }) =>
      [...storage.sql.exec<{ lines: string }>('select lines from pending order by position')].flatMap((row) =>
        row.lines.split('\n'),
      ),
    )
    const { flushed: from } = await meter.stub().standing()
    const [shard, direct] = [shardOf(meter.subscriptionId), connect(env as unknown as Env)]
    // Its row is made by whoever comes first.
    if (from === 0) await flush(direct, { shard, from: 1, lines: [] })
    const both = await Promise.all([1, 2, 3].map(() => flush(direct, { shard, from, lines })))
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(['applied', 'elsewhere', 'elsewhere'])
    await expectOnce(20)
  })

  test('of what the database has already counts it as a duplicate', async () => {
    await meter.uses(...some(5, 'a'))
    await meter.flushes()
    await meter.inside((_, { storage }) => {
      for (const { name } of [
        ...storage.sql.exec<{ name: string }>(`select name from sqlite_master where name glob 'ids_*'`),
      ]) {
        storage.sql.exec(`delete from ${name}`)
      }
    })
    expect(await meter.uses(...some(7, 'a'))).toEqual(Array(7).fill('accepted'))
    await expectOnce(7)
  })
})

describe('a total', () => {
  test('is read again after a correction whose answer was lost', async () => {
    const world = await newWorld()
    await meteredPlan(world, 'hard', { cap: { limit: '10', over: 'reject' } })
    const capped = meteredBy(world.client, (await (await inRealTime(world)).subscribes('hard')).id)
    const event = capped.event('a', { quantity: '9' })
    await capped.uses(event)
    const { organizationId, subscriptionId } = capped
    const to = (quantity: string) => ({ ...event, quantity })
    const correct = (quantity: string) =>
      capped.stub().correct({ organizationId, subscriptionId, id: 'a', to: to(quantity), actor: 'key_1' })
    await database.losesReply('insert into usage_corrections')
    expect(await correct('4')).toEqual({ kind: 'unavailable' })
    expect(await capped.uses(capped.event('b', { quantity: '6' }))).toEqual(['accepted'])
    expect(await correct('4')).toMatchObject({ value: { status: 'unchanged' } })
    expect(await capped.uses(capped.event('c', { quantity: '0.1' }))).toEqual(['cap_reached'])
  })

  test('that cannot be read is the failure of who needs it, and of nobody who waits beside it', async () => {
    const world = await newWorld()
    await meteredPlan(world, 'pro')
    const standard = { metric: 'api_calls', model: 'standard', currency: 'USD', unit_amount: '1' }
    const cap = { limit: '10', over: 'reject' }
    const charges = ['eu', 'us'].map((region) => ({ ...standard, cap, filters: { region } }))
    await world.plan('regions', { charges })
    const capped = meteredBy(world.client, (await (await inRealTime(world)).subscribes('regions')).id)
    // Its profile is known then.
    await capped.uses(capped.event('a'))
    await database.losesRequest('json_agg(distinct e.value)')
    const asked = ['eu', 'us'].map((region) => capped.asks([capped.event(region, { properties: { region } })]))
    expect((await Promise.all(asked)).map(({ kind }) => kind).toSorted()).toEqual(['answered', 'unavailable'])
  })
})

describe('an event that the database refuses', () => {
  test('is set aside, and holds up none of its neighbours', async () => {
    await sql(`alter table usage_events add constraint no_poison check (event_id not like 'poison%')`)
    await meter.uses(
      ...some(40, 'a'),
      meter.event('poison'),
      ...some(40, 'b'),
      meter.event('poison2', { properties: { half: '\ud800' } }),
    )
    await meter.alarmRings()
    await expectOnce(80, { setAside: 2 })
    const aside = await sql('select organization_id, event, reason from usage_set_aside order by position')
    expect(aside).toMatchObject([
      {
        organization_id: meter.organizationId,
        event: { event_id: 'poison', quantity: '1' },
        reason: expect.stringContaining('no_poison'),
      },
      { event: { event_id: 'poison2', properties: { half: '\ufffd' } } },
    ])
    await sql('alter table usage_events drop constraint no_poison')
  })

  test('and whose answer was lost is set aside once', async () => {
    await sql(`alter table usage_events add constraint no_poison check (event_id not like 'poison%')`)
    await meter.uses(...some(4, 'a'), meter.event('poison'), ...some(4, 'b'))
    await database.losesReply('insert into usage_set_aside')
    expect(await meter.stub().flush(null)).toEqual({ kind: 'unavailable' })
    const [before] = await sql(
      'select count(*)::int from usage_set_aside where organization_id = $1',
      meter.organizationId,
    )
    await meter.flushes()
    expect(await meter.rows()).toHaveLength(8)
    expect(before).toEqual({ count: 1 })
    expect(await sql('select 1 from usage_set_aside where organization_id = $1', meter.organizationId)).toHaveLength(1)
    await sql('alter table usage_events drop constraint no_poison')
  })
})

test('more than can be kept waiting is refused whole, and taken later', async () => {
  const many = Array.from({ length: 50_001 }, (_, n) => meter.event(`e${n}`, { metric: 'emails' }))
  const { organizationId } = meter
  const [first, second] = await meter.inside((shard) =>
    Promise.all([
      shard.ingest({ organizationId, events: many }),
      shard.ingest({ organizationId, events: some(1, 'a') }),
    ]),
  )
  expect(first.kind).toBe('answered')
  expect(second).toEqual({ kind: 'busy' })
  expect(await meter.uses(...some(1, 'a'))).toEqual(['accepted'])
  await expectOnce(1)
})

test('a database that was restored to before a flush is noticed, and nothing is guessed', async () => {
  await meter.uses(...some(3, 'a'))
  await meter.flushes()
  const shard = shardOf(meter.subscriptionId)
  const move = (by: number) =>
    sql('update usage_shards set flushed = flushed + $2, inserted = inserted + $2 where shard = $1', shard, by)
  await move(-2)
  await meter.uses(...some(1, 'b'))
  expect(await meter.stub().flush(null)).toEqual({ kind: 'unavailable' })
  expect(await meter.stub().standing()).toMatchObject({ pending: 1, heldUpBy: expect.stringContaining('has flushed') })
  await move(2)
  await expectOnce(4)
})
