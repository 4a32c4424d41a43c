import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scriptedUsage } from '../../../src/billing/domain/scripted-usage.ts'
import { DAY_MS, plusMs } from '../../../src/kernel/instant.ts'
import type { Charge } from '../../../src/plans/domain/charge.ts'
import { type Aggregation, aggregations, type Metric } from '../../../src/plans/domain/metric.ts'
import type { PlanVersion } from '../../../src/plans/domain/plan.ts'
import { agreementOf } from '../../../src/subscriptions/domain/agreement.ts'
import type { Facts } from '../../../src/subscriptions/domain/begin-and-end.ts'
import { lineAmount } from '../../../src/subscriptions/domain/billable.ts'
import { changeStep } from '../../../src/subscriptions/domain/change.ts'
import { pauseStep, resumeStep } from '../../../src/subscriptions/domain/pause.ts'
import { runningUsage } from '../../../src/subscriptions/domain/running-usage.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import { noUsage, type UsageOf } from '../../../src/subscriptions/domain/usage-billable.ts'
import { at, givenEnded, id } from '../../support/given.ts'
import { givenCharge, percentage, tier } from '../../support/given-charges.ts'
import { inStatus, lived, steps, usedOn, versionsOf } from './life.ts'
import { april, factsOf, metered, perCall, standard, year } from './metered.ts'

const calls = new Map([['api_calls', { aggregation: 'sum' as Aggregation }]])

function running(subscription: Subscription, when: string, usageOf: UsageOf, ...versions: readonly PlanVersion[]) {
  return runningUsage(subscription, at(when), { versions: versionsOf(...versions), metrics: calls, usageOf })
}

/** `metric quantity cost`, and the metering period's days. */
function told({ charges }: ReturnType<typeof runningUsage>): readonly string[] {
  return charges.map(({ charge, quantity, lines, period }) => {
    const cost = lines.reduce((sum, line) => sum + lineAmount(line), 0n)
    const [start, end] = [period.start, period.end].map((instant) => new Date(instant).toISOString().slice(5, 10))
    return `${charge.metric} ${quantity} for ${cost}, ${start} to ${end}`
  })
}

describe('FR-074 usage and cost so far', () => {
  const used = usedOn({ '2026-03-31': 50, '2026-04-05': 3, '2026-04-20': 4, '2026-05-01': 100 })
  const version = metered([perCall])
  const active = lived(april(), '2026-04-01', factsOf(used, version))

  test('are of the metering period that runs, whatever is dated a little ahead', () => {
    expect(told(running(active, '2026-04-19', used, version))).toEqual(['api_calls 7 for 14, 04-01 to 05-01'])
    const yearly = lived(april({ interval: year }), '2026-05-15', factsOf(used, version))
    expect(told(running(yearly, '2026-05-15', used, version))).toEqual(['api_calls 100 for 200, 05-01 to 06-01'])
  })

  test('are told of a charge that was not used, and of no other currency', () => {
    const quiet = metered([perCall, givenCharge({ metric: 'emails' }), givenCharge({ currency: 'EUR' as never })])
    expect(told(running(active, '2026-04-19', usedOn({ '2026-04-05': 3 }, 'api_calls'), quiet))).toEqual([
      'api_calls 3 for 6, 04-01 to 05-01',
      'emails 0 for 0, 04-01 to 05-01',
    ])
  })

  test('FR-077 are told charge by charge, also of add-ons that share a metric with the plan', () => {
    const addOn = { ...metered([givenCharge({ model: standard('5') })], {}, 60), planId: id('plan', 50) }
    const item = { planId: addOn.planId, planVersionId: addOn.id, quantity: 1, unitAmount: null }
    const sold = lived(april({ addOns: [item] }), '2026-04-01', factsOf(used, version, addOn))
    expect(told(running(sold, '2026-04-19', used, version, addOn))).toEqual([
      'api_calls 7 for 14, 04-01 to 05-01',
      'api_calls 7 for 35, 04-01 to 05-01',
    ])
  })

  test('cost nothing in a trial, nor what was billed elsewhere', () => {
    const trial = lived(april({ trialEndsAt: at('2026-04-15') }), '2026-04-10', factsOf(used, version))
    expect(running(trial, '2026-04-10', used, version).free).toBe('trial')
    expect(told(running(trial, '2026-04-10', used, version))).toEqual(['api_calls 3 for 0, 04-01 to 04-15'])
    const elsewhere = lived(april({ billFrom: at('2026-05-20') }), '2026-04-01', factsOf(used, version))
    expect(running(elsewhere, '2026-04-10', used, version).free).toBe('bill_from')
    expect(told(running(elsewhere, '2026-04-10', used, version))).toEqual(['api_calls 107 for 0, 04-01 to 06-01'])
  })

  test('are nothing before a start and after an end', () => {
    for (const subscription of [april(), givenEnded()])
      expect(running(subscription, '2026-04-10', used, version)).toEqual({ free: null, charges: [] })
  })

  test('stand still in a pause, and go on in the same metering period', () => {
    const facts = factsOf(used, version)
    const paused = pauseStep(
      inStatus(active, 'active'),
      { at: at('2026-04-10'), resumesAt: null, granularity: 'day' },
      facts,
    )
    expect(told(running(paused.subscription, '2026-04-18', used, version))).toEqual([
      'api_calls 7 for 14, 04-01 to 05-01',
    ])
    const resumed = resumeStep(inStatus(paused.subscription, 'paused'), at('2026-04-14'), 'day', facts)
    expect(told(running(resumed.subscription, '2026-04-19', used, version))).toEqual([
      'api_calls 107 for 214, 04-01 to 05-05',
    ])
  })
})

