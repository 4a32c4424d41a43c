import { describe, expect, test } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { amounts, last, onPro, used } from '../support/metering.ts'
import { storesNothing } from '../support/rows.ts'
import { meteredPlan, meters } from '../support/usage.ts'
import { monthly, newWorld, yearly } from '../support/world.ts'

describe('what is metered', () => {
  test('FR-019 FR-077 a plan of usage alone bills two metrics, and nothing where nothing was used', async () => {
    const world = await newWorld('2026-01-01T00:00:00Z')
    body(await world.client.post('/v1/metrics', { code: 'seats', name: 'Seats', aggregation: 'max' }))
    body(await world.client.post('/v1/metrics', { code: 'api_calls', name: 'Calls', aggregation: 'sum' }))
    const charge = { model: 'standard', currency: 'USD', interval: 'month' }
    await world.plan('usage', {
      prices: [],
      charges: [
        { ...charge, metric: 'api_calls', unit_amount: '2' },
        { ...charge, metric: 'seats', unit_amount: '100' },
      ],
    })
    const jane = await world.account({ timezone: 'UTC' })
    const meter = await meters(world, jane, 'usage', { interval: 'month' })
    expect(await jane.invoices()).toEqual([])
    await world.until('2026-01-20T00:00:00Z')
    await used(meter, 'a', '7', '2026-01-05T10:00:00Z')
    for (const [id, quantity] of [
      ['s1', '3'],
      ['s2', '5'],
      ['s3', '4'],
    ] as const)
      await meter.uses(meter.event(id, { metric: 'seats', quantity, timestamp: '2026-01-06T00:00:00Z' }))
    await world.until('2026-03-02T00:00:00Z')
    expect((await jane.invoices()).map(({ total }) => total)).toEqual([514])
  })

  test('FR-074 of a yearly plan is billed by the month, and a change of plan is priced on both sides of it', async () => {
    const world = await newWorld('2026-01-01T00:00:00Z')
    const prices = [monthly('USD', '4900'), yearly('USD', '49000')]
    await meteredPlan(world, 'pro', { unit_amount: '1' })
    const team = { metric: 'api_calls', model: 'standard', currency: 'USD', unit_amount: '3' }
    await world.plan('team', { prices, charges: [team] })
    await world.plan('annual', { prices, charges: [{ ...team, unit_amount: '2' }] })
    const jane = await world.account({ timezone: 'UTC' })
    const sub = await jane.buys('pro')
    const meter = await meters(world, await world.account({ timezone: 'UTC', name: 'Ann' }), 'annual', {
      interval: 'year',
    })
    await world.until('2026-01-16T00:00:00Z')
    const { id } = (await jane.subscriptions())[0] as Json
    const calls = (name: string, quantity: string, timestamp: string, of = id) =>
      world.client.post('/v1/usage/events', { id: name, subscription: of, metric: 'api_calls', quantity, timestamp })
    await calls('a', '100', '2026-01-10T00:00:00Z')
    await sub.changes({ plan: 'team', proration: 'none' })
    await calls('b', '10', '2026-01-16T00:00:00Z')
    await used(meter, 'x', '50', '2026-01-10T00:00:00Z')
    await world.until('2026-02-01T01:00:00Z')
    expect(amounts(await last({ jane }))).toEqual([
      ['base', 4900],
      ['usage', 100],
      ['usage', 30],
    ])
    const monthlyUsage = body(await world.client.get(`/v1/invoices?subscription=${meter.subscription}`)).data[0]
    expect(monthlyUsage).toMatchObject({ reason: 'usage', total: 100, period: { end: '2026-02-01T00:00:00Z' } })
    await expectSoundBooks(world)
  })

  test('is invoiced after the grace when a subscription is cancelled, and nothing is taken after it', async () => {
    const world = await onPro({ unit_amount: '1' })
    const { meter, until, jane, client } = world
    await until('2026-01-20T00:00:00Z')
    await used(meter, 'a', '300', '2026-01-10T00:00:00Z')
    body(await client.post(`/v1/subscriptions/${meter.subscription}/cancel`, { when: 'now' }))
    expect(await last(world)).toMatchObject({ status: 'draft', reason: 'usage', total: 300 })
    const after = meter.event('after', { timestamp: '2026-01-20T00:00:00Z' })
    expect(body(await meter.sends(after)).rejected).toMatchObject([{ id: 'after', code: 'ended' }])
    await used(meter, 'b', '30', '2026-01-19T23:59:00Z')
    await until('2026-01-20T01:00:00Z')
    expect(await last(world)).toMatchObject({ status: 'paid', reason: 'usage', total: 330 })
    await until('2026-03-01T00:00:00Z')
    expect(await jane.invoices()).toHaveLength(2)
  })

  test('FR-018 in a trial is taken and shown and never billed; in a pause it is refused', async () => {
    const world = await onPro({ unit_amount: '1' }, { trial_days: 10 })
    const { meter, until, client } = world
    await until('2026-01-05T00:00:00Z')
    await used(meter, 'trial', '1000', '2026-01-04T00:00:00Z')
    await until('2026-01-15T00:00:00Z')
    await used(meter, 'a', '5', '2026-01-12T00:00:00Z')
    body(await client.post(`/v1/subscriptions/${meter.subscription}/pause`, {}))
    await until('2026-01-18T00:00:00Z')
    const paused = meter.event('p', { timestamp: '2026-01-16T00:00:00Z' })
    expect(body(await meter.sends(paused)).rejected).toMatchObject([{ code: 'paused' }])
    await used(meter, 'before', '2', '2026-01-14T00:00:00Z')
    body(await client.post(`/v1/subscriptions/${meter.subscription}/resume`, {}))
    await until('2026-02-14T01:00:00Z')
    expect(amounts(await last(world))).toEqual([
      ['base', 4900],
      ['usage', 7],
    ])
  })

  test('a preview and a simulation know what was used so far, and change nothing of it', async () => {
    const world = await onPro({ unit_amount: '1' })
    const { meter, until, client } = world
    await until('2026-01-20T00:00:00Z')
    await used(meter, 'a', '250', '2026-01-10T00:00:00Z')
    expect(await meter.events()).toHaveLength(1)
    await storesNothing(async () => {
      const preview = body(await client.post('/v1/invoices/preview', { subscription: meter.subscription }))
      expect(preview.invoices.map(amounts)).toEqual([
        [
          ['base', 4900],
          ['usage', 250],
        ],
      ])
    })
    await until('2026-02-01T01:00:00Z')
    expect(amounts(await last(world))).toEqual([
      ['base', 4900],
      ['usage', 250],
    ])
  })

  test('usage that passes 80 and 100 percent of a cap is told, each once', async () => {
    const world = await onPro({ unit_amount: '1', cap: { limit: '1000', over: 'bill' } })
    const { meter, until, client } = world
    await until('2026-01-20T00:00:00Z')
    for (const [id, quantity] of [
      ['a', '790'],
      ['b', '10'],
      ['c', '150'],
      ['d', '100'],
      ['e', '5'],
    ] as const)
      await used(meter, id, quantity, '2026-01-10T00:00:00Z')
    await until('2026-01-21T00:00:00Z')
    const told = (await eventsOf(meter.subscription)).filter((type) => type === 'usage.threshold_reached')
    expect(told).toHaveLength(2)
    const shown = body(await client.get(`/v1/subscriptions/${meter.subscription}`))
    expect(shown.status).toBe('active')
  })
})
