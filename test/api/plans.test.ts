import { expect, test } from 'vitest'
import { body, type Json, organization } from '../support/client.ts'
import { storesNothing } from '../support/rows.ts'
import { monthly, newWorld, yearly } from '../support/world.ts'

const price = (currency: string, interval: string, interval_count: number, unit_amount: string) => ({
  ...{ currency, interval, interval_count, unit_amount },
})

test('S2 plain pricing: two intervals, a trial, and a new price that leaves present subscribers alone', async () => {
  const world = await newWorld()
  const prices = [monthly('USD', '9900'), yearly('USD', '99900')]
  await world.plan('pro', { trial_days: 14, prices })
  const jane = await world.account()
  const before = await jane.subscribes('pro', { interval: 'month' })
  body(await world.client.patch('/v1/plans/pro', { prices: [monthly('USD', '12900'), yearly('USD', '129900')] }))
  const john = await world.account({ name: 'John' })
  await john.subscribes('pro', { interval: 'month' })
  expect(before.latest_invoice, 'a trial makes no charge').toBeNull()
  await world.until('2026-02-20T00:00:00Z')
  expect((await jane.invoices()).map(({ total }) => total)).toEqual([9900, 9900])
  expect((await john.invoices()).map(({ total }) => total)).toEqual([12900, 12900])
})

test('FR-016 a plan is created as JSON and shown as it was given', async () => {
  const client = await organization()
  const prices = [monthly('USD', '9900'), price('EUR', 'month', 1, '8900.5')]
  const reply = await client.post('/v1/plans', { code: 'pro', name: 'Pro', prices })
  expect(reply.status).toBe(201)
  expect(reply.body).toEqual({
    id: expect.stringMatching(/^plan_[0-9a-z]{26}$/),
    ...{ code: 'pro', name: 'Pro', version: 1, trial_days: 0, metadata: {}, archived_at: null, replaced_by: null },
    ...{ kind: 'plan', minimum: null, charges: [], warnings: [] },
    prices: [price('USD', 'month', 1, '9900'), price('EUR', 'month', 1, '8900.5')],
    created_at: expect.stringMatching(/Z$/),
  })
  expect(body(await client.get('/v1/plans/pro'))).toEqual(reply.body)
  expect(body(await client.get(`/v1/plans/${reply.body.id}`))).toEqual(reply.body)
  expect(body(await client.get('/v1/plans')).data).toEqual([reply.body])
  const taken = await storesNothing(() => client.post('/v1/plans', { code: 'pro', name: 'Other', prices }))
  expect([taken.status, taken.body.code, taken.body.errors[0].pointer]).toEqual([409, 'plan_code_taken', '/code'])
})

test.each([
  ['week', 1, '2026-01-08'],
  ['week', 2, '2026-01-15'],
  ['month', 1, '2026-02-01'],
  ['month', 6, '2026-07-01'],
  ['quarter', 1, '2026-04-01'],
  ['quarter', 2, '2026-07-01'],
  ['year', 1, '2027-01-01'],
  ['year', 3, '2029-01-01'],
])('FR-017 a price per %s × %i bills until %s', async (interval, interval_count, end) => {
  const world = await newWorld('2026-01-01T00:00:00Z')
  await world.plan('pro', { prices: [price('USD', interval, interval_count, '9900')] })
  const jane = await world.account({ timezone: 'UTC' })
  const subscription = await jane.subscribes('pro', { interval, interval_count })
  expect(subscription).toMatchObject({ interval, interval_count })
  expect(subscription.current_period).toEqual({ start: '2026-01-01T00:00:00Z', end: `${end}T00:00:00Z` })
  expect(subscription.latest_invoice.lines.map(({ amount, period }: Json) => [amount, period])).toEqual([
    [9900, subscription.current_period],
  ])
})

