import { describe, expect, test } from 'vitest'
import type { SubscriptionCommand } from '../../../src/subscriptions/domain/command.ts'
import { decideCommand } from '../../../src/subscriptions/domain/commands.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import { subscriptionStatuses } from '../../../src/subscriptions/domain/subscription.ts'
import {
  at,
  changeCommand,
  givenActive,
  givenChange,
  givenEnded,
  givenPaused,
  givenScheduled,
  givenTrial,
  id,
} from '../../support/given.ts'
import { givenContext, stepBy } from './life.ts'

const NOW = at('2026-02-10')
const context = givenContext('2026-02-10')
const it = id('subscription', 7)

const cancel = (when: 'now' | 'period_end', prorate = false) =>
  ({ type: 'cancel_subscription', id: it, when, prorate, credit: 'balance' }) as const
const commands = {
  'cancel now': cancel('now'),
  'cancel at the end': cancel('period_end'),
  uncancel: { type: 'uncancel_subscription', id: it },
  change: changeCommand({ quantity: 2 }),
  'change later': changeCommand({ quantity: 2, effective: 'period_end' }),
  unschedule: { type: 'unschedule_change', id: it },
  pause: { type: 'pause_subscription', id: it, resumesAt: null },
  resume: { type: 'resume_subscription', id: it },
  'end the trial': { type: 'change_trial', id: it, endsAt: 'now' },
  'move the trial': { type: 'change_trial', id: it, endsAt: at('2026-03-01') },
  update: { type: 'update_subscription', id: it, metadata: { crm: '42' } },
} as const satisfies Record<string, SubscriptionCommand>
type Named = keyof typeof commands

const change = givenChange({ quantity: 3 })
const states = {
  scheduled: givenScheduled({ startAt: at('2026-03-01') }),
  trial: givenTrial(),
  'trial that ends': givenTrial({ cancelAt: at('2026-02-14') }),
  'trial that changes': givenTrial({ scheduledChange: change }),
  active: givenActive(),
  'active that ends': givenActive({ cancelAt: at('2026-02-28') }),
  'active that changes': givenActive({ scheduledChange: change }),
  paused: givenPaused({ pausedAt: at('2026-02-05') }),
  cancelled: givenEnded(),
  expired: givenEnded({ status: 'expired' }),
} as const satisfies Record<string, Subscription>
type State = keyof typeof states

const CANCELLED = 'cancelled'
const ENDS = 'cancellation_scheduled'
const REVOKED = 'cancellation_revoked'
const CHANGED = 'changed'
const STORED = 'change_scheduled'
const TAKEN = 'change_unscheduled'
const STARTED = 'activated'
const MOVED = 'trial_changed'
const NOTHING = null
const no = 'command_not_possible'

/** Every state, every command: the event, nothing, or why not. */
const table = {
  scheduled: [CANCELLED, CANCELLED, no, CHANGED, 'invalid_request', no, no, no, no, no, 'updated'],
  trial: [CANCELLED, ENDS, NOTHING, CHANGED, STORED, 'not_found', no, no, STARTED, MOVED, 'updated'],
  'trial that ends': [CANCELLED, NOTHING, REVOKED, CHANGED, STORED, 'not_found', no, no, STARTED, MOVED, 'updated'],
  'trial that changes': [CANCELLED, ENDS, NOTHING, CHANGED, STORED, TAKEN, no, no, STARTED, MOVED, 'updated'],
  active: [CANCELLED, ENDS, NOTHING, CHANGED, STORED, 'not_found', 'paused', no, no, no, 'updated'],
  'active that ends': [CANCELLED, NOTHING, REVOKED, CHANGED, STORED, 'not_found', 'paused', no, no, no, 'updated'],
  'active that changes': [CANCELLED, ENDS, NOTHING, CHANGED, STORED, TAKEN, 'paused', no, no, no, 'updated'],
  paused: [CANCELLED, no, no, no, no, 'not_found', no, 'resumed', no, no, 'updated'],
  cancelled: [no, no, no, no, no, no, no, no, no, no, 'updated'],
  expired: [no, no, no, no, no, no, no, no, no, no, 'updated'],
} as const satisfies Record<State, readonly (string | null)[]>

const cases = Object.entries(table).flatMap(([state, outcomes]) =>
  Object.keys(commands).map((command, index) => [state as State, command as Named, outcomes[index] ?? null] as const),
)
const refusals = new Set<string | null>([no, 'invalid_request', 'not_found'])

function outcomeOf(subscription: Subscription, command: SubscriptionCommand): string | null {
  const decided = decideCommand(subscription, command, context)
  if (!decided.ok) return decided.error.code
  return decided.value === null ? null : decided.value.type.slice('subscription.'.length)
}

