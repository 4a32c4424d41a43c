import { describe, expect, test } from 'vitest'
import { DAY_MS, plusMs } from '../../../src/kernel/instant.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import type { Plan } from '../../../src/plans/domain/plan.ts'
import { createSubscription, MAX_BACKDATED_PERIODS } from '../../../src/subscriptions/domain/create.ts'
import { at, createCommand, givenAccount, givenPlan, givenScheduled, id, price } from '../../support/given.ts'

const NOW = at('2026-01-31')

function create(
  command: Parameters<typeof createCommand>[0] = {},
  { plan = givenPlan(), live = [givenScheduled()].slice(1), account = givenAccount() } = {},
) {
  return createSubscription(createCommand(command), { account, plan, live }, NOW, id('subscription', 9))
}

describe('a new subscription', () => {
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

  test.each([
    ['the plan’s trial', 14, null, plusMs(NOW, 14 * DAY_MS)],
    ['a trial of its own', 14, 3, plusMs(NOW, 3 * DAY_MS)],
    ['none, though the plan has one', 14, 0, null],
  ])('has %s', (_, planned, trialDays, trialEndsAt) => {
    expect(create({ trialDays }, { plan: givenPlan([price('1')], {}, planned) })).toMatchObject({
      value: { trialEndsAt },
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

const refusals: readonly [name: string, ReturnType<typeof create>, object][] = [
  ['an archived plan', create({}, { plan: givenPlan([price('1')], { archivedAt: NOW }) }), { code: 'plan_archived' }],
  [
    'an archived plan, naming the next',
    create({}, { plan: givenPlan([price('1')], { archivedAt: NOW, replacedBy: 'new' }) }),
    { code: 'plan_archived', hint: 'Subscribe to plan new instead.' },
  ],
  [
    'a plan that is subscribed to',
    create({}, { live: [givenScheduled()] }),
    { code: 'already_subscribed', pointer: '/plan' },
  ],
  [
    'an interval that is not offered',
    create({ interval: 'year' }),
    { code: 'price_not_found', hint: 'Choose one of: USD per month.' },
  ],
  [
    'a choice that was not made',
    create({}, { plan: givenPlan([price('1'), price('10', { unit: 'year', count: 1 })]) }),
    { code: 'price_not_found', detail: 'Plan pro has several prices in USD.' },
  ],
  [
    'more periods than there may be',
    create({ startAt: backdated(MAX_BACKDATED_PERIODS) }, { plan: byWeek }),
    { code: 'too_many_periods' },
  ],
  ['a start in another life', create({ startAt: at('2126-01-01') }), { code: 'invalid_request', pointer: '/start' }],
]

describe('refused is', () => {
  test.each(refusals)('%s', (_, created, error) => {
    expect(created).toMatchObject({ ok: false, error })
  })

  test('but not one period less, a trial that shortens them, nor a plan of another code', () => {
    const startAt = backdated(MAX_BACKDATED_PERIODS)
    const other: Plan = givenPlan([price('1')], { id: id('plan', 50) })
    expect(create({ startAt: plusMs(startAt, 1) }, { plan: byWeek }).ok).toBe(true)
    expect(create({ startAt, trialDays: 7 }, { plan: byWeek }).ok).toBe(true)
    expect(create({}, { plan: other, live: [givenScheduled()] }).ok).toBe(true)
  })
})