test('FR-018 a plan has trial days, which a subscription may override', async () => {
  const world = await newWorld('2026-01-01T00:00:00Z')
  expect(await world.plan('pro', { trial_days: 14 })).toMatchObject({ trial_days: 14 })
  const jane = await world.account({ timezone: 'UTC' })
  const john = await world.account({ timezone: 'UTC' })
  const jim = await world.account({ timezone: 'UTC' })
  expect(await jane.subscribes('pro')).toMatchObject({ status: 'trial', trial_ends_at: '2026-01-15T00:00:00Z' })
  expect(await john.subscribes('pro', { trial_days: 3 })).toMatchObject({ trial_ends_at: '2026-01-04T00:00:00Z' })
  expect(await jim.subscribes('pro', { trial_days: 0 })).toMatchObject({ status: 'active', trial_ends_at: null })
})

test('FR-021 a plan has a price for each currency, and each account pays its own', async () => {
  const world = await newWorld()
  const prices = [monthly('USD', '4900'), monthly('EUR', '4500'), monthly('JPY', '7000'), monthly('KWD', '15000')]
  await world.plan('pro', { prices })
  for (const [currency, total] of [
    ['USD', 4900],
    ['EUR', 4500],
    ['JPY', 7000],
    ['KWD', 15000],
  ] as const) {
    const account = await world.account({ currency })
    const { latest_invoice: invoice } = await account.subscribes('pro')
    expect([invoice.currency, invoice.total, invoice.balance]).toEqual([currency, total, 0])
  }
  const swiss = await world.account({ currency: 'CHF' })
  const refused = await storesNothing(() => swiss.asksToSubscribe('pro'))
  expect([refused.status, refused.body.code]).toEqual([422, 'price_not_found'])
  expect(refused.body.hint).toBe('Choose one of: USD per month, EUR per month, JPY per month, KWD per month.')
})

test('FR-022 a price change makes version 2; subscribers of version 1 keep it, new ones get 2', async () => {
  const world = await newWorld('2026-01-01T00:00:00Z')
  const { client } = world
  await world.plan('pro', { prices: [monthly('USD', '4900')] })
  const jane = await world.account({ timezone: 'UTC' })
  const old = await jane.subscribes('pro')
  const changed = body(await client.patch('/v1/plans/pro', { prices: [monthly('USD', '5900')] }))
  expect([changed.version, changed.prices]).toEqual([2, [price('USD', 'month', 1, '5900')]])
  const versions = body(await client.get('/v1/plans/pro/versions')).data
  expect(versions.map(({ number, prices }: Json) => [number, prices[0].unit_amount])).toEqual([
    [2, '5900'],
    [1, '4900'],
  ])
  expect(old.plan_version).toBe(versions[1].id)
  const john = await world.account({ name: 'John', timezone: 'UTC' })
  const { plan_version, latest_invoice } = await john.subscribes('pro')
  expect([plan_version, latest_invoice.total]).toEqual([versions[0].id, 5900])
  await world.passes('2 months')
  expect((await jane.invoices()).map(({ total }) => total)).toEqual([4900, 4900, 4900])
  expect((await john.invoices()).map(({ total }) => total)).toEqual([5900, 5900, 5900])
})

test('FR-022 what changes no term makes no version', async () => {
  const client = await organization()
  const prices = [monthly('USD', '9900'), yearly('USD', '99900')]
  await client.post('/v1/plans', { code: 'pro', name: 'Pro', prices })
  const version = async (patch: Json) => body(await client.patch('/v1/plans/pro', patch)).version
  expect(await version({ metadata: { a: '1' } })).toBe(1)
  expect(await version({ name: 'Pro', trial_days: 0, prices: [yearly('USD', '99900.00'), prices[0]] })).toBe(1)
  expect(await version({ trial_days: 7 })).toBe(2)
  expect(await version({ name: 'Professional' })).toBe(3)
  expect(await version({ prices: [prices[0]] })).toBe(4)
})
