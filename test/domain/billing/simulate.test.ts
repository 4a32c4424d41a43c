import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forkOf } from '../../../src/billing/domain/fork.ts'
import { scriptedUsage, scriptRefused } from '../../../src/billing/domain/scripted-usage.ts'
import { type Scenario, type Simulated, simulate, totalsOf } from '../../../src/billing/domain/simulate.ts'
import { horizonRefused } from '../../../src/billing/domain/simulation-limits.ts'
import type { Snapshot } from '../../../src/billing/domain/snapshot.ts'
import type { Invoice } from '../../../src/invoices/domain/invoice.ts'
import { DAY_MS, type Instant } from '../../../src/kernel/instant.ts'
import type { Metric } from '../../../src/plans/domain/metric.ts'
import { at, createCommand, givenSettings, id, price } from '../../support/given.ts'
import { givenCharge, tier } from '../../support/given-charges.ts'
import { givenCancel, givenChange, givenOffer, offers, usageOfEvents } from '../../support/given-selling.ts'
import { beginning, following, type History } from './history.ts'
import { invoicesOf, subscribes } from './words.ts'

const START = at('2026-01-31')
const target = id('subscription', 999)

const calls = givenOffer(8, 'calls', [price('1000')], {
  charges: [
    givenCharge({ model: { type: 'graduated', tiers: [tier('1000', '0'), tier('10000', '1'), tier(null, '0.5')] } }),
  ],
})
const apiCalls: Metric = {
  ...{ organizationId: id('organization', 1), id: id('metric', 1), version: 1, code: 'api_calls', name: 'API calls' },
  ...{ aggregation: 'sum', field: 'quantity', decimals: 12, allowNegative: false, metadata: {}, createdAt: START },
}
const metrics = new Map([['api_calls', apiCalls]])

const scenario = (about: Partial<Scenario> = {}): Scenario => ({
  ...{ begins: null, subject: null, commands: [], payments: 'succeed', usageOf: usageOfEvents([]) },
  ...about,
})

const blank = (about: Partial<Snapshot> = {}): Snapshot => ({
  ...beginning().snapshot,
  plans: [...Object.values(offers), calls],
  ...about,
})

function simulated(snapshot: Snapshot, until: string, about: Partial<Scenario> = {}, from = START): Simulated {
  const done = simulate(snapshot, scenario(about), { from, until: at(until) })
  if (!done.ok) throw new Error(done.error.detail)
  return done.value
}

/** What two ways to the same invoice must agree on. */
const facts = ({ period, lines, total, reason, status, issuedAt }: Invoice) => ({
  ...{ period, total, reason, status, issuedAt },
  lines: lines.map(({ billingKey, amount, tax, discount, description, quantity, unitAmount }) => ({
    ...{ billingKey, amount, tax, discount, description, quantity, unitAmount },
  })),
})

const totals = ({ invoices }: Simulated) => invoices.map(({ total }) => total)