describe('FR-027 a subscription that is', () => {
  test('of any status is in the table, with every command', () => {
    expect(new Set(Object.values(states).map(({ status }) => status))).toEqual(new Set(subscriptionStatuses))
    for (const outcomes of Object.values(table)) expect(outcomes).toHaveLength(Object.keys(commands).length)
  })

  test.each(cases)('%s, told to %s: %s', (state, command, outcome) => {
    expect(outcomeOf(states[state], commands[command])).toBe(outcome)
  })

  test.each(cases.filter(([, , outcome]) => refusals.has(outcome)))(
    '%s refuses to %s and says what to do',
    (state, command) => {
      const decided = decideCommand(states[state], commands[command], context)
      if (decided.ok) throw new Error('must be refused')
      expect(decided.error.hint.length).toBeGreaterThan(10)
      if (decided.error.code !== no || command.startsWith('cancel')) return
      expect(decided.error.detail).toContain(states[state].status)
      expect(decided.error.hint).toMatch(/^Possible now: .*update/)
    },
  )

  test.each(cases.filter(([, , outcome]) => outcome !== null && !refusals.has(outcome)))(
    '%s is not changed by a second %s',
    (state, command) => {
      const { subscription } = stepBy(states[state], commands[command], context)
      // What was done cannot be done again; what is as the command wants it stays.
      const done = { 'cancel now': no, change: 'nothing_to_change', pause: no, resume: no, unschedule: 'not_found' }
      const again = { ...done, 'end the trial': no, 'change later': STORED }
      const ended = subscription.status === 'cancelled' && command.startsWith('cancel')
      const expected: string | null = ended ? no : (again[command as keyof typeof again] ?? NOTHING)
      expect(outcomeOf(subscription, commands[command])).toBe(expected)
      if (command === 'change later') {
        const twice = stepBy(subscription, commands[command], context).subscription
        expect(twice).toEqual(subscription)
      }
    },
  )

  test.each(cases)('%s keeps its version for the commit to raise after %s', (state, command) => {
    const decided = decideCommand(states[state], commands[command], context)
    if (!decided.ok || decided.value === null) return
    expect(decided.value.at).toBe(NOW)
    expect(decided.value.subscription.version).toBe(states[state].version)
  })
})

describe('FR-029 cancelling', () => {
  test.each([
    ['trial', '2026-02-14'],
    ['active', '2026-02-28'],
  ] as const)('a %s at its end means %s', (state, end) => {
    const { subscription } = stepBy(states[state], cancel('period_end'), context)
    expect(subscription).toMatchObject({ status: state, cancelAt: at(end) })
  })

  test('now ends it now, keeps what it was billed for, and credits nothing unless asked', () => {
    const step = stepBy(states['active that changes'], cancel('now'), context)
    expect(step).toMatchObject({ billables: [], proration: null })
    expect(step.subscription).toMatchObject({
      ...{ status: 'cancelled', endedAt: NOW, anchorAt: at('2026-01-31'), scheduledChange: null },
      period: { start: at('2026-01-31'), end: at('2026-02-28') },
    })
  })

  test.each([
    ['active', NOW],
    ['paused', at('2026-02-05')],
  ] as const)('an %s one now, prorated, credits what was not served from %s', (state, from) => {
    expect(stepBy(states[state], { ...cancel('now', true), credit: 'refund' }, context).proration).toEqual({
      ...{ from, granularity: 'day', invoicing: 'now', charges: [], crediting: 'everything', credit: 'refund' },
    })
  })

  test('divides by the second where the organization does', () => {
    const facts = { ...context.facts, pausesBy: 'second' } as const
    const step = stepBy(states.active, cancel('now', true), { ...context, facts })
    expect(step.proration?.granularity).toBe('second')
  })

  test('at the end has nothing to prorate', () => {
    expect(decideCommand(states.active, cancel('period_end', true), context)).toMatchObject({
      error: { code: 'invalid_request', pointer: '/prorate' },
    })
  })

  test('a paused one has no end of its period: the pointer says which word is wrong', () => {
    expect(decideCommand(states.paused, cancel('period_end'), context)).toMatchObject({ error: { pointer: '/when' } })
  })

  test('now is refused while a change waits for its payment', () => {
    const { planId, planVersionId, interval, addOns, unitAmount } = states.active
    const to = { planId, planVersionId, interval, addOns, unitAmount, quantity: 2 }
    const pendingChange = { to, at: NOW, invoiceId: id('invoice', 8), expiresAt: at('2026-02-11') }
    const waiting = givenActive({ pendingChange })
    for (const command of ['cancel now', 'change', 'change later', 'pause'] as const)
      expect([command, outcomeOf(waiting, commands[command])]).toEqual([command, no])
    expect(outcomeOf(waiting, commands['cancel at the end'])).toBe(ENDS)
  })

  test('a trial leaves no anchor, a scheduled one no period either', () => {
    const ended = (state: State) => stepBy(states[state], cancel('now'), context).subscription
    expect(ended('trial')).toMatchObject({ anchorAt: null, period: { start: at('2026-01-31') } })
    expect(ended('scheduled')).toMatchObject({ anchorAt: null, period: null, endedAt: NOW })
    const neverBilled = stepBy(givenPaused({ billing: null }), cancel('now'), context).subscription
    expect(neverBilled).toMatchObject({ anchorAt: null, period: null })
  })

  test('what is paused keeps its anchor and its period, and bills what was used', () => {
    const step = stepBy(states.paused, cancel('now'), context)
    const { anchorAt, period } = givenActive()
    expect(step).toMatchObject({ reason: 'usage', subscription: { anchorAt, period } })
  })
})

