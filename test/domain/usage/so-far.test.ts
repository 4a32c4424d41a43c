import { expect, test } from 'vitest'
import { scriptedUsage } from '../../../src/billing/domain/scripted-usage.ts'
import type { Period } from '../../../src/kernel/period.ts'
import type { Charge } from '../../../src/plans/domain/charge.ts'
import type { Metric } from '../../../src/plans/domain/metric.ts'
import { noUsage } from '../../../src/subscriptions/domain/usage-billable.ts'
import { askedBy, type SoFarFacts, soFar } from '../../../src/usage/domain/so-far.ts'
import { at, givenActive, id } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { lived, versionsOf } from '../subscriptions/life.ts'
import { april, factsOf, metered, perCall, standard } from '../subscriptions/metered.ts'

const metrics = new Map(
  (['api_calls', 'emails', 'level'] as const).map((code) => [
    code as string,
    { code, aggregation: code === 'level' ? 'weighted_sum' : 'sum', field: 'quantity' } as Metric,
  ]),
)
const script = [
  { metric: 'api_calls', at: at('2026-04-05'), quantity: '7', properties: {} },
  { metric: 'emails', at: at('2026-04-06'), quantity: '3', properties: {} },
  { metric: 'level', at: at('2026-04-16'), quantity: '10', properties: {} },
]

function told(charges: readonly Charge[], about: Partial<SoFarFacts> = {}, wanted: Partial<Wanted> = {}) {
  const version = metered(charges)
  const active = lived(april(), '2026-04-01', factsOf(noUsage, version))
  const facts = {
    versions: versionsOf(version),
    metrics,
    used: [],
    usageOf: scriptedUsage(script, metrics, noUsage),
    ...about,
  }
  return soFar(active, at('2026-04-19'), { metric: null, window: null, ...wanted }, facts)
}
type Wanted = { readonly metric: string | null; readonly window: Period | null }

test('FR-077 what all charges cost, each by itself', () => {
  const { charges, cost } = told([perCall, givenCharge({ metric: 'emails', model: standard('0.5') })])
  expect([charges.map((charge) => charge.cost), cost]).toEqual([[14n, 2n], 16n])
})

test.each([
  ['10', '3'],
  ['7', '0'],
  ['6.5', '0'],
])('FR-080 of a limit of %s remain %s', (limit, remaining) => {
  const [charge] = told([givenCharge({ cap: { limit, over: 'reject' } })]).charges
  expect(charge?.cap).toEqual({ limit, over: 'reject', used: '7', remaining, resetsAt: at('2026-05-01') })
})

test('metrics are those that are charged for, and those that were used, each once', () => {
  const used = ['emails', 'api_calls', 'gone']
  const { metrics: all } = told([perCall], { used })
  expect(all.map(({ metric, quantity }) => [metric.code, quantity])).toEqual([
    ['api_calls', '7'],
    ['emails', '3'],
  ])
  expect(all[0]?.period).toEqual({ start: at('2026-04-01'), end: at('2026-05-01') })
})

test('by one metric only what is about it, though it was not used', () => {
  const one = told([perCall, givenCharge({ metric: 'emails' })], { used: ['emails'] }, { metric: 'level' })
  // Held since the 16th, so for three of thirty days until now.
  expect([one.cost, one.charges, one.metrics.map(({ quantity }) => quantity)]).toEqual([0n, [], ['1']])
  const calls = told([perCall, givenCharge({ metric: 'emails' })], {}, { metric: 'api_calls' })
  expect([calls.cost, calls.metrics.length]).toEqual([14n, 1])
})

test('a window is about metrics, and changes nothing of what charges cost', () => {
  const window = { start: at('2026-04-06'), end: at('2026-04-07') }
  const { cost, metrics: within } = told([perCall], { used: ['emails'] }, { window })
  expect([cost, within.map(({ quantity, period }) => [quantity, period])]).toEqual([
    14n,
    [
      ['0', window],
      ['3', window],
    ],
  ])
})

test('a level of a time to come was held for none of it', () => {
  const window = { start: at('2026-04-20'), end: at('2026-04-30') }
  const { metrics: within } = told([perCall], { used: ['level'] }, { window, metric: 'level' })
  expect(within.map(({ quantity }) => quantity)).toEqual(['0'])
})

test('what is asked is told without an answer', () => {
  const subscription = givenActive()
  const asked = { subscriptionId: id('subscription', 7), metric: 'emails', filters: {}, perEvent: false, final: false }
  const { period } = subscription
  const facts = { versions: versionsOf(metered([])), metrics, used: ['emails'] }
  const question = (usageOf: SoFarFacts['usageOf']) =>
    soFar(subscription, at('2026-02-01'), { metric: null, window: null }, { ...facts, usageOf })
  expect(askedBy(question)).toEqual([{ ...asked, period, of: period }])
})
