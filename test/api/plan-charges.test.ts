import { expect, test } from 'vitest'
import { body, type Client, type Json, organization } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { monthly, yearly } from '../support/world.ts'

const metered = { metric: 'api_calls', currency: 'USD' }
const shown = { interval: null, interval_count: 1, filters: {}, minimum: null, cap: null }
const tiers = [
  { up_to: '1000', unit_amount: '0', flat_amount: '0' },
  { up_to: '10000', unit_amount: '1', flat_amount: '0' },
  { up_to: null, unit_amount: '0.5', flat_amount: '25' },
]
const graduated = { ...metered, model: 'graduated', tiers }
const percentage = { ...metered, model: 'percentage', rate: '2.5' }

/** An organization that measures calls, transfers and seats. */
async function measuring(): Promise<Client> {
  const client = await organization()
  for (const [code, aggregation] of [
    ['api_calls', 'sum'],
    ['transfers', 'count'],
    ['seats', 'max'],
  ]) {
    body(await client.post('/v1/metrics', { code, name: code, aggregation }))
  }
  return client
}

function planOf(about: Json): Json {
  return { code: 'pro', name: 'Pro', prices: [monthly('USD', '9900')], ...about }
}

test.each([
  ['a fixed amount', { prices: [monthly('USD', '9900')], charges: [] }],
  ['usage', { prices: [], charges: [graduated] }],
  ['a fixed amount and usage', { prices: [monthly('USD', '9900'), yearly('USD', '99000')], charges: [graduated] }],
])('FR-019 a plan charges %s', async (_, { prices, charges }) => {
  const client = await measuring()
  const plan = body(await client.post('/v1/plans', { code: 'pro', name: 'Pro', prices, charges }))
  expect(plan.prices).toEqual(prices.map((price) => ({ ...price, interval_count: 1 })))
  expect(plan.charges).toEqual(charges.map((charge) => ({ ...shown, ...charge })))
  expect(body(await client.get('/v1/plans/pro'))).toEqual(plan)
  expect(body(await client.get('/v1/plans')).data).toEqual([plan])
})

test('FR-019 a plan without prices may leave them out, but something must be charged', async () => {
  const client = await measuring()
  expect(body(await client.post('/v1/plans', { code: 'usage', name: 'Usage', charges: [percentage] })).prices).toEqual(
    [],
  )
  const refused = await storesNothing(() => client.post('/v1/plans', { code: 'pro', name: 'Pro' }))
  expectProblem(refused, 422, 'invalid_request')
  expect(refused.body.errors.map(({ pointer }: Json) => pointer)).toEqual(['/prices'])
})

test.each([
  ['graduated', { tiers }, {}],
  ['volume', { tiers }, {}],
  ['standard', { unit_amount: '0.5' }, {}],
  ['package', { package_size: '100', unit_amount: '500' }, { free_units: '0' }],
  ['percentage', { rate: '2.5', per_event_min: '50' }, { fixed_amount: '0', free_events: 0, per_event_max: null }],
])('FR-020 usage is priced by %s', async (model, given, defaults) => {
  const client = await measuring()
  const charge = {
    ...{ ...metered, model, ...given, interval: 'month', filters: { region: 'eu' }, minimum: '5000' },
    cap: { limit: '1000000', over: 'reject' },
  }
  const { charges } = body(await client.post('/v1/plans', planOf({ charges: [charge] })))
  expect(charges).toEqual([{ ...shown, ...charge, ...defaults }])
  expect(body(await client.get('/v1/plans/pro')).charges).toEqual(charges)
})

test('FR-020 a tier is free and flatless unless said otherwise', async () => {
  const client = await measuring()
  const bounds = { ...metered, model: 'graduated', tiers: [{ up_to: '5' }, { up_to: null, unit_amount: '3' }] }
  const { charges } = body(await client.post('/v1/plans', planOf({ charges: [bounds] })))
  expect(charges[0].tiers).toEqual([
    { up_to: '5', unit_amount: '0', flat_amount: '0' },
    { up_to: null, unit_amount: '3', flat_amount: '0' },
  ])
})

test('FR-020 a volume price whose total falls as more is used is sold with a warning', async () => {
  const client = await measuring()
  const falling = [
    { up_to: '1000', unit_amount: '10' },
    { up_to: null, unit_amount: '5' },
  ]
  const charges = [{ ...metered, model: 'volume', tiers: falling }]
  const created = body(await client.post('/v1/plans', planOf({ charges })))
  const [warning, ...others] = created.warnings
  expect(others).toEqual([])
  expect(warning.pointer).toBe('/charges/0/tiers/1')
  expect(warning.detail).toContain('falls from 10000 to 5000 (minor units of USD) where the quantity passes 1000')
  expect(body(await client.get('/v1/plans/pro')).warnings).toEqual([warning])
  const cured = await client.patch('/v1/plans/pro', { charges: [{ ...graduated, tiers: falling }] })
  expect(body(cured).warnings).toEqual([])
})

