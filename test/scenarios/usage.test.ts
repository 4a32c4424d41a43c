import { describe, expect, test } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body } from '../support/client.ts'
import { amounts, last, onPro, used } from '../support/metering.ts'
import { meteredPlan, meters } from '../support/usage.ts'
import { newWorld } from '../support/world.ts'

describe('S7 usage billing', () => {
  test('FR-075 FR-076 base and usage come on one invoice, tier by tier, an hour after the period', async () => {
    const world = await onPro()
    const { jane, meter, until } = world
    await until('2026-01-20T00:00:00Z')
    await used(meter, 'a', '7000', '2026-01-05T10:00:00Z')
    await used(meter, 'b', '8000', '2026-01-20T00:00:00Z')
    expect(body(await meter.sends(meter.event('b', { quantity: '8000' })))).toMatchObject({ duplicates: 1 })
    await until('2026-02-01T00:00:00Z')
    const draft = await last(world)
    expect(draft).toMatchObject({ status: 'draft', reason: 'renewal', awaits: 'usage', number: null })
    // It was on its way when the period ended.
    const inTime = meter.event('c', { quantity: '100', timestamp: '2026-01-31T23:59:59Z' })
    expect(body(await meter.sends(inTime)).results).toEqual([{ id: 'c', status: 'accepted' }])
    await until('2026-02-01T01:00:00Z')
    const invoice = await last(world)
    expect(invoice).toMatchObject({ id: draft.id, number: 'JANE-0002', status: 'paid', total: 4900 + 9000 + 2550 })
    expect(amounts(invoice)).toEqual([
      ['base', 4900],
      ['usage', 11550],
    ])
    expect(invoice.lines[1]).toMatchObject({
      quantity: '15100',
      tiers: [
        { up_to: '1000', quantity: '1000', amount: '0' },
        { up_to: '10000', quantity: '9000', amount: '9000' },
        { up_to: null, quantity: '5100', amount: '2550' },
      ],
    })
    expect(body(await world.client.post(`/v1/invoices/${invoice.id}/verify`))).toMatchObject({ identical: true })
    await expectSoundBooks(world)
    expect(await jane.owes()).toBe(0)
  })

  test('FR-051 FR-079 late events make a supplemental invoice within 24 hours, and later ones another', async () => {
    const world = await onPro()
    const { meter, until, jane } = world
    await until('2026-01-20T00:00:00Z')
    await used(meter, 'a', '9900', '2026-01-10T00:00:00Z')
    await until('2026-02-01T02:00:00Z')
    expect(amounts(await last(world))).toEqual([
      ['base', 4900],
      ['usage', 8900],
    ])
    expect(
      body(await meter.sends(meter.event('late', { quantity: '200', timestamp: '2026-01-31T20:00:00Z' }))),
    ).toMatchObject({ results: [{ id: 'late', status: 'accepted', late: 'supplemental' }] })
    await until('2026-02-02T00:59:59Z')
    expect(await jane.invoices()).toHaveLength(2)
    await until('2026-02-02T01:00:00Z')
    expect(await last(world)).toMatchObject({ reason: 'supplemental', status: 'paid', total: 150, number: 'JANE-0003' })
    const supplement = await last(world)
    expect(body(await world.client.post(`/v1/invoices/${supplement.id}/verify`))).toMatchObject({ identical: true })
    await until('2026-02-07T23:00:00Z')
    await used(meter, 'later', '10', '2026-01-31T20:00:00Z')
    await until('2026-02-08T12:00:00Z')
    expect(await last(world)).toMatchObject({ reason: 'supplemental', total: 5 })
    const tooLate = meter.event('too late', { quantity: '10', timestamp: '2026-01-31T20:00:00Z' })
    expect(body(await meter.sends(tooLate))).toMatchObject({ results: [{ status: 'accepted', late: 'unbilled' }] })
    await until('2026-03-01T02:00:00Z')
    expect((await jane.invoices()).map(({ reason, total }) => [reason, total])).toEqual([
      ...[
        ['subscription', 4900],
        ['renewal', 13800],
        ['supplemental', 150],
        ['supplemental', 5],
        ['renewal', 4900],
      ],
    ])
    const { reports } = { reports: await eventsOf(meter.subscription) }
    expect(reports.filter((type) => type === 'usage.late')).toHaveLength(2)
    expect(reports.filter((type) => type === 'usage.unbilled')).toHaveLength(1)
    expect((await meter.events('&late=unbilled')).map(({ id }) => id)).toEqual(['too late'])
    await expectSoundBooks(world)
  })

  test('a correction of what was billed is invoiced or credited by its difference', async () => {
    const world = await onPro()
    const { meter, until, jane } = world
    await until('2026-01-20T00:00:00Z')
    await used(meter, 'a', '5000', '2026-01-10T00:00:00Z')
    await used(meter, 'b', '1000', '2026-01-11T00:00:00Z')
    await until('2026-02-01T02:00:00Z')
    expect((await last(world)).total).toBe(4900 + 5000)
    body(await world.client.delete(meter.path('b')))
    await until('2026-02-02T01:00:00Z')
    expect(await jane.invoices()).toHaveLength(2)
    expect(await jane.hasToItsCredit()).toBe(1000)
    const event = { metric: 'api_calls', quantity: '7000', timestamp: '2026-01-10T00:00:00Z' }
    body(await world.client.put(meter.path('a'), event))
    await until('2026-02-03T01:00:00Z')
    expect(await last(world)).toMatchObject({ reason: 'supplemental', total: 2000, credits_applied: 1000, paid: 1000 })
    await expectSoundBooks(world)
  })
})

