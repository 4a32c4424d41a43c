import { describe, expect, test } from 'vitest'
import type { Plan } from '../../../src/plans/domain/plan.ts'
import { type Agreement, agreementOf, type Item } from '../../../src/subscriptions/domain/agreement.ts'
import type { ChangeSubscription, CommandContext } from '../../../src/subscriptions/domain/command.ts'
import { decideCommand } from '../../../src/subscriptions/domain/commands.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import {
  at,
  changeCommand,
  givenActive,
  givenChange,
  givenPlan,
  givenScheduled,
  givenSettings,
  givenTrial,
  id,
  month,
  price,
} from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { givenContext, givenFacts, stepBy, versionsOf } from './life.ts'
import { week, year } from './metered.ts'

/** A plan of its own: the n-th. */
function plan(
  n: number,
  code: string,
  about: Partial<Plan> = {},
  prices = [price('9900'), price('99900', year)],
): Plan {
  const made = givenPlan(prices, { id: id('plan', n), code, ...about })
  return { ...made, current: { ...made.current, id: id('plan_version', n), planId: made.id } }
}

const pro = plan(5, 'pro')
/** Sold before, when there was a price by the week too. */
const sold = {
  ...{ ...pro.current, id: id('plan_version', 6) },
  prices: [price('4900'), price('49000', year), price('1200', week)],
}
const max = plan(30, 'max')
const mail = plan(31, 'mail', { kind: 'add_on' })
const talk = plan(37, 'talk', { kind: 'add_on' })
const chat = plan(32, 'chat', { kind: 'add_on', archivedAt: at('2026-01-01') })
const monthly = plan(33, 'monthly', {}, [price('100')])
const old = plan(34, 'old', { archivedAt: at('2026-01-01'), replacedBy: 'max' })
const half = plan(35, 'half', {}, [price('9900'), price('5', { unit: 'month', count: 6 })])
const plans = [max, pro, mail, talk, chat, monthly, old, half]

const NOW = '2026-04-16'
const april = givenActive({ startAt: at('2026-04-01') })
const versions = versionsOf(sold, ...plans.map(({ current }) => current))
const context: CommandContext = {
  ...givenContext(NOW),
  facts: givenFacts({ versions }),
  catalogue: { plans, versions, live: [april] },
}

type About = Partial<ChangeSubscription>
const decide = (about: About, of: Subscription = april, within = context) =>
  decideCommand(of, changeCommand(about), within)
const agreed = (about: About, of: Subscription = april) =>
  agreementOf(stepBy(of, changeCommand(about), context).subscription)

const addOn = (of: Plan, about: Partial<Item> = {}): Item => ({
  ...{ planId: of.id, planVersionId: of.current.id, quantity: 1, unitAmount: null },
  ...about,
})
const asked = (planCode: string, quantity: number, unitAmount: string | null = null) => ({
  addOns: [{ planCode, quantity, unitAmount }],
})
const priced = givenActive({ startAt: at('2026-04-01'), unitAmount: '4000' })
const withTalk = givenActive({ startAt: at('2026-04-01'), addOns: [addOn(talk)] })
const withMail = givenActive({ startAt: at('2026-04-01'), addOns: [addOn(mail, { unitAmount: '250' })] })

