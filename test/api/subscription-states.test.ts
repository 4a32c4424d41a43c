import { describe, expect, test } from 'vitest'
import { body } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { newWorld } from '../support/world.ts'

const NOW = '2026-01-31T10:00:00Z'

/** A world at `NOW` with a plan `pro` of 4900 a month and its customer Jane, in UTC. */
async function subscribed(about: object = {}) {
  const world = await newWorld(NOW)
  await world.plan('pro')
  const jane = await world.account({ timezone: 'UTC' })
  const made = await jane.subscribes('pro', about)
  const command = (name: string, given: object = {}) => world.client.post(`/v1/subscriptions/${made.id}/${name}`, given)
  return {
    ...world,
    jane,
    made,
    command,
    get: async () => body(await world.client.get(`/v1/subscriptions/${made.id}`)),
  }
}

const inSevenDays = '2026-02-07T10:00:00Z'

describe('FR-027 a subscription is', () => {
  test('scheduled until its start, then active: nothing is billed before', async () => {
    const { made, get, jane, until } = await subscribed({ start: inSevenDays })
    expect(made).toMatchObject({ status: 'scheduled', start: inSevenDays, current_period: null, anchor: null })
    expect(made.latest_invoice).toBeNull()
    await until('2026-02-07T09:59:59Z')
    expect([(await get()).status, await jane.invoices()]).toEqual(['scheduled', []])
    await until(inSevenDays)
    const period = { start: inSevenDays, end: '2026-03-07T10:00:00Z' }
    expect(await get()).toMatchObject({ status: 'active', anchor: inSevenDays, current_period: period })
    expect(await jane.invoices()).toMatchObject([{ status: 'paid', period, reason: 'subscription' }])
  })

  test('scheduled, and cancelled before it cost anything', async () => {
    const { command, get, jane, passes } = await subscribed({ start: inSevenDays })
    body(await command('cancel'))
    expect(await get()).toMatchObject({ status: 'cancelled', ended_at: NOW, current_period: null, anchor: null })
    await passes('2 months')
    expect(await jane.invoices()).toEqual([])
  })

  test('in trial after its start, where it has both', async () => {
    const { get, jane, until } = await subscribed({ start: inSevenDays, trial_days: 7 })
    await until('2026-02-10T00:00:00Z')
    const trial = { start: inSevenDays, end: '2026-02-14T10:00:00Z' }
    expect(await get()).toMatchObject({
      status: 'trial',
      trial_ends_at: trial.end,
      current_period: trial,
      anchor: null,
    })
    await until(trial.end)
    expect(await get()).toMatchObject({ status: 'active', anchor: trial.end })
    expect(await jane.invoices()).toMatchObject([{ period: { start: trial.end } }])
  })

  test('cancelled for good: only its metadata and key can still change', async () => {
    const { command, client, made, get } = await subscribed()
    body(await command('cancel', { when: 'now' }))
    const again = await command('cancel', { when: 'now' })
    const detail = `The subscription is cancelled since ${NOW}: it cannot be cancelled again.`
    expectProblem(again, 409, 'command_not_possible', { detail })
    const uncancelled = await command('uncancel')
    const why = { detail: 'A subscription that is cancelled has no "uncancel".', hint: 'Possible now: update.' }
    expectProblem(uncancelled, 409, 'command_not_possible', why)
    body(await client.patch(`/v1/subscriptions/${made.id}`, { metadata: { reason: 'price' } }))
    expect(await get()).toMatchObject({ status: 'cancelled', ended_at: NOW, metadata: { reason: 'price' } })
  })
})

