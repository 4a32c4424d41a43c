import { expect, test } from 'vitest'
import { expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { monthly, newWorld, yearly } from '../support/world.ts'

const versionOf = async (world: Awaited<ReturnType<typeof newWorld>>, made: Json) =>
  body(await world.client.get('/v1/plans/pro/versions')).data.find(({ id }: Json) => id === made.plan_version).number

test('S2 plain pricing: a plan by month and by year with a trial; a new price is for new customers only', async () => {
  const world = await newWorld('2026-01-01T00:00:00Z')
  await world.plan('pro', { prices: [monthly('USD', '4900'), yearly('USD', '49900')], trial_days: 7 })
  const ann = await world.account({ name: 'Ann', timezone: 'UTC' })
  const bob = await world.account({ name: 'Bob', timezone: 'UTC' })
  const first = await ann.subscribes('pro', { interval: 'month' })
  await bob.subscribes('pro', { interval: 'year', trial_days: 0 })
  const prices = [monthly('USD', '5900'), yearly('USD', '59900')]
  const changed = body(await world.client.patch('/v1/plans/pro', { prices, trial_days: 0 }))
  expect(changed.id).toBe(first.plan)
  const cy = await world.account({ name: 'Cy', timezone: 'UTC' })
  const later = await cy.subscribes('pro', { interval: 'month' })
  expect([await versionOf(world, first), await versionOf(world, later)]).toEqual([1, 2])
  await world.until('2027-01-02T00:00:00Z')
  const totals = async (customer: typeof ann) => (await customer.invoices()).map(({ total }) => total)
  expect(await totals(ann)).toEqual(Array(12).fill(4900))
  expect(await totals(bob)).toEqual([49_900, 49_900])
  expect(await totals(cy)).toEqual(Array(13).fill(5900))
  const expected = 12 * 4900 + 2 * 49_900 + 13 * 5900
  expect((await world.gateway.taken()).received).toEqual({ usd: expected })
  await world.isBalanced()
})

test('S2 FR-019 FR-020 FR-022 a plan with metered tiers: what is sold keeps its own; without usage the base alone is billed', async () => {
  const world = await newWorld('2026-01-01T00:00:00Z')
  const { client } = world
  body(await client.post('/v1/metrics', { code: 'api_calls', name: 'API calls', aggregation: 'sum' }))
  const prices = [monthly('USD', '9900'), yearly('USD', '99900')]
  const metered = (last: string) => ({
    ...{ metric: 'api_calls', model: 'graduated', currency: 'USD' },
    tiers: [
      { up_to: '1000', unit_amount: '0' },
      { up_to: '10000', unit_amount: '1' },
      { up_to: null, unit_amount: last },
    ],
  })
  await world.plan('pro', { prices, charges: [metered('0.5')], trial_days: 14 })
  const [ann, bob] = [await world.account({ timezone: 'UTC' }), await world.account({ name: 'Bob', timezone: 'UTC' })]
  const first = await ann.buys('pro', { interval: 'month' })
  const yearlong = await bob.buys('pro', { interval: 'year', trial_days: 0 })
  body(await client.patch('/v1/plans/pro', { charges: [metered('0.4')] }))
  const versions = body(await client.get('/v1/plans/pro/versions')).data
  const last = versions.map(({ number, charges }: Json) => [number, charges[0].tiers.at(-1).unit_amount])
  expect(last).toEqual([
    [2, '0.4'],
    [1, '0.5'],
  ])
  await world.until('2026-03-20T00:00:00Z')
  for (const { id, made } of [first, yearlong]) {
    expect(body(await client.get(`/v1/subscriptions/${id}`)).plan_version).toBe(made.plan_version)
  }
  expect((await first.invoices()).map(({ total, period }) => [period.start.slice(0, 10), total])).toEqual([
    ...[
      ['2026-01-15', 9900],
      ['2026-02-15', 9900],
      ['2026-03-15', 9900],
    ],
  ])
  expect((await yearlong.invoices()).map(({ total }) => total)).toEqual([99_900])
  const latest = await first.changes({ plan_version: 'latest', effective: 'period_end' })
  expect(latest.scheduled_change.plan_version).toBe(versions[0].id)
  await world.until('2026-04-15T00:00:00Z')
  expect((await first.shown()).plan_version).toBe(versions[0].id)
  await expectSoundBooks(world)
})

test('S3 FR-026 FR-039 one call sells everything: seats, add-ons, a coupon, a term; renewal and end need no other', async () => {
  const world = await newWorld('2026-04-01T00:00:00Z')
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  await world.plan('support', { kind: 'add_on', prices: [monthly('USD', '2500')] })
  body(await world.client.post('/v1/coupons', { code: 'TEN', percent_off: '10', duration: 'periods', periods: 2 }))
  const ann = await world.account({ name: 'Ann', timezone: 'UTC' })
  const sub = await ann.buys('pro', {
    ...{ quantity: 3, add_ons: [{ plan: 'support', quantity: 2, unit_amount: '2000.25' }], coupon: 'TEN' },
    ...{ trial_days: 7, ends_at: '2026-07-01T00:00:00Z', external_key: 's_1', metadata: { crm: '42' } },
  })
  expect(sub.made).toMatchObject({
    ...{ status: 'trial', latest_invoice: null, payment: null, metadata: { crm: '42' }, external_key: 's_1' },
    items: [
      { quantity: 3, unit_amount: null },
      { quantity: 2, unit_amount: '2000.25' },
    ],
  })
  expect(await ann.payments()).toEqual([])
  await world.until('2026-07-01T00:00:00Z')
  // 29700 and 4001 (4000.5, rounded once); from 8 June on 23 of 30 days are left of the term: 22770 and 3067.05.
  expect(
    (await sub.invoices()).map(({ subtotal, discount, paid, period }) => [subtotal, discount, paid, period.end]),
  ).toEqual([
    [33_701, 3370, 30_331, '2026-05-08T00:00:00Z'],
    [33_701, 3370, 30_331, '2026-06-08T00:00:00Z'],
    [25_837, 0, 25_837, '2026-07-01T00:00:00Z'],
  ])
  expect(await sub.shown()).toMatchObject({ status: 'expired', ended_at: '2026-07-01T00:00:00Z' })
  await expectSoundBooks(world)
})

test('S2 who leaves and comes back gets the price of that day', async () => {
  const world = await newWorld('2026-01-01T00:00:00Z')
  await world.plan('pro')
  const ann = await world.account({ name: 'Ann', timezone: 'UTC' })
  const first = await ann.subscribes('pro')
  body(await world.client.patch('/v1/plans/pro', { prices: [monthly('USD', '5900')] }))
  expectProblem(await ann.asksToSubscribe('pro'), 409, 'already_subscribed')
  body(await world.client.post(`/v1/subscriptions/${first.id}/cancel`, {}))
  await world.until('2026-02-01T00:00:00Z')
  await ann.subscribes('pro')
  await world.until('2026-03-15T00:00:00Z')
  expect((await ann.invoices()).map(({ total, number }) => [number, total])).toEqual([
    ['ANN-0001', 4900],
    ['ANN-0002', 5900],
    ['ANN-0003', 5900],
  ])
})

test('S4 hands-off invoicing: taxed, itemised, numbered and paid on its date, without a call', async () => {
  const world = await newWorld('2026-01-31T09:00:00Z')
  const rates = [{ country: 'DE', name: 'VAT', percent: '19' }]
  body(await world.client.patch('/v1/settings', { tax: { engine: 'rates', rates } }))
  await world.plan('pro', { prices: [monthly('EUR', '9900')] })
  const ann = await world.account({ name: 'Ann', timezone: 'Europe/Berlin', country: 'DE', currency: 'EUR' })
  await ann.subscribes('pro', { quantity: 5 })
  await world.until('2026-02-28T09:00:00Z')
  const [, renewal] = await ann.invoices()
  expect(renewal).toMatchObject({
    ...{ number: 'ANN-0002', status: 'paid', reason: 'renewal', currency: 'EUR' },
    ...{ subtotal: 49_500, tax: 9405, total: 58_905, paid: 58_905, balance: 0 },
    ...{ issued_at: '2026-02-28T09:00:00Z', finalized_at: '2026-02-28T09:00:00Z', due_at: '2026-02-28T23:00:00Z' },
    taxes: [{ name: 'VAT', country: 'DE', percent: '19', taxable: 49_500, amount: 9405 }],
    lines: [
      { description: 'Pro × 5, 28 Feb – 31 Mar 2026', quantity: '5', unit_amount: '9900', amount: 49_500, tax: 9405 },
    ],
    bill_to: { name: 'Ann', country: 'DE' },
  })
  expect((await world.gateway.taken()).received).toEqual({ eur: 2 * 58_905 })
  await world.isBalanced()
})

test('S4 a card that fails at a renewal leaves the invoice open and the next ones come all the same', async () => {
  const world = await newWorld('2026-01-15T00:00:00Z')
  await world.plan('pro')
  const ann = await world.account({ name: 'Ann', timezone: 'UTC' })
  await ann.subscribes('pro')
  await world.gateway.declines('lost_card')
  await world.until('2026-03-20T00:00:00Z')
  expect((await ann.invoices()).map(({ number, status, balance }) => [number, status, balance])).toEqual([
    ['ANN-0001', 'paid', 0],
    ['ANN-0002', 'open', 4900],
    ['ANN-0003', 'paid', 0],
  ])
  expect((await ann.payments()).map(({ status }) => status)).toEqual(['succeeded', 'failed', 'succeeded'])
  expect(await ann.subscriptions()).toMatchObject([{ status: 'active' }])
  expect(await ann.owes()).toBe(4900)
  await world.isBalanced()
})
