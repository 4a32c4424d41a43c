import { describe, expect, test } from 'vitest'
import { nextStep } from '../../../src/subscriptions/domain/advance.ts'
import { decideCommand, type SubscriptionCommand } from '../../../src/subscriptions/domain/commands.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import { at, givenPlan, givenScheduled, id } from '../../support/given.ts'

const version = givenPlan().current
const NOW = at('2026-02-10')

function step(subscription: Subscription): Subscription {
  const next = nextStep(subscription, version, NOW)
  if (next === null) throw new Error('nothing is due')
  return next.subscription
}

function obeying(subscription: Subscription, command: SubscriptionCommand): Subscription {
  const decided = decideCommand(subscription, command, NOW)
  if (!decided.ok || decided.value === null) throw new Error(`${command.type} did nothing`)
  return decided.value.subscription
}

const it = id('subscription', 7)
const commands = {
  'cancel now': { type: 'cancel_subscription', id: it, when: 'now' },
  'cancel at the end': { type: 'cancel_subscription', id: it, when: 'period_end' },
  uncancel: { type: 'uncancel_subscription', id: it },
  update: { type: 'update_subscription', id: it, metadata: { crm: '42' } },
} as const satisfies Record<string, SubscriptionCommand>

const scheduled = givenScheduled({ startAt: at('2026-03-01') })
const trial = step(givenScheduled({ trialEndsAt: at('2026-02-14') }))
const active = step(givenScheduled())
const states = {
  scheduled,
  trial,
  'trial that ends': obeying(trial, commands['cancel at the end']),
  active,
  'active that ends': obeying(active, commands['cancel at the end']),
  cancelled: obeying(active, commands['cancel now']),
} as const satisfies Record<string, Subscription>

const SCHEDULED = 'subscription.cancellation_scheduled'
const REVOKED = 'subscription.cancellation_revoked'
const CANCELLED = 'subscription.cancelled'
const UPDATED = 'subscription.updated'
const NOTHING = null
const REFUSED = 'refused'

/** Every state, every command. */
const table = {
  scheduled: [CANCELLED, CANCELLED, REFUSED, UPDATED],
  trial: [CANCELLED, SCHEDULED, NOTHING, UPDATED],
  'trial that ends': [CANCELLED, NOTHING, REVOKED, UPDATED],
  active: [CANCELLED, SCHEDULED, NOTHING, UPDATED],
  'active that ends': [CANCELLED, NOTHING, REVOKED, UPDATED],
  cancelled: [REFUSED, REFUSED, REFUSED, UPDATED],
} as const satisfies Record<keyof typeof states, readonly unknown[]>

const cases = Object.entries(table).flatMap(([state, outcomes]) =>
  Object.keys(commands).map((command, index) => [state, command, outcomes[index]] as const),
)

function decideIn(state: string, command: string) {
  return decideCommand(states[state as keyof typeof states], commands[command as keyof typeof commands], NOW)
}

describe('a subscription that is', () => {
  test.each(cases)('%s, told to %s: %s', (state, command, outcome) => {
    const decided = decideIn(state, command)
    if (outcome === REFUSED) expect(decided).toMatchObject({ ok: false, error: { code: 'command_not_possible' } })
    else expect(decided.ok && (decided.value?.type ?? null)).toBe(outcome)
  })

  test.each(cases.filter(([, , outcome]) => outcome === REFUSED))(
    '%s refuses to %s and says what to do',
    (state, command) => {
      const decided = decideIn(state, command)
      if (decided.ok) throw new Error('must be refused')
      expect(decided.error.detail).toContain(state)
      expect(decided.error.hint).toMatch(/^(Possible now: |Nothing is billed any more)/)
    },
  )

  test.each(cases.filter(([, , outcome]) => outcome !== REFUSED))(
    '%s is not changed by a second %s',
    (state, command) => {
      const decided = decideIn(state, command)
      if (!decided.ok || decided.value === null) return
      const again = decideCommand(decided.value.subscription, commands[command as keyof typeof commands], NOW)
      // What has ended cannot end again; everything else is as the command wants it.
      const ended = state !== 'cancelled' && decided.value.subscription.status === 'cancelled'
      expect(again.ok ? again.value : again.error.code).toBe(ended ? 'command_not_possible' : NOTHING)
    },
  )

  test.each(cases)('%s bills nothing by %s, and keeps its version for the commit to raise', (state, command) => {
    const decided = decideIn(state, command)
    if (!decided.ok || decided.value === null) return
    expect(decided.value).toMatchObject({ at: NOW, billables: [] })
    expect(decided.value.subscription.version).toBe(states[state as keyof typeof states].version)
  })
})

describe('cancelling', () => {
  test.each([
    ['trial', '2026-02-14'],
    ['active', '2026-02-28'],
  ] as const)('a %s at its end means %s', (state, end) => {
    expect(obeying(states[state], commands['cancel at the end'])).toMatchObject({ status: state, cancelAt: at(end) })
  })

  test('now ends it now, and keeps what it was billed for', () => {
    expect(obeying(active, commands['cancel now'])).toMatchObject({
      ...{ status: 'cancelled', endedAt: NOW, anchorAt: at('2026-01-31') },
      period: { start: at('2026-01-31'), end: at('2026-02-28') },
    })
  })

  test('a trial leaves no anchor, a scheduled one no period either', () => {
    expect(obeying(trial, commands['cancel now'])).toMatchObject({
      anchorAt: null,
      period: { start: at('2026-01-31') },
    })
    expect(obeying(scheduled, commands['cancel at the end'])).toMatchObject({
      anchorAt: null,
      period: null,
      endedAt: NOW,
    })
  })
})

describe('an update', () => {
  const update = (about: object) => decideCommand(active, { type: 'update_subscription', id: it, ...about }, NOW)
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
})