describe('FR-055 a simulated life', () => {
  test('is invoiced from its beginning to its horizon, which belongs to it', () => {
    const done = simulated(blank(), '2026-04-30', { begins: subscribes() })
    expect(done.invoices.map(({ issuedAt }) => issuedAt)).toEqual(
      ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30'].map(at),
    )
    expect(done.invoices.every(({ status }) => status === 'paid')).toBe(true)
    expect(done.subject).toMatchObject({ status: 'active', period: { end: at('2026-05-31') } })
    expect(totalsOf(done.invoices)).toEqual([{ currency: 'USD', invoiced: 19600n, tax: 0n, credits: 0n, drafted: 0n }])
    expect(done.refused).toEqual([])
  })

  test('plays commands at their time, of one instant in the order given, after what falls due then', () => {
    const commands = [
      { at: at('2026-03-15T10:00:00Z'), command: givenCancel(target, { when: 'period_end' }) },
      { at: at('2026-02-14T10:00:00Z'), command: givenChange(target, { planCode: 'team' }) },
      { at: at('2026-02-28'), command: givenChange(target, { quantity: 2 }) },
    ]
    const done = simulated(blank(), '2026-07-01', { begins: subscribes(), commands })
    expect(totals(done)).toEqual([4900n, 2500n, 9900n, 9900n])
    expect(done.subject).toMatchObject({ status: 'cancelled', endedAt: at('2026-03-31'), quantity: 2 })
  })

  test('goes on where a command is refused, and says why', () => {
    const commands = [{ at: at('2026-02-10'), command: { type: 'resume_subscription', id: target } as const }]
    const done = simulated(blank(), '2026-02-28', { begins: subscribes(), commands })
    expect(done.refused).toMatchObject([{ at: at('2026-02-10'), rejection: { code: 'command_not_possible' } }])
    expect(totals(done)).toEqual([4900n, 4900n])
  })

  test('whose beginning is refused is empty', () => {
    const done = simulated(blank(), '2026-06-01', { begins: subscribes({ planCode: 'none' }) })
    expect(done).toMatchObject({
      invoices: [],
      subject: null,
      refused: [{ at: START, rejection: { code: 'not_found' } }],
    })
  })

  test('with payments that fail owes what it is invoiced', () => {
    const done = simulated(blank(), '2026-02-28', { begins: subscribes(), payments: 'fail' })
    expect(done.invoices.map(({ status }) => status)).toEqual(['open', 'open'])
  })

  test('a change that is made only if paid is not made where payments fail', () => {
    const commands = [{ at: at('2026-02-14'), command: givenChange(target, { planCode: 'team', onlyIfPaid: true }) }]
    const plan = (payments: Scenario['payments']) =>
      simulated(blank(), '2026-02-20', { begins: subscribes(), commands, payments }).subject?.planId
    expect([plan('succeed'), plan('fail')]).toEqual([offers.team.id, offers.starter.id])
  })

  test('uses what its script says', () => {
    const used = (day: string, quantity: string, region = 'eu') => ({
      ...{ metric: 'api_calls', at: at(day), quantity, properties: { region } },
    })
    const usage = [used('2026-02-05', '9000'), used('2026-02-27T23:59:59Z', '900'), used('2026-02-28', '1001')]
    const usageOf = scriptedUsage(usage, metrics, usageOfEvents([]))
    const done = simulated(blank(), '2026-03-31', { begins: subscribes({ planCode: 'calls' }), usageOf })
    expect(totals(done)).toEqual([1000n, 1000n + 8900n, 1000n + 1n])
  })

  test('weighs what is held by its share of the period, also where the price changes within it', () => {
    const stored: Metric = { ...apiCalls, code: 'gigabytes', aggregation: 'weighted_sum' }
    const holding = (n: number, code: string, unitAmount: string) =>
      givenOffer(n, code, [price('0')], {
        charges: [givenCharge({ metric: 'gigabytes', model: { type: 'standard', unitAmount } })],
      })
    const [old, dear] = [holding(20, 'old', '3100'), holding(21, 'dear', '6200')]
    const usage = [{ metric: 'gigabytes', at: at('2026-01-16'), quantity: '10', properties: {} }]
    const usageOf = scriptedUsage(usage, new Map([['gigabytes', stored]]), usageOfEvents([]))
    const from = at('2026-01-01')
    const lives = (commands: Scenario['commands'] = []) =>
      simulated(
        blank({ plans: [old, dear] }),
        '2026-03-01',
        { begins: subscribes({ planCode: 'old' }), usageOf, commands },
        from,
      )
        .invoices.flatMap(({ lines }) => lines)
        .flatMap(({ kind, amount }) => (kind === 'usage' ? [amount] : []))
    // 16 of January's 31 days, then all of February.
    expect(lives()).toEqual([16000n, 31000n])
    const changes = [{ at: at('2026-01-24'), command: givenChange(target, { planCode: 'dear' }) }]
    expect(lives(changes)).toEqual([8000n, 16000n, 62000n])
  })

  test('is the same each time, to the byte', () => {
    const ask = () => simulated(blank(), '2027-01-31', { begins: subscribes() })
    expect(ask()).toEqual(ask())
  })

  test('leaves the account’s other subscriptions alone', () => {
    const two = [subscribes(), subscribes({ planCode: 'team' })].reduce(
      (history, command) => following(history, command, START),
      beginning(),
    )
    const [one] = two.subscriptions.values()
    const subject = one?.id ?? target
    const snapshot = { ...two.snapshot, ...stored(two) }
    const done = simulated(forkOf(snapshot, subject), '2026-03-31', { subject }, at('2026-02-01'))
    expect(totals(done)).toEqual([4900n, 4900n])
    expect(simulated(snapshot, '2026-03-31', { subject }, at('2026-02-01')).invoices).toHaveLength(4)
    expect(forkOf(snapshot, null)).toMatchObject({ subscriptions: [], invoices: [] })
  })
})

