import { beforeAll, expect, test } from 'vitest'
import { shardOf } from '../../src/usage/objects.ts'
import { body, clientOf, organization } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { type Metered, meteredBy } from '../support/shard.ts'
import { sql } from '../support/sql.ts'
import { inRealTime, meteredPlan } from '../support/usage.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World
let meter: Metered

beforeAll(async () => {
  world = await newWorld()
  await meteredPlan(world, 'pro')
  meter = meteredBy(world.client, (await (await inRealTime(world)).subscribes('pro')).id)
  await sql(`alter table usage_events add constraint no_poison check (event_id not like 'poison%')`)
})

test('what was acknowledged, flushed, stored and set aside adds up', async () => {
  await meter.uses(...['a', 'b', 'c', 'poison 1'].map((id) => meter.event(id)))
  await meter.flushes()
  await meter.uses(meter.event('d'))
  const { shards, ...standing } = body(await world.client.get('/v1/usage/standing'))
  const [own] = shards
  expect(shards).toEqual([
    {
      ...{ shard: shardOf(meter.subscriptionId), acknowledged: 5, held_up_by: null },
      ...{ flushed: own.flushed, pending: 5 - own.flushed },
      stored: { flushed: own.stored.flushed, inserted: own.stored.flushed - 1, duplicates: 0, set_aside: 1 },
    },
  ])
  expect(standing).toEqual({ balanced: true, faults: [], events: own.stored.inserted, set_aside: 1 })
})

test('a row that is gone is noticed', async () => {
  await meter.flushes()
  const gone = await sql(`delete from usage_events where event_id = 'a' returning *`)
  const { balanced, faults } = body(await world.client.get('/v1/usage/standing'))
  expect({ balanced, faults }).toEqual({ balanced: false, faults: ['4 events were inserted, and there are 3'] })
  await sql(
    'insert into usage_events select * from json_populate_recordset(null::usage_events, $1)',
    JSON.stringify(gone),
  )
  expect(body(await world.client.get('/v1/usage/standing')).balanced).toBe(true)
})

test('events that could not be stored are listed, newest first, to their own organization', async () => {
  await meter.uses(meter.event('poison 2', { quantity: '7', properties: { region: 'eu' } }), meter.event('poison 3'))
  await meter.flushes()
  const { data } = body(await world.client.get('/v1/usage/set_aside'))
  expect(data.map(({ event }: { event: { id: string } }) => event.id)).toEqual(['poison 3', 'poison 2', 'poison 1'])
  expect(data[1]).toMatchObject({
    event: { subscription: meter.wireId, metric: 'api_calls', quantity: '7', properties: { region: 'eu' } },
    reason: expect.stringContaining('no_poison'),
  })
  const first = body(await world.client.get('/v1/usage/set_aside?limit=2'))
  const second = body(await world.client.get(`/v1/usage/set_aside?limit=2&cursor=${first.next_cursor}`))
  expect([...first.data, ...second.data]).toEqual(data)
  expect(body(await (await organization()).get('/v1/usage/set_aside')).data).toEqual([])
})

test('both are for those who may', async () => {
  const { key } = body(await world.client.post('/v1/api_keys', { name: 'Reads', scopes: ['read'] }))
  const reader = clientOf(key)
  expectProblem(await reader.get('/v1/usage/standing'), 403, 'forbidden')
  expectProblem(await reader.get('/v1/usage/set_aside'), 403, 'forbidden')
})