describe('an update', () => {
  const update = (about: object) =>
    decideCommand(states.active, { type: 'update_subscription', id: it, ...about }, context)
  test.each([
    [{}, false],
    [{ metadata: {} }, false],
    [{ externalKey: null }, false],
    [{ externalKey: 'a' }, true],
    [{ metadata: { a: '1' } }, true],
    [{ metadata: { a: '1' }, externalKey: null }, true],
  ])('of %o changes something: %s', (about, changes) => {
    const decided = update(about)
    expect(decided.ok && decided.value !== null).toBe(changes)
    if (decided.ok && decided.value) expect(decided.value.subscription).toMatchObject(about)
  })

  test.each([
    [{ crm: '1' }, false],
    [{ crm: '2' }, true],
    [{ erp: '1' }, true],
    [{ crm: '1', erp: '1' }, true],
    [{}, true],
  ])('of metadata { crm: "1" } to %o changes something: %s', (metadata, changes) => {
    const of = givenActive({ metadata: { crm: '1' }, externalKey: 'a' })
    const decided = decideCommand(of, { type: 'update_subscription', id: it, metadata }, context)
    expect(decided.ok && decided.value !== null).toBe(changes)
    if (decided.ok && decided.value) expect(decided.value.subscription).toEqual({ ...of, metadata })
  })
})

describe('FR-033 a pause', () => {
  const pause = (resumesAt: string) => ({ type: 'pause_subscription', id: it, resumesAt: at(resumesAt) }) as const
  test.each([
    ['2026-02-10T00:00:00.001Z', 'paused'],
    ['2026-05-11T00:00:00Z', 'paused'],
    ['2026-02-10T00:00:00Z', 'invalid_request'],
    ['2026-02-09T00:00:00Z', 'invalid_request'],
    ['2026-05-11T00:00:00.001Z', 'invalid_request'],
  ])('until %s: %s', (resumesAt, outcome) => {
    expect(outcomeOf(states.active, pause(resumesAt))).toBe(outcome)
  })
})

describe('FR-018 a trial', () => {
  const move = (endsAt: string) => ({ type: 'change_trial', id: it, endsAt: at(endsAt) }) as const
  test.each([
    ['2026-02-10T00:00:00.001Z', 'trial_changed'],
    ['2028-01-31T00:00:00Z', 'trial_changed'],
    ['2026-02-14T00:00:00Z', null],
    ['2026-02-10T00:00:00Z', 'invalid_request'],
    ['2028-01-31T00:00:00.001Z', 'invalid_request'],
  ])('moved to %s: %s', (endsAt, outcome) => {
    expect(outcomeOf(states.trial, move(endsAt))).toBe(outcome)
  })

  test('takes its period, its cancellation and its notice along', () => {
    const trial = givenTrial({ cancelAt: at('2026-02-14'), noticedAt: at('2026-02-11') })
    expect(stepBy(trial, move('2026-03-01'), context).subscription).toMatchObject({
      ...{ trialEndsAt: at('2026-03-01'), cancelAt: at('2026-03-01'), noticedAt: null },
      period: { start: at('2026-01-31'), end: at('2026-03-01') },
    })
  })

  test('ended now is anchored now, and says when it ended', () => {
    const step = stepBy(states.trial, commands['end the trial'], context)
    expect(step.subscription).toMatchObject({ status: 'active', anchorAt: NOW, trialEndsAt: NOW, changedAt: NOW })
    expect(step.billables).toHaveLength(1)
  })
})