/** All that a history keeps, as a snapshot. */
function stored(history: History) {
  return {
    subscriptions: [...history.subscriptions.values()],
    invoices: [...history.invoices.values()],
    payments: [...history.payments.values()],
    credits: [...history.credits.values()],
    versions: new Map(Object.values(offers).map(({ current }) => [current.id, current])),
  }
}

const deeds = fc.array(
  fc.record({
    day: fc.integer({ min: 0, max: 400 }),
    what: fc.constantFrom('team', 'starter', 'year', 'month', 'seats', 'pause', 'resume', 'cancel', 'uncancel', 'paid'),
    quantity: fc.integer({ min: 1, max: 5 }),
    invoicing: fc.constantFrom('end_of_day', 'now', 'next_invoice'),
  }),
  { maxLength: 8 },
)
type Deed = typeof deeds extends fc.Arbitrary<readonly (infer T)[]> ? T : never

function commandOf({ what, quantity, invoicing }: Deed, of: typeof target): Scenario['commands'][number]['command'] {
  switch (what) {
    case 'pause':
      return { type: 'pause_subscription', id: of, resumesAt: null }
    case 'resume':
      return { type: 'resume_subscription', id: of }
    case 'cancel':
      return givenCancel(of, { when: 'period_end' })
    case 'uncancel':
      return { type: 'uncancel_subscription', id: of }
    case 'seats':
      return givenChange(of, { quantity, invoicing })
    case 'paid':
      return givenChange(of, { quantity, onlyIfPaid: true })
    case 'year':
    case 'month':
      return givenChange(of, { interval: { unit: what, count: 1 } })
    default:
      return givenChange(of, { planCode: what, invoicing })
  }
}

test('FR-055 a simulation equals the life that is lived: what is forgotten on the way is never missed', () => {
  fc.assert(
    fc.property(deeds, fc.constantFrom('anniversary', 'calendar'), (script, billingTime) => {
      const commands = script
        .map((deed) => ({ at: (START + deed.day * DAY_MS + 3_600_000) as Instant, deed }))
        .toSorted((left, right) => left.at - right.at)
      const until = at('2027-03-31')
      let life = following(beginning({ methods: [] }), subscribes({ billingTime }), START)
      const target = [...life.subscriptions.keys()][0] as never
      const due = () => life.snapshot.account.nextBillingAt ?? until
      for (const { at: when, deed } of [...commands, { at: until, deed: null }]) {
        while (due() <= when && due() < until) life = following(life, { type: 'advance' }, due())
        if (deed !== null) life = following(life, commandOf(deed, target), when)
      }
      const done = simulated(blank({ methods: [] }), '2027-03-30T23:59:59Z', {
        begins: subscribes({ billingTime }),
        commands: commands.map(({ at: when, deed }) => ({ at: when, command: commandOf(deed, target) })),
        payments: 'fail',
      })
      expect(done.invoices.map(facts)).toEqual(invoicesOf(life).map(facts))
      expect(done.refused.map(({ rejection }) => rejection.code)).toEqual(life.rejections.map(({ code }) => code))
    }),
    { numRuns: 150 },
  )
})

describe('refused is', () => {
  test.each([
    ['a horizon before the beginning', '2026-01-31', 'invalid_request'],
    ['more than ten years', '2036-03-01', 'limit_reached'],
  ])('%s', (_, until, code) => {
    expect(horizonRefused({ from: START, until: at(until) })).toMatchObject({ code, pointer: '/until' })
  })

  test('a life of more than 1,000 steps', () => {
    const command = givenChange(target, { quantity: 2 })
    const commands = Array.from({ length: 1_001 }, (_, day) => ({ at: (START + day * 3_600_000) as Instant, command }))
    const asked = scenario({ begins: createCommand({ planCode: 'starter', interval: 'month' }), commands })
    const done = simulate(blank({ settings: givenSettings() }), asked, { from: START, until: at('2027-01-01') })
    expect(done).toMatchObject({ ok: false, error: { code: 'limit_reached', hint: expect.stringMatching(/earlier/) } })
  })

  test.each([
    ['usage of a metric that is not there', { metric: 'gone' }, '/usage/0/metric'],
    ['usage that is no number', { quantity: 'many' }, '/usage/0/quantity'],
  ])('%s', (_, about, pointer) => {
    const usage = { metric: 'api_calls', at: START, quantity: '1', properties: {}, ...about }
    expect(scriptRefused([usage], metrics, '/usage')).toMatchObject({ pointer })
    expect(scriptRefused([{ ...usage, metric: 'api_calls', quantity: '1' }], metrics, '/usage')).toBeNull()
  })
})
