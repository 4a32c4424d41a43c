import { exports } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { body, type Json, organization } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { type Meter, meteredPlan, meters } from '../support/usage.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World
let meter: Meter

beforeAll(async () => {
  world = await newWorld()
  await meteredPlan(world, 'pro')
  meter = await meters(world, await world.account(), 'pro')
})

async function watch(query = '') {
  const main = (exports as unknown as { default: Fetcher }).default
  const headers = { Authorization: `Bearer ${world.client.key}` }
  const url = `http://perennial.test/v1/subscriptions/${meter.subscription}/usage/stream${query}`
  const response = await main.fetch(new Request(url, { headers }))
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  const next = async (): Promise<Json> => {
    const { value } = await reader.read()
    const text = decoder.decode(value)
    const [, data] = /event: usage\ndata: (.*)\n\n$/.exec(text) ?? []
    return data === undefined ? text : JSON.parse(data)
  }
  return { response, next, cancel: () => reader.cancel() }
}

test('FR-074 usage and cost are shown as they come: at once, and after what is used', async () => {
  const now = { timestamp: await world.now() }
  await meter.uses(meter.event('a', { ...now, quantity: '3' }))
  const { response, next, cancel } = await watch()
  expect([response.status, response.headers.get('Content-Type'), response.headers.get('Cache-Control')]).toEqual([
    ...[200, 'text/event-stream; charset=utf-8', 'no-store'],
  ])
  expect(await next()).toEqual(body(await world.client.get(`/v1/subscriptions/${meter.subscription}/usage`)))
  await meter.uses(meter.event('b', { ...now, quantity: '4' }))
  expect(await next()).toMatchObject({ cost: 7, charges: [{ metric: 'api_calls', quantity: '7', cost: 7 }] })
  body(await world.client.delete(meter.path('a')))
  expect(await next()).toMatchObject({ cost: 4 })
  await cancel()
})

test('what is refused is a refusal and no stream', async () => {
  const path = `/v1/subscriptions/${meter.subscription}/usage/stream`
  expectProblem(await world.client.get(`${path}?metric=unknown`), 404, 'not_found')
  expectProblem(await world.client.get(`${path}?window=day`), 422, 'invalid_request')
  expectProblem(await (await organization()).get(path), 404, 'not_found')
})