test('FR-022 a change of charges or of the minimum makes a version; the versions show both', async () => {
  const client = await measuring()
  body(await client.post('/v1/plans', planOf({ charges: [graduated] })))
  const patch = async (about: Json) => body(await client.patch('/v1/plans/pro', about))
  const respelled = { ...graduated, tiers: [tiers[0], { up_to: '10000.0', unit_amount: '1.00' }, tiers[2]] }
  expect((await patch({ charges: [respelled] })).version).toBe(1)
  expect(await patch({ charges: [percentage] })).toMatchObject({ version: 2, charges: [percentage] })
  const minimum = [{ currency: 'USD', amount: '50000' }]
  expect(await patch({ minimum })).toMatchObject({ version: 3, minimum, charges: [percentage] })
  expect(await patch({ prices: [monthly('USD', '1')] })).toMatchObject({ version: 4, minimum, charges: [percentage] })
  expect(await patch({ minimum: null, charges: [] })).toMatchObject({ version: 5, minimum: null, charges: [] })
  const versions = body(await client.get('/v1/plans/pro/versions')).data
  expect(versions.map((version: Json) => [version.number, version.minimum, version.charges[0]?.model])).toEqual([
    [5, null, undefined],
    [4, minimum, 'percentage'],
    [3, minimum, 'percentage'],
    [2, null, 'percentage'],
    [1, null, 'graduated'],
  ])
})

test('a plan is an add-on from the start or never', async () => {
  const client = await organization()
  expect(body(await client.post('/v1/plans', planOf({}))).kind).toBe('plan')
  expect(body(await client.post('/v1/plans', planOf({ code: 'support', kind: 'add_on' }))).kind).toBe('add_on')
  const refused = await storesNothing(() => client.patch('/v1/plans/support', { kind: 'plan' }))
  expectProblem(refused, 422, 'invalid_request')
  expect(body(await client.get('/v1/plans/support')).kind).toBe('add_on')
})

const refusals: readonly [name: string, about: Json, pointer: string, detail: RegExp][] = [
  [
    'an unknown metric',
    { charges: [{ ...graduated, metric: 'calls' }] },
    '/charges/0/metric',
    /no metric calls.*POST \/v1\/metrics/,
  ],
  [
    'a percentage of a maximum',
    { charges: [{ ...percentage, metric: 'seats' }] },
    '/charges/0/model',
    /is the max of them/,
  ],
  [
    'an unknown model',
    { charges: [{ ...graduated, model: 'stairs' }] },
    '/charges/0/model',
    /one of standard, graduated/,
  ],
  ['no model', { charges: [metered] }, '/charges/0/model', /is required/],
  ['a member of another model', { charges: [{ ...percentage, tiers }] }, '/charges/0/tiers', /not a known member/],
  ['no tiers', { charges: [{ ...graduated, tiers: [] }] }, '/charges/0/tiers', /at least one tier/],
  [
    'overlapping tiers',
    { charges: [{ ...graduated, tiers: [tiers[1], ...tiers] }] },
    '/charges/0/tiers/1/up_to',
    /not above 10000.*rising/,
  ],
  [
    'an open tier before the last',
    { charges: [{ ...graduated, tiers: [tiers[2], tiers[2]] }] },
    '/charges/0/tiers/0/up_to',
    /never reached/,
  ],
  [
    'a closed last tier',
    { charges: [{ ...graduated, tiers: tiers.slice(0, 2) }] },
    '/charges/0/tiers/1/up_to',
    /beyond 10000 without a price.*null/,
  ],
  [
    'a negative price',
    { charges: [{ ...metered, model: 'standard', unit_amount: '-1' }] },
    '/charges/0/unit_amount',
    /not be negative/,
  ],
  [
    'a price that is a number',
    { charges: [{ ...metered, model: 'standard', unit_amount: 1 }] },
    '/charges/0/unit_amount',
    /decimal string/,
  ],
  [
    'an empty package',
    { charges: [{ ...metered, model: 'package', package_size: '0', unit_amount: '1' }] },
    '/charges/0/package_size',
    /is nothing/,
  ],
  [
    'a package that is no number',
    { charges: [{ ...metered, model: 'package', package_size: 'ten', unit_amount: '1' }] },
    '/charges/0/package_size',
    /decimal string/,
  ],
  ['a rate that is no number', { charges: [{ ...percentage, rate: 'half' }] }, '/charges/0/rate', /decimal string/],
  [
    'a bound that is no number',
    { charges: [{ ...graduated, tiers: [{ up_to: 'all' }, tiers[2]] }] },
    '/charges/0/tiers/0/up_to',
    /decimal string/,
  ],
  ['a rate beyond the whole', { charges: [{ ...percentage, rate: '101' }] }, '/charges/0/rate', /0 to 100/],
  [
    'a minimum above the maximum',
    { charges: [{ ...percentage, per_event_min: '2', per_event_max: '1' }] },
    '/charges/0/per_event_min',
    /more than the maximum, 1/,
  ],
  ['the same charge twice', { charges: [graduated, { ...percentage, filters: {} }] }, '/charges/1', /repeats charge 0/],
  [
    'usage by weeks in months',
    { charges: [{ ...graduated, interval: 'week' }] },
    '/charges/0/interval',
    /usage per week does not divide a price per month/,
  ],
  [
    'a count of no interval',
    { charges: [{ ...graduated, interval_count: 2 }] },
    '/charges/0/interval_count',
    /give interval too/,
  ],
  [
    'a charge in a currency without a price',
    { charges: [{ ...graduated, currency: 'EUR' }] },
    '/charges/0/currency',
    /no price in EUR/,
  ],
  [
    'a minimum in a currency without a price',
    { minimum: [{ currency: 'EUR', amount: '1' }] },
    '/minimum/0/currency',
    /not sold in EUR/,
  ],
  ['an unknown cap', { charges: [{ ...graduated, cap: { limit: '1', over: 'warn' } }] }, '/charges/0/cap/over', /./],
  ['an unknown kind', { kind: 'bundle' }, '/kind', /./],
]