test('FR-075 a price that changed in the middle has a line for each, and what was given up is told while it costs', () => {
  const [f, g] = [metered([perCall]), metered([givenCharge({ metric: 'emails' })], {}, 60)]
  const used = usedOn({ '2026-04-05': 3, '2026-04-16': 4 }, 'api_calls')
  const facts = factsOf(used, f, g)
  const active = inStatus(lived(april(), '2026-04-01', facts), 'active')
  const terms = { at: at('2026-04-16'), granularity: 'day', invoicing: 'now', credit: 'balance' } as const
  const { subscription } = changeStep(active, { ...agreementOf(active), planVersionId: g.id }, terms, facts)
  const so = running(subscription, '2026-04-16', used, f, g)
  expect(so.charges.map(({ charge, lines }) => [charge.metric, lines.map((line) => line.quantity)])).toEqual([
    ['api_calls', ['3']],
    ['emails', []],
  ])
  const nothing = running(subscription, '2026-04-16', noUsage, f, g)
  expect(nothing.charges.map(({ charge }) => charge.metric)).toEqual(['emails'])
})

test('what priced an ended metering period prices no other', () => {
  const quarter = { unit: 'quarter', count: 1 } as const
  const charges = (cost: string) => [
    perCall,
    givenCharge({ metric: 'emails', interval: quarter, model: standard(cost) }),
  ]
  const [f, g] = [metered(charges('10')), metered(charges('1'), {}, 60)]
  const used = usedOn({ '2026-04-05': 3, '2026-05-05': 4 })
  const facts = factsOf(used, f, g)
  const active = inStatus(lived(april({ interval: year }), '2026-04-01', facts), 'active')
  const terms = { at: at('2026-04-16'), granularity: 'day', invoicing: 'now', credit: 'balance' } as const
  const { subscription } = changeStep(active, { ...agreementOf(active), planVersionId: g.id }, terms, facts)
  const may = running(lived(subscription, '2026-05-10', facts), '2026-05-10', used, f, g)
  expect(told(may)).toEqual(['api_calls 4 for 8, 05-01 to 06-01', 'emails 7 for 34, 04-01 to 07-01'])
  expect(may.charges.map(({ lines }) => lines.map(({ period }) => period.start))).toEqual([
    [at('2026-05-01')],
    [at('2026-04-01'), at('2026-04-16')],
  ])
})

describe('a level', () => {
  const metric = { code: 'api_calls', aggregation: 'weighted_sum', field: 'quantity' } as Metric
  const metrics = new Map([['api_calls', metric]])
  const one = { metric: 'api_calls', quantity: '10', properties: {}, at: at('2026-04-16') }
  const usageOf = scriptedUsage([one], metrics, noUsage)
  const version = metered([perCall])
  const facts = factsOf(usageOf, version)
  const active = inStatus(lived(april(), '2026-04-01', facts), 'active')
  const quantities = (subscription: Subscription, when: string) =>
    runningUsage(subscription, at(when), { versions: facts.versions, metrics, usageOf }).charges.map(
      ({ quantity, quantityAtEnd }) => [quantity, quantityAtEnd],
    )

  test('costs for as long as it was held, and a cap counts it as if it stayed', () => {
    expect(quantities(active, '2026-04-19')).toEqual([['1', '5']])
    expect(quantities(active, '2026-04-10')).toEqual([['0', '5']])
  })

  test('was not held for longer than its metering period, however late that is billed', () => {
    expect(quantities(active, '2026-05-07')).toEqual([['5', '5']])
  })

  test('is not held in a pause', () => {
    const pause = { at: at('2026-04-19'), resumesAt: null, granularity: 'day' } as const
    expect(quantities(pauseStep(active, pause, facts).subscription, '2026-04-25')).toEqual([['1', '5']])
  })
})

