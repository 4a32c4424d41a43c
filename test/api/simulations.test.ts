import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { monthly, newWorld, type World, yearly } from '../support/world.ts'

const START = '2026-01-31T10:00:00Z'
const UNTIL = '2026-07-31T10:00:00Z'

async function selling(): Promise<World> {
  const world = await newWorld(START)
  body(await world.client.post('/v1/metrics', { code: 'api_calls', name: 'Calls', aggregation: 'sum' }))
  await world.plan('starter', { prices: [monthly('USD', '4900'), yearly('USD', '49000')] })
  await world.plan('team', { prices: [monthly('USD', '9900')] })
  const charges = [{ metric: 'api_calls', currency: 'USD', model: 'standard', unit_amount: '0.5' }]
  await world.plan('metered', { prices: [monthly('USD', '1000')], charges })
  return world
}

const simulates = async ({ client }: World, about: Json) =>
  body(await storesNothing(() => client.post('/v1/simulations', { until: UNTIL, ...about })))

/** All but what only the real one can have. */
const derived = ({ subtotal, total, status, period, reason, lines }: Json) => ({
  ...{ subtotal, total, status, period, reason },
  lines: lines.map(({ id, subscription, credits_line, ...line }: Json) => line),
})
const totals = ({ invoices }: Json) => invoices.map(({ total }: Json) => total)

describe('FR-055 a simulation', () => {
  test('equals what then happens, commands and all', async () => {
    const world = await selling()
    const jane = await world.account({ timezone: 'Europe/Berlin' })
    const { id } = await jane.subscribes('starter', { interval: 'month' })
    const change = { plan: 'team', quantity: 2, invoice: 'end_of_day' }
    const commands = [
      { at: '2026-03-10T09:00:00Z', command: 'change', ...change },
      { at: '2026-05-02T09:00:00Z', command: 'cancel', when: 'period_end' },
    ]
    const { scenarios } = await simulates(world, {
      ...{ account: jane.id, subscription: id, scenarios: [{ name: 'grows', commands }] },
    })
    const [promised] = scenarios
    await world.until('2026-03-10T09:00:00Z')
    body(await world.client.post(`/v1/subscriptions/${id}/change`, change))
    await world.until('2026-05-02T09:00:00Z')
    body(await world.client.post(`/v1/subscriptions/${id}/cancel`, { when: 'period_end' }))
    await world.until(UNTIL)
    const real = (await jane.invoices()).slice(1)
    expect(promised.invoices.map(derived)).toEqual(real.map(derived))
    expect(promised.subscription).toMatchObject({ id, status: 'cancelled', ended_at: '2026-05-31T09:00:00Z' })
    expect(promised.totals).toEqual([
      { currency: 'USD', invoiced: real.reduce((sum, { total }) => sum + total, 0), tax: 0, credits: 0, drafted: 0 },
    ])
  })

  test('compares scenarios of one that is imagined, with what it uses', async () => {
    const world = await selling()
    const jane = await world.account({ timezone: 'UTC' })
    const usage = [
      { at: '2026-02-10T00:00:00Z', metric: 'api_calls', quantity: '1000' },
      { at: '2026-03-05T00:00:00Z', metric: 'api_calls', quantity: '3' },
    ]
    const { scenarios, actual } = await simulates(world, {
      account: jane.id,
      new_subscription: { plan: 'metered' },
      until: '2026-03-31T10:00:00Z',
      scenarios: [
        { name: 'unused' },
        { name: 'used', usage },
        { name: 'team', instead: { plan: 'team', quantity: 2 } },
        { name: 'unpaid', payments: 'fail' },
      ],
    })
    expect(scenarios.map(totals)).toEqual([
      [1000, 1000, 1000],
      [1000, 1500, 1002],
      [19800, 19800, 19800],
      // Who never pays is blocked after 10 days, and cancelled 30 days later.
      [1000, 1000],
    ])
    expect(scenarios[3].invoices.map(({ status }: Json) => status)).toEqual(['open', 'open'])
    expect(scenarios[3].subscription).toMatchObject({ status: 'cancelled', ended_at: '2026-03-12T10:00:00Z' })
    expect(scenarios.map(({ name }: Json) => name)).toEqual(['unused', 'used', 'team', 'unpaid'])
    expect(actual).toBeNull()
  })

  test('of another plan in the past stands beside what was really invoiced', async () => {
    const world = await selling()
    const jane = await world.account({ timezone: 'UTC' })
    const { id } = await jane.subscribes('starter', { interval: 'month', quantity: 3 })
    await world.until('2026-04-15T00:00:00Z')
    const { scenarios, actual } = await simulates(world, {
      ...{ account: jane.id, subscription: id, from: START, until: '2026-04-15T00:00:00Z' },
      scenarios: [
        { name: 'team', instead: { plan: 'team' } },
        { name: 'by the year', instead: { plan: 'starter', interval: 'year' } },
      ],
    })
    expect(scenarios.map(totals)).toEqual([[29700, 29700, 29700], [147000]])
    expect(actual.invoices.map(({ id }: Json) => id)).toEqual((await jane.invoices()).map(({ id }) => id))
    expect(actual.totals).toMatchObject([{ invoiced: 44100 }])
  })

  test('of a whole account goes on with all that it has', async () => {
    const world = await selling()
    const jane = await world.account({ timezone: 'UTC' })
    await jane.subscribes('starter', { interval: 'month' })
    await jane.subscribes('team')
    const { scenarios } = await simulates(world, { account: jane.id, scenarios: [{ name: 'as it is' }] })
    expect(scenarios[0].invoices).toHaveLength(12)
    expect(scenarios[0]).toMatchObject({ subscription: null, rejections: [] })
  })

  test('tells which command was refused, and goes on', async () => {
    const world = await selling()
    const jane = await world.account()
    const at = '2026-02-10T00:00:00Z'
    const { scenarios } = await simulates(world, {
      ...{ account: jane.id, new_subscription: { plan: 'team' }, until: '2026-02-28T10:00:00Z' },
      scenarios: [{ name: 'resumes', commands: [{ at, command: 'resume' }] }],
    })
    const rejection = { at, code: 'command_not_possible', hint: expect.stringMatching(/cancel/) }
    expect(scenarios[0].rejections).toMatchObject([rejection])
    expect(totals(scenarios[0])).toEqual([9900, 9900])
  })
})