describe('invariant 8: what is acknowledged is billed', () => {
  test('where nothing was used before the period ended, what comes in the grace is late', async () => {
    const world = await onPro()
    const { meter, until, jane } = world
    await until('2026-02-01T00:00:00Z')
    expect(await last(world)).toMatchObject({ reason: 'renewal', status: 'paid', total: 4900 })
    const sent = meter.event('a', { quantity: '1500', timestamp: '2026-01-31T23:00:00Z' })
    expect(body(await meter.sends(sent))).toMatchObject({ results: [{ late: 'supplemental' }] })
    await until('2026-02-02T00:00:00Z')
    expect(await last(world)).toMatchObject({ reason: 'supplemental', total: 500 })
    expect(await jane.invoices()).toHaveLength(3)
  })

  test('of a subscription that has used nothing until it was cancelled too', async () => {
    const world = await onPro({ unit_amount: '1' })
    const { meter, until, client } = world
    await until('2026-01-20T00:00:00Z')
    body(await client.post(`/v1/subscriptions/${meter.subscription}/cancel`, { when: 'now' }))
    await used(meter, 'a', '7', '2026-01-19T00:00:00Z')
    await until('2026-01-21T00:00:00Z')
    expect(await last(world)).toMatchObject({ reason: 'supplemental', total: 7 })
  })

  test('a draft of which nothing is left after the grace is no invoice', async () => {
    const world = await newWorld('2026-01-01T00:00:00Z')
    await meteredPlan(world, 'usage', { interval: 'month' })
    await world.client.patch('/v1/plans/usage', { prices: [] })
    const jane = await world.account({ timezone: 'UTC' })
    const meter = await meters(world, jane, 'usage', { interval: 'month' })
    await world.until('2026-01-20T00:00:00Z')
    await used(meter, 'a', '7', '2026-01-05T10:00:00Z')
    await world.until('2026-02-01T00:30:00Z')
    expect((await jane.invoices()).map(({ status }) => status)).toEqual(['draft'])
    body(await world.client.delete(meter.path('a')))
    await world.until('2026-02-01T01:00:00Z')
    expect(await jane.invoices()).toEqual([])
    await expectSoundBooks(world)
  })

  test('while its invoice awaits its tax, what came late waits too', async () => {
    const world = await onPro({ unit_amount: '1' })
    const { meter, until, client, jane } = world
    body(await client.patch('/v1/settings', { tax: { engine: 'external' } }))
    await until('2026-01-20T00:00:00Z')
    await used(meter, 'a', '100', '2026-01-10T00:00:00Z')
    await until('2026-02-01T02:00:00Z')
    const waiting = await last(world)
    expect(waiting).toMatchObject({ status: 'draft', awaits: 'tax', total: 5000 })
    await used(meter, 'b', '10', '2026-01-11T00:00:00Z')
    await until('2026-02-02T12:00:00Z')
    expect(await jane.invoices()).toHaveLength(2)
    body(await client.post(`/v1/invoices/${waiting.id}/finalize`, { taxes: [] }))
    await until('2026-02-02T13:00:00Z')
    expect(await last(world)).toMatchObject({ reason: 'supplemental', awaits: 'tax', total: 10 })
  })
})