test('a metering period that a pause has moved ends as much later, also within a longer billing period', () => {
  const used = usedOn({ '2026-04-05': 3 })
  const facts = factsOf(used, metered([perCall]))
  const active = inStatus(lived(april({ interval: year }), '2026-04-01', facts), 'active')
  const pause = { at: at('2026-04-10'), resumesAt: null, granularity: 'day' } as const
  const { subscription } = pauseStep(active, pause, facts)
  const resumed = resumeStep(inStatus(subscription, 'paused'), at('2026-04-20'), 'day', facts)
  const moved = ['api_calls 3 for 6, 04-01 to 05-11']
  expect(told(running(resumed.subscription, '2026-04-25', used, metered([perCall])))).toEqual(moved)
  const again = pauseStep(inStatus(resumed.subscription, 'active'), { ...pause, at: at('2026-04-25') }, facts)
  expect(told(running(again.subscription, '2026-04-28', used, metered([perCall])))).toEqual(moved)
})

const model = fc.constantFrom<Charge['model']>(
  standard('0.7'),
  { type: 'graduated', tiers: [tier('3', '10', '100'), tier(null, '0.3', '5')] },
  { type: 'volume', tiers: [tier('5', '10'), tier(null, '3.3')] },
  { type: 'package', packageSize: '4', unitAmount: '99', freeUnits: '2' },
  percentage({ rate: '2.5', fixedAmount: '3', freeEvents: 1, perEventMax: '50' }),
)
const history = fc.record({
  models: fc.tuple(model, model),
  aggregation: fc.constantFrom(...aggregations),
  changesOn: fc.option(fc.nat(29)),
  used: fc.array(
    fc.record({ day: fc.nat(29), quantity: fc.integer({ min: 1, max: 5000 }), region: fc.constantFrom('eu', 'us') }),
    { maxLength: 20 },
  ),
})

test('FR-074 FR-076 the cost so far at the end of a metering period is what its invoice says, line by line and tier by tier', () => {
  fc.assert(
    fc.property(history, ({ models, aggregation: any, changesOn, used }) => {
      const aggregation = models.some(({ type }) => type === 'percentage') ? 'sum' : any
      const charges = (one: Charge['model']) => [
        givenCharge({ model: one }),
        givenCharge({ model: one, filters: { region: 'eu' } }),
      ]
      const [f, g] = [metered(charges(models[0])), metered(charges(models[1]), {}, 60)]
      const metric = { code: 'api_calls', aggregation, field: 'quantity' } as Metric
      const script = used.map(({ day, quantity, region }) => ({
        ...{ metric: 'api_calls', quantity: (quantity / 10).toFixed(1), properties: { region } },
        at: plusMs(at('2026-04-01'), day * DAY_MS),
      }))
      const usageOf = scriptedUsage(script, new Map([['api_calls', metric]]), noUsage)
      const facts: Facts = factsOf(usageOf, f, g)
      let active = inStatus(lived(april(), '2026-04-01', facts), 'active')
      if (changesOn !== null) {
        const when = plusMs(at('2026-04-01'), changesOn * DAY_MS)
        const terms = { at: when, granularity: 'day', invoicing: 'now', credit: 'balance' } as const
        const step = changeStep(active, { ...agreementOf(active), planVersionId: g.id }, terms, facts)
        active = inStatus(step.subscription, 'active')
      }
      const facing = { versions: facts.versions, metrics: new Map([['api_calls', metric]]), usageOf }
      const soFar = runningUsage(active, at('2026-05-01'), facing).charges.flatMap(({ lines }) => lines)
      const billed = steps(active, at('2026-05-01'), facts).flatMap(({ billables }) => billables)
      const invoiced = billed.filter(({ kind }) => kind === 'usage')
      expect(new Map(soFar.map((line) => [line.key, line]))).toEqual(new Map(invoiced.map((line) => [line.key, line])))
    }),
    { numRuns: 300 },
  )
})