describe('FR-022 a change', () => {
  test.each<[string, About, Subscription, object]>([
    ['of seats keeps the version', { quantity: 3 }, april, { planVersionId: sold.id, quantity: 3 }],
    ['of the interval keeps the version', { interval: year }, april, { planVersionId: sold.id, interval: year }],
    ['of the interval to one no longer on sale', { interval: week }, april, { interval: week }],
    ['of add-ons keeps the version', asked('mail', 1), april, { planVersionId: sold.id, addOns: [addOn(mail)] }],
    ['of the plan takes the version on sale', { planCode: 'max' }, april, { planVersionId: max.current.id }],
    ['asks for the latest', { latestVersion: true }, april, { planVersionId: pro.current.id }],
    ['names the same plan', { planCode: 'pro', quantity: 2 }, april, { planVersionId: sold.id, quantity: 2 }],
    ['sets a price of its own', { unitAmount: '4000' }, april, { unitAmount: '4000' }],
    ['takes it away', { unitAmount: null }, priced, { unitAmount: null }],
    ['of seats keeps it', { quantity: 2 }, priced, { unitAmount: '4000', quantity: 2 }],
    ['that names the interval it has keeps it', { interval: month, quantity: 2 }, priced, { quantity: 2 }],
    ['of the interval leaves it', { interval: year }, priced, { unitAmount: null, interval: year }],
    ['of the plan leaves it', { planCode: 'max' }, priced, { unitAmount: null, planVersionId: max.current.id }],
    [
      'of the interval leaves those of add-ons',
      { interval: year },
      withMail,
      { interval: year, addOns: [addOn(mail)] },
    ],
    [
      'of the interval keeps what it says of add-ons',
      { interval: year, ...asked('mail', 2, '2500') },
      withMail,
      { interval: year, addOns: [addOn(mail, { quantity: 2, unitAmount: '2500' })] },
    ],
    ['of an add-on’s seats', asked('mail', 4), withMail, { addOns: [addOn(mail, { quantity: 4 })] }],
    ['takes an add-on away', asked('mail', 0), withMail, { addOns: [] }],
  ])('%s', (_, about, of, expected) => {
    expect(agreed(about, of)).toEqual({ ...agreementOf(of), planId: expect.anything(), ...expected })
  })

  test('keeps an add-on that is no longer sold at the version it has', () => {
    const version = { ...chat.current, id: id('plan_version', 320) }
    const of = givenActive({ startAt: at('2026-04-01'), addOns: [addOn(chat, { planVersionId: version.id })] })
    const all = versionsOf(...versions.values(), version)
    const within = {
      ...context,
      facts: givenFacts({ versions: all }),
      catalogue: { ...context.catalogue, versions: all },
    }
    const step = stepBy(of, changeCommand(asked('chat', 2)), within)
    expect(step.subscription.addOns).toEqual([addOn(chat, { planVersionId: version.id, quantity: 2 })])
  })

  test('is divided and invoiced as the organization says, unless it says so itself', () => {
    const settings = givenSettings({ proration: { granularity: 'second', invoicing: 'now' } })
    const proration = (about: About) =>
      stepBy(april, changeCommand({ quantity: 2, ...about }), { ...context, settings }).proration
    expect(proration({})).toMatchObject({ granularity: 'second', invoicing: 'now' })
    expect(proration({ granularity: 'day', invoicing: 'next_invoice', credit: 'refund' })).toMatchObject({
      ...{ granularity: 'day', invoicing: 'next_invoice', credit: 'refund' },
    })
    expect(proration({ onlyIfPaid: true, invoicing: 'end_of_day' })).toMatchObject({ invoicing: 'now' })
  })
})

describe('of two add-ons', () => {
  const [first, second] = [addOn(mail, { unitAmount: '250' }), addOn(talk)]
  const both = givenActive({ startAt: at('2026-04-01'), addOns: [first, second] })

  test.each<[string, About, readonly Item[]]>([
    ['the first changes alone', asked('mail', 4, '250'), [{ ...first, quantity: 4 }, second]],
    ['the second changes alone', asked('talk', 4), [first, { ...second, quantity: 4 }]],
    ['the first is taken away', asked('mail', 0), [second]],
    ['the second is taken away', asked('talk', 0), [first]],
    ['only one has a price of its own to leave', { interval: year }, [{ ...first, unitAmount: null }, second]],
  ])('%s', (_, about, addOns) => {
    expect(agreed(about, both).addOns).toEqual(addOns)
  })

  test('neither changes: there is nothing to change, in whatever order they are named', () => {
    const same = [...asked('talk', 1).addOns, ...asked('mail', 1, '250').addOns]
    expect(decide({ addOns: same }, both)).toMatchObject({ error: { code: 'nothing_to_change' } })
  })

  test.each<[string, About, object, Subscription]>([
    ['the one that changes', asked('talk', 2), { addOns: [{ ...second, quantity: 2 }] }, both],
    ['the one that goes', asked('talk', 0), { addOns: [{ ...second, quantity: 0 }] }, both],
    ['none where seats change', { quantity: 2 }, { quantity: 2 }, both],
    ['none without a price of its own', { interval: year }, { interval: year, unitAmount: null }, withTalk],
  ])('stored for later is %s', (_, about, to, of) => {
    const { subscription } = stepBy(of, changeCommand({ ...about, effective: 'period_end' }), context)
    expect(subscription.scheduledChange?.to).toEqual(to)
  })
})

