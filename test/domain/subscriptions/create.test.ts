import { describe, expect, test } from 'vitest'
import { DAY_MS, plusMs } from '../../../src/kernel/instant.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import type { Plan } from '../../../src/plans/domain/plan.ts'
import type { Catalogue, CreateSubscription } from '../../../src/subscriptions/domain/command.ts'
import { createSubscription, MAX_BACKDATED_PERIODS } from '../../../src/subscriptions/domain/create.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import {
  at,
  createCommand,
  givenAccount,
  givenActive,
  givenChange,
  givenPlan,
  givenScheduled,
  givenTrial,
  id,
  price,
} from '../../support/given.ts'
import { givenFacts, steps, versionsOf } from './life.ts'

const NOW = at('2026-01-31')
const addOn = givenPlan([price('300')], { id: id('plan', 15), code: 'mail', kind: 'add_on' })

function create(
  command: Parameters<typeof createCommand>[0] = {},
  { plan = givenPlan(), others = [addOn], live = [] as readonly Subscription[], account = givenAccount() } = {},
) {
  const catalogue: Catalogue = { plans: [plan, ...others], versions: versionsOf(), live }
  return createSubscription(createCommand(command), { account, catalogue }, NOW, id('subscription', 9))
}

describe('FR-016 a new subscription', () => {
  test('takes its terms from the account, the plan on sale and the command, and is still to start', () => {
    const account = givenAccount({ timezone: 'Europe/Berlin' as Zone })
    expect(create({ quantity: 5, externalKey: 'crm-1', metadata: { a: '1' } }, { account })).toEqual({
      ok: true,
      value: givenScheduled({
        ...{ id: id('subscription', 9), quantity: 5, externalKey: 'crm-1', metadata: { a: '1' } },
        ...{ timezone: 'Europe/Berlin' as Zone, createdAt: NOW, startAt: NOW },
      }),
    })
  })

  test('and what else the command says', () => {
    const about: Partial<CreateSubscription> = {
      ...{ billingTime: 'calendar', trialEnd: 'pause', billFrom: at('2026-03-01'), endsAt: at('2027-01-01') },
      ...{ unitAmount: '4500.5', trialDays: 7 },
    }
    const { trialDays: _, ...rest } = about
    expect(create(about)).toMatchObject({ value: { ...rest, trialEndsAt: at('2026-02-07') } })
  })

  test('has add-ons at their version on sale, each once', () => {
    const addOns = [
      { planCode: 'mail', quantity: 2, unitAmount: null },
      { planCode: 'mail', quantity: 3, unitAmount: '250' },
    ]
    const item = { planId: addOn.id, planVersionId: addOn.current.id, quantity: 3, unitAmount: '250' }
    expect(create({ addOns })).toMatchObject({ value: { addOns: [item] } })
  })

  test.each([
    ['the plan’s trial', 14, null, plusMs(NOW, 14 * DAY_MS)],
    ['a trial of its own', 14, 3, plusMs(NOW, 3 * DAY_MS)],
    ['none, though the plan has one', 14, 0, null],
  ])('FR-018 has %s', (_, planned, trialDays, trialEndsAt) => {
    const plan = givenPlan([price('1')], {}, planned)
    expect(create({ trialDays }, { plan })).toMatchObject({ value: { trialEndsAt } })
  })

  test('counts a trial in local days, at the same local time', () => {
    const account = givenAccount({ timezone: 'Europe/Berlin' as Zone })
    const startAt = at('2026-03-28T10:00:00Z')
    expect(create({ startAt, trialDays: 7 }, { account })).toMatchObject({
      value: { trialEndsAt: at('2026-04-04T09:00:00Z') },
    })
  })

  test('starts when it is told to', () => {
    expect(create({ startAt: at('2026-06-01') })).toMatchObject({
      value: { startAt: at('2026-06-01'), createdAt: NOW },
    })
  })
})