describe('FR-028 a trial', () => {
  test('turns active by itself on its last day, anchored there, with the first invoice', async () => {
    const { made, get, jane, until, gateway } = await subscribed({ trial_days: 14 })
    const ends = '2026-02-14T10:00:00Z'
    expect(made).toMatchObject({ status: 'trial', trial_ends_at: ends, current_period: { start: NOW, end: ends } })
    await until('2026-02-14T09:59:59Z')
    expect([(await get()).status, await jane.invoices(), await jane.payments()]).toEqual(['trial', [], []])
    await until(ends)
    const period = { start: ends, end: '2026-03-14T10:00:00Z' }
    expect(await get()).toMatchObject({ status: 'active', anchor: ends, current_period: period, trial_ends_at: ends })
    expect(await jane.invoices()).toMatchObject([{ number: 'JANE-0001', status: 'paid', period, total: 4900 }])
    expect((await gateway.taken()).received).toEqual({ usd: 4900 })
  })

  test('is counted in local days, at the same local time across a change of the clocks', async () => {
    const world = await newWorld('2026-03-01T15:00:00Z')
    await world.plan('pro', { trial_days: 14 })
    const jane = await world.account({ timezone: 'America/New_York' })
    expect((await jane.subscribes('pro')).trial_ends_at).toBe('2026-03-15T14:00:00Z')
  })

  test('that is cancelled at its end costs nothing', async () => {
    const { command, get, jane, passes } = await subscribed({ trial_days: 14 })
    expect(body(await command('cancel'))).toMatchObject({ status: 'trial', cancel_at: '2026-02-14T10:00:00Z' })
    await passes('2 months')
    expect(await get()).toMatchObject({ status: 'cancelled', ended_at: '2026-02-14T10:00:00Z', anchor: null })
    expect(await jane.invoices()).toEqual([])
  })

  test('that is over before now, because it started in the past, is billed from its end', async () => {
    const { made, jane } = await subscribed({ start: '2025-12-20T10:00:00Z', trial_days: 14 })
    expect(made).toMatchObject({ status: 'active', anchor: '2026-01-03T10:00:00Z' })
    expect(await jane.invoices()).toMatchObject([{ period: { start: '2026-01-03T10:00:00Z' } }])
  })

  test('of no days, where the plan has some, is none', async () => {
    const world = await newWorld(NOW)
    await world.plan('pro', { trial_days: 14 })
    const jane = await world.account()
    expect(await jane.subscribes('pro', { trial_days: 0 })).toMatchObject({ status: 'active', trial_ends_at: null })
  })
})

describe('FR-029 cancelling', () => {
  test('now ends it at once; what was paid stays paid', async () => {
    const { command, get, jane, passes, gateway } = await subscribed()
    await passes('10 days')
    const ended = { status: 'cancelled', ended_at: '2026-02-10T10:00:00Z', cancel_at: null }
    expect(body(await command('cancel', { when: 'now' }))).toMatchObject(ended)
    await passes('3 months')
    expect(await get()).toMatchObject(ended)
    expect(await jane.invoices()).toMatchObject([{ status: 'paid', total: 4900 }])
    expect((await gateway.taken()).received).toEqual({ usd: 4900 })
  })

  test('at the period’s end, the default, lets it run till then and comes before the renewal of that instant', async () => {
    const { command, get, jane, until } = await subscribed()
    const end = '2026-02-28T10:00:00Z'
    expect(body(await command('cancel'))).toMatchObject({ status: 'active', cancel_at: end })
    await until('2026-02-28T09:59:59Z')
    expect((await get()).status).toBe('active')
    await until('2026-06-01T00:00:00Z')
    expect(await get()).toMatchObject({ status: 'cancelled', ended_at: end })
    expect(await jane.invoices()).toHaveLength(1)
  })

  test('twice is the same as once', async () => {
    const { command, get } = await subscribed()
    const first = body(await command('cancel'))
    const second = body(await command('cancel'))
    expect(second).toEqual(first)
    expect(await get()).toMatchObject({ cancel_at: '2026-02-28T10:00:00Z' })
  })

  test('can be taken back until then, and it renews as if nothing had been', async () => {
    const { command, get, jane, passes } = await subscribed()
    body(await command('cancel'))
    expect(body(await command('uncancel'))).toMatchObject({ status: 'active', cancel_at: null })
    expect(body(await command('uncancel'))).toMatchObject({ status: 'active', cancel_at: null })
    await passes('1 month')
    expect(await get()).toMatchObject({ status: 'active', current_period: { start: '2026-02-28T10:00:00Z' } })
    expect(await jane.invoices()).toHaveLength(2)
  })

  test('at the same time as others leaves one outcome, and events in the order of its versions', async () => {
    const { command, client, get, made } = await subscribed()
    const commands = [
      () => command('cancel'),
      () => command('uncancel'),
      () => client.patch(`/v1/subscriptions/${made.id}`, { metadata: { a: '1' } }),
      () => client.patch(`/v1/subscriptions/${made.id}`, { metadata: { a: '2' } }),
    ]
    const replies = await Promise.all(Array.from({ length: 16 }, (_, index) => commands[index % 4]?.()))
    expect(replies.map((reply) => reply?.status)).toEqual(Array(16).fill(200))
    const last = replies.at(-1)?.body
    expect((await get()).metadata).toEqual(last.metadata)
  })
})
