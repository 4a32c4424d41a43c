import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HOUR_MS, type Instant, instant, MINUTE_MS } from '../../../src/kernel/instant.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { agreementOf } from '../../../src/subscriptions/domain/agreement.ts'
import { endStep } from '../../../src/subscriptions/domain/begin-and-end.ts'
import { lineAmount } from '../../../src/subscriptions/domain/billable.ts'
import { changeStep } from '../../../src/subscriptions/domain/change.ts'
import { pauseStep, resumeStep } from '../../../src/subscriptions/domain/pause.ts'
import type { Step } from '../../../src/subscriptions/domain/step.ts'
import { at, givenChange, month } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { inStatus, steps } from './life.ts'
import { april, factsOf, metered, standard, week, year } from './metered.ts'

const perMinute = metered([givenCharge({ model: standard('1') })])
const versions = [
  perMinute,
  metered(
    [givenCharge({ model: { type: 'graduated', tiers: [{ upTo: null, unitAmount: '1', flatAmount: '0' }] } })],
    {},
    61,
  ),
]
/** One unit a minute, all the time: what is billed in all is the time there was. */
const facts = factsOf(({ period }) => ({ quantity: String((period.end - period.start) / MINUTE_MS) }), ...versions)

const anything = fc.record({
  timezone: fc.constantFrom('UTC' as Zone, 'Europe/Berlin' as Zone, 'Australia/Lord_Howe' as Zone),
  billingTime: fc.constantFrom('anniversary' as const, 'calendar' as const),
  interval: fc.constantFrom(month, year, week),
  start: fc.integer({ min: 0, max: 9000 }),
  acts: fc.array(
    fc.record({
      hours: fc.integer({ min: 0, max: 1200 }),
      what: fc.constantFrom('change' as const, 'store' as const, 'pause' as const),
      to: fc.record({
        planVersionId: fc.constantFrom(...versions.map(({ id }) => id)),
        interval: fc.constantFrom(month, year, week),
        quantity: fc.integer({ min: 1, max: 3 }),
      }),
      rest: fc.integer({ min: 0, max: 900 }),
    }),
    { maxLength: 8 },
  ),
})

const to = (interval: typeof month) => ({ planVersionId: perMinute.id, interval, quantity: 1 })
/** Back to the week of the morning, an hour after that week has ended. */
const backAfterItsEnd = {
  ...{ timezone: 'UTC' as Zone, billingTime: 'anniversary' as const, interval: month, start: 0 },
  acts: [
    { hours: 1, what: 'change' as const, to: to(week), rest: 0 },
    { hours: 503, what: 'change' as const, to: to(month), rest: 0 },
    { hours: 2, what: 'change' as const, to: to(week), rest: 0 },
  ],
}

test('invariant 5: however it is changed and paused, each minute that was used is billed once', () => {
  fc.assert(
    fc.property(anything, ({ start, acts, ...about }) => {
      const startAt = instant(at('2026-01-01') + start * HOUR_MS)
      const made: Step[] = []
      // On the calendar what is used ends with the pause.
      let unmetered = 0
      let [now, current] = [startAt, april({ ...about, startAt, createdAt: startAt }) as Step['subscription']]
      const take = (step: Step) => {
        made.push(step)
        current = step.subscription
      }
      const advance = (to: Instant) => {
        for (const step of steps(current, to, facts)) take(step)
        now = to
      }
      advance(startAt)
      for (const { hours, what, to, rest } of acts) {
        advance(instant(now + hours * HOUR_MS))
        const active = inStatus(current, 'active')
        const agreed = { ...agreementOf(active), ...to }
        const terms = { at: now, granularity: 'day', invoicing: 'now', credit: 'balance' } as const
        if (what === 'change') take(changeStep(active, agreed, terms, facts))
        if (what === 'store') current = { ...active, scheduledChange: givenChange(to) }
        if (what === 'pause') {
          take(pauseStep(active, { at: now, resumesAt: null, granularity: 'day' }, facts))
          now = instant(now + rest * HOUR_MS)
          take(resumeStep(inStatus(current, 'paused'), now, 'day', facts))
          if (about.billingTime === 'calendar') unmetered += rest * 60
        }
      }
      advance(instant(now + 5000 * HOUR_MS))
      take(endStep(current, now, 'cancelled', facts))
      const used = made.flatMap(({ billables }) => billables).filter(({ kind }) => kind === 'usage')
      const minutes = used.reduce((sum, one) => sum + Number(one.quantity), 0)
      expect(minutes + unmetered).toBe((now - startAt) / MINUTE_MS)
      expect(used.reduce((sum, one) => sum + lineAmount(one), 0n)).toBe(BigInt(minutes))
      expect(new Set(used.map(({ key }) => key)).size).toBe(used.length)
    }),
    { numRuns: 300, examples: [[backAfterItsEnd]] },
  )
})
