import { describe, expect, test } from 'vitest'
import { plusMs } from '../../../src/kernel/instant.ts'
import type { Interval } from '../../../src/kernel/period.ts'
import type { Rejection } from '../../../src/kernel/rejection.ts'
import type { Result } from '../../../src/kernel/result.ts'
import type { Plan } from '../../../src/plans/domain/plan.ts'
import { nextStep } from '../../../src/subscriptions/domain/advance.ts'
import { endStep } from '../../../src/subscriptions/domain/begin-and-end.ts'
import { scheduledChangeStep } from '../../../src/subscriptions/domain/change.ts'
import type {
  ChangeSubscription,
  CreateSubscription,
  SubscriptionCommand,
} from '../../../src/subscriptions/domain/command.ts'
import { decideCommand } from '../../../src/subscriptions/domain/commands.ts'
import { createSubscription } from '../../../src/subscriptions/domain/create.ts'
import { decidePause, decideResume } from '../../../src/subscriptions/domain/decide-pause.ts'
import { decideTrial } from '../../../src/subscriptions/domain/decide-trial.ts'
import { nextStanding } from '../../../src/subscriptions/domain/periods.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import {
  at,
  changeCommand,
  createCommand,
  givenAccount,
  givenActive,
  givenChange,
  givenEnded,
  givenPaused,
  givenPlan,
  givenScheduled,
  givenTrial,
  id,
  month,
  price,
} from '../../support/given.ts'
import { givenContext, givenFacts, versionsOf } from './life.ts'
import { year } from './metered.ts'

/** A plan of its own: the n-th. */
function plan(n: number, code: string, about: Partial<Plan> = {}, prices = [price('4900')]): Plan {
  const made = givenPlan(prices, { id: id('plan', n), code, ...about })
  return { ...made, current: { ...made.current, id: id('plan_version', n + 1), planId: made.id } }
}

const NOW = at('2026-02-10')
const sixMonths: Interval = { unit: 'month', count: 6 }
const pro = plan(5, 'pro', {}, [price('4900'), price('49000', year), price('20000', sixMonths)])
const plans = [
  plan(40, 'mail', { kind: 'add_on' }),
  ...[plan(42, 'gone', { archivedAt: NOW }), plan(44, 'old', { archivedAt: NOW, replacedBy: 'max' })],
  ...[plan(46, 'weekly', {}, [price('1', { unit: 'week', count: 1 })]), plan(48, 'max'), pro],
]
const versions = versionsOf(...plans.map(({ current }) => current))
const active = givenActive()
const trial = givenTrial()
const catalogue = { plans, versions, live: [active] }
const facts = givenFacts({ versions })
const context = givenContext('2026-02-10', { facts, catalogue })

type Decided = Result<unknown, Rejection>
const it = id('subscription', 7)

const tell = (of: Subscription, command: SubscriptionCommand) => (): Decided => decideCommand(of, command, context)
const change = (about: Partial<ChangeSubscription>, of: Subscription = active) => tell(of, changeCommand(about))
const sell =
  (about: Partial<CreateSubscription>, live: readonly Subscription[] = []) =>
  (): Decided => {
    const command = createCommand({ planCode: 'weekly', ...about })
    return createSubscription(command, { account: givenAccount(), catalogue: { plans, versions, live } }, NOW, it)
  }
const pause = (resumesAt: string) => ({ type: 'pause_subscription', id: it, resumesAt: at(resumesAt) }) as const
const cancel = (when: 'now' | 'period_end', prorate: boolean) =>
  ({ type: 'cancel_subscription', id: it, when, prorate, credit: 'balance' }) as const
const more = (planCode: string, quantity = 1) => ({ addOns: [{ planCode, quantity, unitAmount: null }] })
const pendingChange = {
  ...{ at: NOW, invoiceId: id('invoice', 8), expiresAt: at('2026-02-11') },
  to: {
    ...{ planId: pro.id, planVersionId: pro.current.id, quantity: 2 },
    unitAmount: null,
    addOns: [],
    interval: month,
  },
}

type Refusal = readonly [
  name: string,
  decide: () => Decided,
  code: Rejection['code'],
  pointer: string | undefined,
  detail: string,
  hint: RegExp,
]