const stored = (to: Partial<Agreement>) => givenActive({ startAt: at('2026-04-01'), scheduledChange: givenChange(to) })
const onCalendar = givenActive({ startAt: at('2026-04-01'), billingTime: 'calendar' })
const term = givenActive({ startAt: at('2026-04-01'), endsAt: at('2026-06-15') })

describe('refused is a change', () => {
  test.each<[string, About, object, Subscription?]>([
    ['to what it is', { planCode: 'pro', quantity: 1, interval: month }, { code: 'nothing_to_change' }],
    ['of nothing', {}, { code: 'nothing_to_change' }],
    ['to no plan', { planCode: 'nope' }, { code: 'not_found', pointer: '/plan' }],
    [
      'FR-023 to an archived plan',
      { planCode: 'old' },
      { code: 'plan_archived', hint: 'Subscribe to plan max instead.' },
    ],
    ['to an add-on', { planCode: 'mail' }, { code: 'wrong_plan_kind', pointer: '/plan' }],
    ['that adds a plan', asked('max', 1), { code: 'wrong_plan_kind', pointer: '/add_ons/0/plan' }],
    ['that adds an archived add-on', asked('chat', 1), { code: 'plan_archived', pointer: '/add_ons/0/plan' }],
    ['that takes away what it has not', asked('mail', 0), { code: 'nothing_to_change', pointer: '/add_ons/0/plan' }],
    ['to an interval its version has not', { interval: { unit: 'week', count: 2 } }, { code: 'price_not_found' }],
    ['to a plan without its interval', { planCode: 'monthly', interval: year }, { code: 'price_not_found' }],
    [
      'to six months by the calendar',
      { planCode: 'half', interval: { unit: 'month', count: 6 } },
      { pointer: '/interval_count' },
      onCalendar,
    ],
    ['of the interval, for the next invoice', { interval: year, invoicing: 'next_invoice' }, { pointer: '/invoice' }],
    [
      'of its count, for the next invoice',
      { planCode: 'half', interval: { unit: 'month', count: 6 }, invoicing: 'next_invoice' },
      { code: 'invalid_request', pointer: '/invoice' },
    ],
    [
      'for later that depends on its payment',
      { quantity: 2, onlyIfPaid: true, effective: 'period_end' },
      { pointer: '/only_if_paid' },
    ],
    ['after the term', { quantity: 2, effective: at('2026-06-15') }, { pointer: '/effective' }, term],
    [
      'for later before the start',
      { quantity: 2, effective: 'period_end' },
      { pointer: '/effective' },
      givenScheduled(),
    ],
    [
      'that what is stored cannot follow',
      { planCode: 'monthly' },
      { code: 'price_not_found', hint: expect.stringContaining('scheduled_change') },
      stored({ interval: year }),
    ],
  ])('%s', (_, about, error, of) => {
    expect(decide(about, of)).toMatchObject({ ok: false, error })
  })

  test('FR-035 to a plan that another one is on, or will be', () => {
    const twins: readonly Subscription[] = [
      givenTrial({ id: id('subscription', 70), planId: max.id }),
      { ...stored({ planId: max.id }), id: id('subscription', 70) },
    ]
    for (const twin of twins) {
      const within = { ...context, catalogue: { ...context.catalogue, live: [april, twin] } }
      for (const effective of ['now', 'period_end'] as const)
        expect(decide({ planCode: 'max', effective }, april, within)).toMatchObject({
          error: { code: 'already_subscribed', pointer: '/plan' },
        })
    }
  })

  test('but not to the plan that it will change to itself, nor of the interval at the period’s end', () => {
    expect(decide({ planCode: 'max' }, stored({ planId: max.id })).ok).toBe(true)
    expect(decide({ interval: year, invoicing: 'next_invoice', effective: 'period_end' }).ok).toBe(true)
    expect(decide({ quantity: 2, effective: at('2026-06-14T23:59:59Z') }, term).ok).toBe(true)
    expect(decide({ quantity: 2 }, onCalendar).ok).toBe(true)
    // It takes the place of the one that is stored.
    expect(decide({ planCode: 'monthly', effective: 'period_end' }, stored({ interval: year })).ok).toBe(true)
  })
})