const weekly = { unit: 'week', count: 1 } as const
const backdated = (periods: number) => plusMs(NOW, -periods * 7 * DAY_MS)
const byWeek = givenPlan([price('1', weekly)])
const other: Plan = givenPlan([price('1')], { id: id('plan', 50), code: 'max' })
const toPro = givenTrial({
  planId: other.id,
  scheduledChange: givenChange({ planId: givenPlan().id }),
})
const { planId, planVersionId, quantity, unitAmount, addOns, interval } = givenActive()
const awaiting = givenActive({
  planId: other.id,
  pendingChange: {
    to: { planId, planVersionId, quantity, unitAmount, addOns, interval },
    ...{ at: NOW, invoiceId: id('invoice', 8), expiresAt: plusMs(NOW, DAY_MS) },
  },
})
const more = (planCode: string, count = 1) => ({ addOns: [{ planCode, quantity: count, unitAmount: null }] })
const twoMonths = givenPlan([price('1', { unit: 'month', count: 2 })])

const refusals: readonly [name: string, () => ReturnType<typeof create>, object][] = [
  ['a plan that is not there', () => create({ planCode: 'nope' }), { code: 'not_found', pointer: '/plan' }],
  [
    'FR-023 an archived plan',
    () => create({}, { plan: givenPlan([price('1')], { archivedAt: NOW }) }),
    { code: 'plan_archived' },
  ],
  [
    'FR-023 an archived plan, naming the next',
    () => create({}, { plan: givenPlan([price('1')], { archivedAt: NOW, replacedBy: 'new' }) }),
    { code: 'plan_archived', hint: 'Subscribe to plan new instead.' },
  ],
  ['an add-on alone', () => create({ planCode: 'mail' }), { code: 'wrong_plan_kind', pointer: '/plan' }],
  [
    'a plan as an add-on',
    () => create(more('max'), { others: [other] }),
    { code: 'wrong_plan_kind', pointer: '/add_ons/0/plan' },
  ],
  ['an add-on that is not there', () => create(more('nope')), { code: 'not_found', pointer: '/add_ons/0/plan' }],
  ['an add-on to take away', () => create(more('mail', 0)), { code: 'nothing_to_change' }],
  [
    'an add-on without a price for the interval',
    () => create({ interval: 'week', ...more('mail') }, { plan: byWeek }),
    { code: 'price_not_found', pointer: '/add_ons' },
  ],
  [
    'FR-035 a plan that is subscribed to',
    () => create({}, { live: [givenScheduled()] }),
    { code: 'already_subscribed', pointer: '/plan' },
  ],
  ['FR-035 one that another will change to', () => create({}, { live: [toPro] }), { code: 'already_subscribed' }],
  ['FR-035 one that another pays to change to', () => create({}, { live: [awaiting] }), { code: 'already_subscribed' }],
  [
    'an interval that is not offered',
    () => create({ interval: 'year' }),
    { code: 'price_not_found', hint: 'Choose one of: USD per month.' },
  ],
  [
    'a choice that was not made',
    () => create({}, { plan: givenPlan([price('1'), price('10', { unit: 'year', count: 1 })]) }),
    { code: 'price_not_found', detail: 'Plan pro has several prices in USD.' },
  ],
  [
    'two months by the calendar',
    () => create({ billingTime: 'calendar' }, { plan: twoMonths }),
    { code: 'invalid_request', pointer: '/billing_time' },
  ],
  [
    'FR-038 more periods than there may be',
    () => create({ startAt: backdated(MAX_BACKDATED_PERIODS) }, { plan: byWeek }),
    { code: 'too_many_periods', pointer: '/start' },
  ],
  [
    'a start in another life',
    () => create({ startAt: at('2126-01-01') }),
    { code: 'invalid_request', pointer: '/start' },
  ],
  ['a term that is over', () => create({ endsAt: NOW }), { code: 'invalid_request', pointer: '/ends_at' }],
  [
    'a term that ends before it starts',
    () => create({ startAt: at('2026-06-01'), endsAt: at('2026-06-01') }),
    { code: 'invalid_request', pointer: '/ends_at' },
  ],
  [
    'a term that ended before now, though after its start',
    () => create({ startAt: at('2026-01-01'), endsAt: at('2026-01-15') }),
    { code: 'invalid_request', pointer: '/ends_at', hint: expect.stringContaining('after 2026-01-31T00:00:00Z') },
  ],
  [
    'a term that ends with the trial',
    () => create({ trialDays: 7, endsAt: at('2026-02-07') }),
    { code: 'invalid_request', pointer: '/ends_at' },
  ],
]