/** What a customer or their developer reads: which value is wrong, and the way out. */
const refusals: readonly Refusal[] = [
  [
    ...(['no such plan', sell({ planCode: 'nope' }), 'not_found', '/plan', 'There is no plan nope.'] as const),
    /GET \/v1\/plans; .*code/,
  ],
  [
    ...(['no such plan to change to', change({ planCode: 'nope' }), 'not_found', '/plan'] as const),
    ...(['There is no plan nope.', /GET \/v1\/plans/] as const),
  ],
  [
    ...(['no such add-on', change(more('nope')), 'not_found', '/add_ons/0/plan'] as const),
    ...(['There is no plan nope.', /GET \/v1\/plans/] as const),
  ],
  [
    ...(['an archived plan', change({ planCode: 'gone' }), 'plan_archived', '/plan'] as const),
    ...(['Plan gone is archived and takes no new subscriptions.', /^List the plans on sale with GET/] as const),
  ],
  [
    ...(['a plan that was replaced', sell({ planCode: 'old' }), 'plan_archived', '/plan'] as const),
    ...(['Plan old is archived and takes no new subscriptions.', /^Subscribe to plan max instead\.$/] as const),
  ],
  [
    ...(['an add-on alone', sell({ planCode: 'mail' }), 'wrong_plan_kind', '/plan'] as const),
    ...(['mail is an add-on and is not sold alone.', /`add_ons`/] as const),
  ],
  [
    ...(['a plan as an add-on', change(more('max')), 'wrong_plan_kind', '/add_ons/0/plan'] as const),
    ...(['max is a plan, not an add-on.', /^Subscribe to it by itself/] as const),
  ],
  [
    ...(['an add-on it has not', change(more('mail', 0)), 'nothing_to_change', '/add_ons/0/plan'] as const),
    ...(['The subscription has no add-on mail to take away.', /^GET the subscription/] as const),
  ],
  [
    ...(['a plan twice', sell({ planCode: 'pro' }, [active]), 'already_subscribed', '/plan'] as const),
    ...(['The account already has a subscription to pro (active).', /raise its quantity/] as const),
  ],
  [
    ...([
      'six months by the calendar',
      change({ interval: sixMonths }, givenActive({ billingTime: 'calendar' })),
    ] as const),
    ...(['invalid_request', '/interval_count'] as const),
    ...(['By the calendar a subscription is billed by one week, month, quarter or year at a time.'] as const),
    /interval_count of 1.*"anniversary"/,
  ],
  [
    ...(['an add-on without the interval', change({ interval: year, ...more('mail') })] as const),
    ...(['price_not_found', '/interval', 'Plan mail has no price in USD per year.', /USD per month/] as const),
  ],
  [
    'what is stored cannot follow',
    change({ planCode: 'max' }, givenActive({ scheduledChange: givenChange({ interval: year }) })),
    ...(['price_not_found', '/interval'] as const),
    ...(['With the change that is scheduled already: Plan max has no price in USD per year.'] as const),
    /^Take the scheduled change back first/,
  ],
  [
    ...(['a start too far back', sell({ startAt: at('2020-01-01') }), 'too_many_periods', '/start'] as const),
    'From 2020-01-01T00:00:00Z to now there are 319 periods, each an invoice; 120 is the most.',
    /later start.*`bill_from`/,
  ],
  [
    ...(['a start too far ahead', sell({ startAt: at('2099-01-01') }), 'invalid_request', '/start'] as const),
    ...(['The start 2099-01-01T00:00:00Z is more than 50 years ahead.', /within 50 years/] as const),
  ],
  [
    ...(['a term without a time', sell({ endsAt: NOW }), 'invalid_request', '/ends_at'] as const),
    ...(['A term cannot end at 2026-02-10T00:00:00Z.', /after 2026-02-10T00:00:00Z.*50 years/] as const),
  ],
  [
    ...(['a change too early', change({ quantity: 2, effective: at('2026-01-30') })] as const),
    ...(['change_too_early', '/effective'] as const),
    'A change as of 2026-01-30T00:00:00Z lies before 2026-01-31T00:00:00Z, where the period or its last change begins.',
    /from 2026-01-31T00:00:00Z on\..*credit note/,
  ],
  [
    'a change after the term',
    change({ quantity: 2, effective: at('2026-03-01') }, givenActive({ endsAt: at('2026-02-20') })),
    ...(['invalid_request', '/effective'] as const),
    ...(['The subscription ends at 2026-02-20T00:00:00Z: nothing changes after that.', /earlier/] as const),
  ],
  [
    ...(['a change of nothing', change({}), 'nothing_to_change', undefined] as const),
    'The subscription has this plan, version, quantity, price, interval and these add-ons already.',
    /scheduled_change/,
  ],
  [
    'an interval on the next invoice',
    change({ interval: year, invoicing: 'next_invoice' }),
    ...(['invalid_request', '/invoice'] as const),
    'A change of the interval begins a period of its own, which is invoiced when it begins.',
    /"end_of_day" or "now".*"period_end"/,
  ],
  [
    'paid for, and later',
    change({ quantity: 2, onlyIfPaid: true, effective: 'period_end' }),
    ...(['invalid_request', '/only_if_paid', 'A change that depends on its payment is made now.'] as const),
    /`effective`/,
  ],
  [
    'later, and not begun',
    change({ quantity: 2, effective: 'period_end' }, givenScheduled()),
    ...(['invalid_request', '/effective'] as const),
    ...(['The subscription has not begun: a change is effective with its start.', /`effective`/] as const),
  ],
  [
    ...(['no stored change', tell(active, { type: 'unschedule_change', id: it }), 'not_found', undefined] as const),
    ...(['No change is scheduled.', /`scheduled_change`/] as const),
  ],
  [
    ...(['while a change is paid for', change({ quantity: 3 }, givenActive({ pendingChange }))] as const),
    ...(['command_not_possible', undefined] as const),
    ...(['A change of the subscription waits for its payment.', /Wait for the payment, or void/] as const),
  ],
  [
    ...(['a pause too long', tell(active, pause('2026-06-01')), 'invalid_request', '/resumes_at'] as const),
    ...(['A pause from 2026-02-10T00:00:00Z cannot end at 2026-06-01T00:00:00Z.'] as const),
    /up to 2026-05-11T00:00:00Z: after 90 days/,
  ],
  [
    'a trial that ended before now',
    tell(trial, { type: 'change_trial', id: it, endsAt: at('2026-02-09') }),
    ...(['invalid_request', '/end', 'A trial cannot end at 2026-02-09T00:00:00Z.'] as const),
    /after 2026-02-10T00:00:00Z and up to 2028-01-31T00:00:00Z, or "now"/,
  ],
  [
    ...(['cancelled twice', tell(givenEnded(), cancel('now', false)), 'command_not_possible', undefined] as const),
    'The subscription is cancelled since 2026-02-10T00:00:00Z: it cannot be cancelled again.',
    /create a new subscription/,
  ],
  [
    ...(['a resumption of what runs', tell(active, { type: 'resume_subscription', id: it })] as const),
    ...(['command_not_possible', undefined, 'A subscription that is active has no "resume".'] as const),
    /^Possible now: change, scheduled_change, pause, cancel, uncancel, update\.$/,
  ],
  [
    ...(['a rest at the end', tell(active, cancel('period_end', true)), 'invalid_request', '/prorate'] as const),
    ...(['At the end of its period a subscription has nothing left to prorate.', /"when": "now"/] as const),
  ],
  [
    ...(['the end of a pause', tell(givenPaused(), cancel('period_end', false))] as const),
    ...(['command_not_possible', '/when'] as const),
    ...(['The period of a paused subscription has no end: it goes on when it resumes.', /resume it first/] as const),
  ],
]

