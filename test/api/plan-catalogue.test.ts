import { expect, test } from 'vitest'
import { body, type Json, organization } from '../support/client.ts'
import { storesNothing } from '../support/rows.ts'
import { monthly, newWorld } from '../support/world.ts'

const pro = { code: 'pro', name: 'Pro', prices: [monthly('USD', '9900')] }

test('FR-023 an archived plan takes no new subscribers, and the error names the plan to use instead', async () => {
  const world = await newWorld()
  await world.plan('pro')
  await world.plan('pro-2')
  const jane = await world.account()
  const archived = body(await world.client.delete('/v1/plans/pro?replaced_by=pro-2'))
  expect(archived).toMatchObject({ code: 'pro', archived_at: expect.stringMatching(/Z$/), replaced_by: 'pro-2' })
  const refused = await storesNothing(() => jane.asksToSubscribe('pro'))
  expect([refused.status, refused.body.code]).toEqual([422, 'plan_archived'])
  expect(refused.body.hint).toBe('Subscribe to plan pro-2 instead.')
  expect(refused.body.errors.map(({ pointer }: Json) => pointer)).toEqual(['/plan'])
  expect((await jane.subscribes('pro-2')).status).toBe('active')
})

test('FR-023 an archived plan keeps its subscribers, who go on renewing', async () => {
  const world = await newWorld('2026-01-01T00:00:00Z')
  await world.plan('pro')
  const jane = await world.account({ timezone: 'UTC' })
  await jane.subscribes('pro')
  body(await world.client.delete('/v1/plans/pro'))
  await world.passes('2 months')
  expect((await jane.invoices()).map(({ total, status }) => [total, status])).toEqual([
    [4900, 'paid'],
    [4900, 'paid'],
    [4900, 'paid'],
  ])
  const [subscription] = await jane.subscriptions()
  expect([subscription.status, subscription.current_period.end]).toEqual(['active', '2026-04-01T00:00:00Z'])
})

test('FR-023 an archived plan is shown, and listed only when asked for', async () => {
  const client = await organization()
  await client.post('/v1/plans', pro)
  await client.post('/v1/plans', { ...pro, code: 'starter' })
  await client.delete('/v1/plans/pro')
  const codes = async (query: string) => body(await client.get(`/v1/plans${query}`)).data.map(({ code }: Json) => code)
  expect(await codes('')).toEqual(['starter'])
  expect(await codes('?archived=false')).toEqual(['starter'])
  expect(await codes('?archived=true')).toEqual(['starter', 'pro'])
  expect(body(await client.get('/v1/plans/pro')).archived_at).toMatch(/Z$/)
  expect((await client.post('/v1/plans', pro)).status, 'its code stays taken').toBe(409)
})

test('FR-023 what replaces an archived plan is another one, on sale', async () => {
  const client = await organization()
  await client.post('/v1/plans', pro)
  await client.post('/v1/plans', { ...pro, code: 'gone' })
  await client.delete('/v1/plans/gone')
  const archive = (by: string) => storesNothing(() => client.delete(`/v1/plans/pro?replaced_by=${by}`))
  expect((await archive('pro')).body.errors).toEqual([{ pointer: '/replaced_by', detail: 'is the plan itself' }])
  expect((await archive('gone')).body.errors).toEqual([{ pointer: '/replaced_by', detail: 'is archived too' }])
  expect((await archive('nothing')).status).toBe(404)
})

test('FR-024 a plan is checked whole: every fault is named at once, and nothing is saved', async () => {
  const client = await organization()
  const faulty = {
    code: 'Pro Plan',
    trial_days: -1,
    prices: [
      { currency: 'USD', interval: 'month', unit_amount: '9900' },
      { currency: 'DOLLAR', interval: 'day', interval_count: 0, unit_amount: '-1' },
      { currency: 'EUR', interval: 'year', unit_amount: 99.5 },
      { currency: 'EUR', unit_amount: '1.0000000000001', seats: 3 },
    ],
    metadata: { a: 1 },
    surprise: true,
  }
  const reply = await storesNothing(() => client.post('/v1/plans', faulty))
  expect([reply.status, reply.body.code]).toEqual([422, 'invalid_request'])
  expect(reply.body.errors.map(({ pointer }: Json) => pointer).sort()).toEqual([
    ...['/code', '/metadata/a', '/name'],
    ...['/prices/1/currency', '/prices/1/interval', '/prices/1/interval_count', '/prices/1/unit_amount'],
    ...['/prices/2/unit_amount', '/prices/3/interval', '/prices/3/seats', '/prices/3/unit_amount'],
    ...['/surprise', '/trial_days'],
  ])
  const detailOf = (pointer: string) => reply.body.errors.find((fault: Json) => fault.pointer === pointer).detail
  expect(detailOf('/name')).toBe('is required')
  expect(detailOf('/prices/1/unit_amount')).toBe('must not be negative')
  expect(detailOf('/prices/3/interval')).toBe('is required')
  expect(detailOf('/prices/3/seats')).toBe('is not a known member')
  expect(body(await client.get('/v1/plans')).data).toEqual([])
})

test('FR-024 a plan without a price, or with one price twice, is refused', async () => {
  const client = await organization()
  const faults = async (prices: Json) => {
    const reply = await storesNothing(() => client.post('/v1/plans', { ...pro, prices }))
    expect(reply.status).toBe(422)
    return reply.body.errors
  }
  expect(await faults([])).toEqual([
    {
      pointer: '/prices',
      detail: 'must have at least one price, where there is no charge: add a base price, or a charge for usage',
    },
  ])
  const twice = [monthly('USD', '1'), monthly('EUR', '1'), { ...monthly('USD', '2'), interval_count: 1 }]
  expect(await faults(twice)).toEqual([
    { pointer: '/prices/2', detail: 'repeats the price 0 (USD per 1 month): keep one of them' },
  ])
})

test('FR-024 a change is checked whole too', async () => {
  const client = await organization()
  const plan = body(await client.post('/v1/plans', pro))
  const reply = await storesNothing(() =>
    client.patch('/v1/plans/pro', { name: '', prices: [monthly('USD', 'free')], code: 'other' }),
  )
  expect(reply.body.errors.map(({ pointer }: Json) => pointer).sort()).toEqual([
    ...['/code', '/name', '/prices/0/unit_amount'],
  ])
  expect(body(await client.get('/v1/plans/pro'))).toEqual(plan)
})

test('FR-025 a plan’s metadata is kept and replaced whole', async () => {
  const client = await organization()
  const created = body(await client.post('/v1/plans', { ...pro, metadata: { tier: 'gold', ключ: 'значение' } }))
  expect(created.metadata).toEqual({ tier: 'gold', ключ: 'значение' })
  body(await client.patch('/v1/plans/pro', { metadata: { tier: 'silver' } }))
  expect(body(await client.get('/v1/plans/pro'))).toEqual({ ...created, metadata: { tier: 'silver' } })
})