test('FR-024 a catalogue refuses each fault by its pointer, and writes nothing', async () => {
  const client = await measuring()
  await storesNothing(async () => {
    for (const [name, about, pointer, detail] of refusals) {
      const reply = await client.post('/v1/plans', planOf(about))
      expectProblem(reply, 422, 'invalid_request')
      expect(reply.body.errors, name).toEqual([{ pointer, detail: expect.stringMatching(detail) }])
    }
  })
})

test('FR-024 the faults of charges are named together, each once, with those of the rest', async () => {
  const client = await measuring()
  const charges = [
    { ...graduated, tiers: tiers.slice(0, 2) },
    { ...percentage, rate: '101', per_event_min: '2', per_event_max: '1' },
    { ...metered, model: 'standard', unit_amount: 'free' },
  ]
  const refused = await storesNothing(() => client.post('/v1/plans', planOf({ name: '', charges })))
  expect(refused.body.errors.map(({ pointer }: Json) => pointer).sort()).toEqual([
    ...['/charges/0/tiers/1/up_to', '/charges/1/per_event_min', '/charges/1/rate', '/charges/2/unit_amount', '/name'],
  ])
  const unsold = [
    { ...graduated, metric: 'calls', currency: 'EUR' },
    { ...graduated, metric: 'tokens', interval: 'week' },
  ]
  const minimum = [{ currency: 'JPY', amount: '1' }]
  const foreign = await storesNothing(() => client.post('/v1/plans', planOf({ charges: unsold, minimum })))
  expect(foreign.body.errors.map(({ pointer }: Json) => pointer).sort()).toEqual([
    ...['/charges/0/currency', '/charges/0/metric', '/charges/1/interval', '/charges/1/metric', '/minimum/0/currency'],
  ])
})

test('FR-024 a change is checked with what it leaves as it was', async () => {
  const client = await measuring()
  body(await client.post('/v1/plans', planOf({ charges: [{ ...graduated, interval: 'month' }] })))
  const refusedFor = async (patch: Json) => {
    const reply = await storesNothing(() => client.patch('/v1/plans/pro', patch))
    expectProblem(reply, 422, 'invalid_request')
    return reply.body.errors.map(({ pointer }: Json) => pointer)
  }
  expect(await refusedFor({ prices: [{ ...monthly('USD', '1'), interval: 'week' }] })).toEqual(['/charges/0/interval'])
  expect(await refusedFor({ prices: [monthly('EUR', '1')] })).toEqual(['/charges/0/currency'])
  expect(await refusedFor({ prices: [], charges: [] })).toEqual(['/prices'])
  expect(await refusedFor({ charges: [{ ...graduated, metric: 'calls' }] })).toEqual(['/charges/0/metric'])
  expect(body(await client.patch('/v1/plans/pro', { prices: [] })).version).toBe(2)
})

test('a metric of another organization is none', async () => {
  const [client, other] = [await organization(), await measuring()]
  body(await other.post('/v1/plans', planOf({ charges: [graduated] })))
  const refused = await storesNothing(() => client.post('/v1/plans', planOf({ charges: [graduated] })))
  expect(refused.body.errors.map(({ pointer }: Json) => pointer)).toEqual(['/charges/0/metric'])
})