describe('`effective`', () => {
  const renewed = { ...april, changedAt: at('2026-03-10') }
  const closed = { closed: [{ interval: month, to: at('2026-04-12') }], segments: [], nextAt: null }
  test.each<[string, Subscription, string, boolean]>([
    ['the period’s start', april, '2026-04-01T00:00:00Z', true],
    ['before it', april, '2026-03-31T23:59:59Z', false],
    ['the last change', { ...april, changedAt: at('2026-04-10') }, '2026-04-10T00:00:00Z', true],
    ['before the last change', { ...april, changedAt: at('2026-04-10') }, '2026-04-09T23:59:59Z', false],
    ['the start of a period that no change was in', renewed, '2026-04-01T00:00:00Z', true],
    ['before that, though after the last change', renewed, '2026-03-20T00:00:00Z', false],
    ['what usage is sealed to', { ...april, metering: closed }, '2026-04-12T00:00:00Z', true],
    ['before that', { ...april, metering: closed }, '2026-04-11T23:59:59Z', false],
  ])('may be %s', (_, of, effective, possible) => {
    const decided = decide({ quantity: 2, effective: at(effective) }, of)
    if (possible) expect(decided).toMatchObject({ value: { at: at(effective), type: 'subscription.changed' } })
    else expect(decided).toMatchObject({ error: { code: 'change_too_early', pointer: '/effective' } })
  })

  test('now is now, and an instant ahead is stored', () => {
    expect(decide({ quantity: 2, effective: at(NOW) })).toMatchObject({ value: { type: 'subscription.changed' } })
    const step = stepBy(april, changeCommand({ quantity: 2, effective: at('2026-04-17') }), context)
    expect(step).toMatchObject({ at: at(NOW), type: 'subscription.change_scheduled', billables: [], proration: null })
    expect(step.subscription).toEqual({
      ...april,
      scheduledChange: {
        ...{ at: at('2026-04-17'), to: { quantity: 2 }, granularity: 'day', invoicing: 'end_of_day' },
        ...{ credit: 'balance', madeAt: at(NOW) },
      },
    })
  })

  test('FR-031 freezes the version when it is made, and the last one stored wins', () => {
    const first = stepBy(april, changeCommand({ quantity: 2, effective: 'period_end' }), context).subscription
    const second = stepBy(first, changeCommand({ planCode: 'max', effective: 'period_end' }), context).subscription
    expect(second.scheduledChange?.to).toEqual({ planId: max.id, planVersionId: max.current.id, unitAmount: null })
  })
})

test('a plan that is only metered has no base price to miss', () => {
  const usage = plan(36, 'usage', {}, [])
  const charged = { ...usage, current: { ...usage.current, charges: [givenCharge()] } }
  const all = versionsOf(...versions.values(), charged.current)
  const catalogue = { plans: [...plans, charged], versions: all, live: [april] }
  const within = { ...context, facts: givenFacts({ versions: all }), catalogue }
  const step = stepBy(april, changeCommand({ planCode: 'usage' }), within)
  expect(step.proration).toMatchObject({ charges: [], crediting: 'what_changes' })
})