describe('a refusal says what is wrong and the way out', () => {
  test.each(refusals)('%s', (_, decide, code, pointer, detail, hint) => {
    const error = { code, detail, hint: expect.stringMatching(hint), ...(pointer !== undefined && { pointer }) }
    expect(decide()).toEqual({ ok: false, error })
  })

  test('too many add-ons: fifty are sold, one more is not', () => {
    const many = Array.from({ length: 51 }, (_, n) => plan(100 + 2 * n, `extra-${n}`, { kind: 'add_on' }))
    const within = { ...context, catalogue: { plans: [pro, ...many], versions, live: [] } }
    const addOns = many.map(({ code }) => ({ planCode: code, quantity: 1, unitAmount: null }))
    const add = (count: number) => changeCommand({ addOns: addOns.slice(0, count), effective: 'period_end' })
    expect(decideCommand(active, add(50), within).ok).toBe(true)
    expect(decideCommand(active, add(51), within)).toEqual({
      ok: false,
      error: {
        ...{ code: 'limit_reached', pointer: '/add_ons' },
        detail: 'A subscription has 50 add-ons at most, each of 1000000 at most.',
        hint: expect.stringMatching(/one add-on/),
      },
    })
  })

  test('a plan that is not in the catalogue is called by its name', () => {
    const within = { ...context, catalogue: { plans: [], versions, live: [] } }
    expect(decideCommand(active, changeCommand({ interval: { unit: 'week', count: 1 } }), within)).toMatchObject({
      error: { code: 'price_not_found', detail: 'Plan Pro has no price in USD per week.' },
    })
    expect(decideCommand(active, changeCommand({ quantity: 2 }), within).ok).toBe(true)
  })
})

describe('what only a bug can cause is thrown', () => {
  const nothing = givenFacts({ versions: new Map() })
  const sold = givenActive({
    metering: { closed: [{ interval: month, to: active.period.start }], segments: [], nextAt: null },
  })
  test.each<[string, () => unknown, RegExp]>([
    ['a pause of a trial', () => decidePause(trial, null, context), /must be active/],
    ['a resumption of what runs', () => decideResume(active, context), /must be paused/],
    ['the end of no trial', () => decideTrial(active, 'now', context), /must be in trial/],
    ['a change that is not stored', () => scheduledChangeStep(active, NOW, facts), /must have a change to make/],
    ['a version that was not loaded', () => nextStep(givenScheduled(), NOW, nothing), /must hold plan version/],
    ['one to meter by', () => endStep(sold, NOW, 'cancelled', nothing), /must hold plan version/],
    [
      'a pending change that is given up without its invoice',
      () => nextStep(givenActive({ pendingChange }), at('2026-02-11'), facts),
      /is told by its invoices/,
    ],
    [
      'a gap between periods',
      () => nextStanding(active, { ...active, anchorAt: plusMs(active.anchorAt, -1) }),
      /must begin there/,
    ],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message)
  })
})