describe('a simulation is refused', () => {
  const scenarios = [{ name: 'one' }]
  const at = '2026-03-01T00:00:00Z'

  test.each<[string, Json, number, string, string | null]>([
    ['beyond ten years', { until: '2040-01-01T00:00:00Z', scenarios }, 422, 'limit_reached', '/until'],
    ['that ends before it begins', { until: START, scenarios }, 422, 'invalid_request', '/until'],
    ['without a scenario', { scenarios: [] }, 422, 'invalid_request', '/scenarios'],
    ['of 21 scenarios', { scenarios: Array(21).fill(scenarios[0]) }, 422, 'invalid_request', '/scenarios'],
    [
      'with commands on nobody',
      { scenarios: [{ name: 'one', commands: [{ at, command: 'pause' }] }] },
      ...([422, 'invalid_request', '/scenarios/0/commands'] as const),
    ],
    [
      'with a command out of time',
      {
        new_subscription: { plan: 'team' },
        scenarios: [{ name: 'one', commands: [{ at: '2030-01-01T00:00:00Z', command: 'pause' }] }],
      },
      ...([422, 'invalid_request', '/scenarios/0/commands/0/at'] as const),
    ],
    [
      'with a command that is none',
      { new_subscription: { plan: 'team' }, scenarios: [{ name: 'one', commands: [{ at, command: 'explode' }] }] },
      ...([422, 'invalid_request', '/scenarios/0/commands/0/command'] as const),
    ],
    [
      'with usage of a metric that is not there',
      { scenarios: [{ name: 'one', usage: [{ at, metric: 'gone' }] }] },
      ...([404, 'not_found', '/scenarios/0/usage/0/metric'] as const),
    ],
    [
      'of a subscription that is not there',
      { subscription: 'sub_01h455vb4pex5vsknk084sn02q', scenarios },
      404,
      'not_found',
      null,
    ],
  ])('%s', async (_, about, status, code, pointer) => {
    const world = await selling()
    const jane = await world.account()
    const reply = await world.client.post('/v1/simulations', { account: jane.id, until: UNTIL, ...about })
    expectProblem(reply, status, code, pointer === null ? {} : pointsAt(pointer))
  })

  test('for another organization’s account', async () => {
    const jane = await (await selling()).account()
    const { client } = await newWorld(START)
    expectProblem(await client.post('/v1/simulations', { account: jane.id, until: UNTIL, scenarios }), 404, 'not_found')
  })
})