describe('refused is', () => {
  test.each(refusals)('%s', (_, created, error) => {
    expect(created()).toMatchObject({ ok: false, error })
  })

  test('but not one period less, a trial that shortens them, nor a plan of another code', () => {
    const startAt = backdated(MAX_BACKDATED_PERIODS)
    expect(create({ startAt: plusMs(startAt, 1) }, { plan: byWeek }).ok).toBe(true)
    expect(create({ startAt, trialDays: 7 }, { plan: byWeek }).ok).toBe(true)
    expect(create({}, { live: [{ ...givenScheduled(), planId: other.id }] }).ok).toBe(true)
    expect(create({ endsAt: plusMs(NOW, 1) }).ok).toBe(true)
  })

  test('nor a start, nor an end, in fifty years, but a millisecond later', () => {
    const last = plusMs(NOW, 50 * 366 * DAY_MS)
    expect(create({ startAt: last }).ok).toBe(true)
    expect(create({ startAt: plusMs(last, 1) })).toMatchObject({ error: { pointer: '/start' } })
    expect(create({ endsAt: last }).ok).toBe(true)
    expect(create({ endsAt: plusMs(last, 1) })).toMatchObject({ error: { pointer: '/ends_at' } })
  })

  test('nor one month by the calendar, nor two by anniversary', () => {
    expect(create({ billingTime: 'calendar' }).ok).toBe(true)
    expect(create({}, { plan: twoMonths }).ok).toBe(true)
  })

  test('nor for a `bill_from` before the start, which leaves every period billed', () => {
    const startAt = plusMs(backdated(MAX_BACKDATED_PERIODS), 1)
    expect(create({ startAt, billFrom: backdated(500) }, { plan: byWeek }).ok).toBe(true)
  })

  test.each([
    ['a boundary', backdated(MAX_BACKDATED_PERIODS - 1)],
    ['before a boundary', plusMs(backdated(MAX_BACKDATED_PERIODS - 1), -1)],
    ['after a boundary', plusMs(backdated(MAX_BACKDATED_PERIODS), 1)],
  ])('nor 120 periods billed from %s', (_, billFrom) => {
    const created = create({ startAt: backdated(500), billFrom }, { plan: byWeek })
    if (!created.ok) throw new Error(created.error.detail)
    expect(billedUntilNow(created.value)).toBe(MAX_BACKDATED_PERIODS)
    const sooner = create({ startAt: backdated(500), billFrom: plusMs(billFrom, -7 * DAY_MS) }, { plan: byWeek })
    expect(sooner).toMatchObject({ error: { code: 'too_many_periods' } })
  })

  test('by the calendar the stub is one of the periods', () => {
    const onCalendar = (startAt: string) => create({ billingTime: 'calendar', startAt: at(startAt) })
    const created = onCalendar('2016-02-28')
    if (!created.ok) throw new Error(created.error.detail)
    expect(billedUntilNow(created.value)).toBe(MAX_BACKDATED_PERIODS)
    expect(onCalendar('2016-01-31T23:59:59Z')).toMatchObject({ error: { code: 'too_many_periods' } })
  })
})

function billedUntilNow(created: Subscription): number {
  const prices = [price('1', created.interval)]
  const facts = givenFacts({ versions: versionsOf({ ...givenPlan().current, prices }) })
  return steps(created, NOW, facts, 2000).filter(({ billables }) => billables.length > 0).length
}
