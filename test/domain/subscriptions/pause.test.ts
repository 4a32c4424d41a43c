import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, type Instant, instant, toIso } from '../../../src/kernel/instant.ts'
import { intervalUnits } from '../../../src/kernel/period.ts'
import { localDateOf, localDaysBetween, type Zone } from '../../../src/kernel/zone.ts'
import { nextDue } from '../../../src/subscriptions/domain/due.ts'
import { pauseStep, resumeStep } from '../../../src/subscriptions/domain/pause.ts'
import { firstStanding, nextStanding, restOfPeriod } from '../../../src/subscriptions/domain/periods.ts'
import type { Subscription, SubscriptionIn } from '../../../src/subscriptions/domain/subscription.ts'
import { at, givenActive, givenChange, givenPaused, givenPlan, givenScheduled, price } from '../../support/given.ts'
import { givenFacts, inStatus, lived, steps, told, versionsOf } from './life.ts'

const facts = givenFacts()
const april = givenActive({ startAt: at('2026-04-01') })
type By = 'day' | 'second'

function paused(active: Subscription, when: string, by: By = 'day') {
  const about = { at: at(when), resumesAt: null, granularity: by }
  return inStatus(pauseStep(inStatus(active, 'active'), about, facts).subscription, 'paused')
}

function resumed(of: SubscriptionIn<'paused'>, when: string, by: By = 'day') {
  return inStatus(resumeStep(of, at(when), by, facts).subscription, 'active')
}

describe('FR-033 a pause', () => {
  test('bills nothing, and keeps where billing stands', () => {
    const step = pauseStep(april, { at: at('2026-04-11'), resumesAt: at('2026-04-21'), granularity: 'day' }, facts)
    expect(step).toMatchObject({ type: 'subscription.paused', billables: [], proration: null })
    expect(step.subscription).toMatchObject({
      ...{ status: 'paused', pausedAt: at('2026-04-11'), resumesAt: at('2026-04-21'), noticedAt: null },
      billing: { anchorAt: april.anchorAt, period: april.period, pausedMs: 0 },
    })
  })

  test.each<[string, By, string, string, string]>([
    ['ten days', 'day', '2026-04-11T10:00:00Z', '2026-04-21T08:00:00Z', '2026-05-11T00:00:00Z'],
    ['its day counts, that of the resumption does not', 'day', '2026-04-11T23:59:00Z', '2026-04-12', '2026-05-02'],
    ['within a day moves nothing', 'day', '2026-04-11T00:00:00Z', '2026-04-11T23:59:59Z', '2026-05-01'],
    ['by the second: exactly', 'second', '2026-04-11T10:00:00Z', '2026-04-21T08:30:00Z', '2026-05-10T22:30:00Z'],
    ['from its first day', 'day', '2026-04-01T00:00:00Z', '2026-04-02', '2026-05-02'],
    ['beyond the period', 'day', '2026-04-30T00:00:00Z', '2026-06-30', '2026-07-01T00:00:00Z'],
  ])('moves the end of the period: %s', (_, by, from, to, end) => {
    expect(toIso(resumed(paused(april, from, by), to, by).period.end)).toBe(toIso(at(end)))
  })

  test('of no whole day keeps the anchor, and with it the end of every month', () => {
    const active = givenActive({ period: { start: at('2026-02-28'), end: at('2026-03-31') } })
    const moved = resumed(paused(active, '2026-03-03T09:00:00Z'), '2026-03-03T18:00:00Z')
    expect(moved).toMatchObject({ anchorAt: at('2026-01-31'), period: active.period, pausedMs: 0 })
    expect(told(steps(moved, at('2026-05-31'))).map((one) => one.slice(0, 10))).toEqual([
      ...['2026-03-31', '2026-04-30', '2026-05-31'],
    ])
  })

  test('moves the end of a first period that somebody else bills, however long it is', () => {
    const sold = givenScheduled({ startAt: at('2026-01-15'), billFrom: at('2026-04-15') })
    const first = inStatus(lived(sold, '2026-01-15'), 'active')
    expect(resumed(paused(first, '2026-02-01'), '2026-02-11').period).toEqual({
      ...{ start: at('2026-01-15'), end: at('2026-04-25') },
    })
  })

  test('the next periods are counted from there', () => {
    const moved = resumed(paused(april, '2026-04-11'), '2026-05-11')
    expect(moved).toMatchObject({ baseline: null, pendingChange: null, cancelAt: null, changedAt: at('2026-05-11') })
    expect(told(steps(moved, at('2026-07-30')))).toEqual(['2026-05-31 renewed 4900', '2026-06-30 renewed 4900'])
    expect(lived(moved, '2026-06-30')).toMatchObject({
      ...{ anchorAt: at('2026-05-31'), pausedMs: 0 },
      period: { start: at('2026-06-30'), end: at('2026-07-31') },
    })
  })

  test('moves the cancellation at the period’s end along, not a fixed term’s end', () => {
    const ending = { ...april, cancelAt: april.period.end }
    expect(resumed(paused(ending, '2026-04-11'), '2026-04-21').cancelAt).toBe(at('2026-05-11'))
    const term = givenActive({ startAt: at('2026-04-01'), endsAt: at('2026-05-05') })
    expect(resumed(paused(term, '2026-04-11'), '2026-04-21').period.end).toBe(at('2026-05-05'))
  })

  test('in the last, cut period of a term leaves the whole period as long as it was', () => {
    const endsAt = at('2026-04-16')
    const cut = givenActive({ startAt: at('2026-04-01'), endsAt, period: { start: at('2026-04-01'), end: endsAt } })
    const once = resumed(paused(cut, '2026-04-05'), '2026-04-08')
    const twice = resumed(paused(once, '2026-04-09'), '2026-04-10')
    for (const moved of [once, twice]) {
      expect(moved.period).toEqual(cut.period)
      expect(restOfPeriod(moved, moved, at('2026-04-10'), 'day')).toEqual({ numerator: 6, denominator: 30 })
    }
  })

  test('ends by itself at its date', () => {
    const waiting = { ...paused(april, '2026-04-11'), resumesAt: at('2026-04-21') }
    expect(told(steps(waiting, at('2026-05-11')))).toEqual(['2026-04-21 resumed', '2026-05-11 renewed 4900'])
  })

  test('what was to change in it changes when it is over', () => {
    const waiting = {
      ...paused(april, '2026-04-05'),
      scheduledChange: givenChange({ quantity: 3 }, { at: at('2026-04-10') }),
    }
    expect(nextDue(waiting)?.kind).toBe('pause_notice')
    const [step] = steps(resumed(waiting, '2026-06-05'), at('2026-06-05'))
    expect(step).toMatchObject({ type: 'subscription.changed', at: at('2026-06-05') })
    // Four of thirty days had been served.
    expect(step?.proration?.charges[0]?.proration).toEqual({ numerator: 26, denominator: 30 })
  })
})

describe('FR-034 a pause of 90 local days', () => {
  test('is announced a week before, then it cancels and credits what was not served', () => {
    const all = steps(paused(april, '2026-04-11T15:00:00Z'), at('2027-01-01'))
    expect(all.map(({ at: when, type }) => [toIso(when), type])).toEqual([
      ['2026-07-03T15:00:00Z', 'subscription.pause_will_end'],
      ['2026-07-10T15:00:00Z', 'subscription.cancelled'],
    ])
    expect(all[1]?.proration).toMatchObject({ from: at('2026-04-11T15:00:00Z'), crediting: 'everything', charges: [] })
  })

  test('is local: over a change of the clocks it ends at the same time of day', () => {
    const berlin = givenPaused({ timezone: 'Europe/Berlin' as Zone, pausedAt: at('2026-02-10T11:00:00Z') })
    expect(nextDue({ ...berlin, noticedAt: berlin.pausedAt })?.at).toBe(at('2026-05-11T10:00:00Z'))
  })

  test('is not announced where it ends by itself', () => {
    for (const day of ['2026-05-01', '2026-05-10'])
      expect(nextDue(givenPaused({ resumesAt: at(day) }))).toEqual({ kind: 'resume', at: at(day) })
  })

  test('a term that runs out in a pause credits what was not served, too', () => {
    const waiting = { ...paused(april, '2026-04-11'), endsAt: at('2026-05-20') }
    const last = steps(waiting, at('2027-01-01')).at(-1)
    expect(last?.type).toBe('subscription.expired')
    expect(last?.proration).toMatchObject({ from: at('2026-04-11'), crediting: 'everything', credit: 'balance' })
  })
})

describe('a pause by the calendar', () => {
  const onCalendar = givenActive({ startAt: at('2026-04-01'), billingTime: 'calendar' })
  test('credits the rest at once, and charges what is left when it resumes', () => {
    const step = pauseStep(onCalendar, { at: at('2026-04-11'), resumesAt: null, granularity: 'day' }, facts)
    expect(step).toMatchObject({ reason: 'usage', billables: [], subscription: { billing: { metering: null } } })
    expect(step.proration).toEqual({
      ...{ from: at('2026-04-11'), granularity: 'day', invoicing: 'now', charges: [] },
      ...{ crediting: 'everything', credit: 'balance' },
    })
    const back = resumeStep(inStatus(step.subscription, 'paused'), at('2026-05-17T09:00:00Z'), 'day', facts)
    expect(told([back])).toEqual(['2026-05-17 resumed 2371']) // 15 of 31 days
    expect(back.subscription).toMatchObject({ anchorAt: at('2026-05-01'), pausedMs: 0 })
    // The version tells it from another period that begins at this instant.
    expect(back).toMatchObject({ reason: 'subscription', billables: [{ key: `base:${at('2026-05-17T09:00:00Z')}:1` }] })
    expect(told(steps(back.subscription, at('2026-06-01')))).toEqual(['2026-06-01 renewed 4900'])
  })

  test('charges nothing where somebody else still bills it', () => {
    const elsewhere = { ...onCalendar, billFrom: at('2026-08-15') }
    const back = resumeStep(paused(elsewhere, '2026-04-11'), at('2026-05-17'), 'day', facts)
    expect(back.billables).toEqual([])
    expect(inStatus(back.subscription, 'active').period).toEqual({ start: at('2026-05-17'), end: at('2026-09-01') })
  })
})

const anyPauses = fc.record({
  start: fc.integer({ min: at('2020-01-01') / HOUR_MS, max: at('2040-01-01') / HOUR_MS }),
  timezone: fc.constantFrom(
    ...['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'].map((name) => name as Zone),
  ),
  unit: fc.constantFrom(...intervalUnits),
  // In hours: so long it runs, and so long it is paused, again and again.
  pauses: fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 2000 })), { maxLength: 5 }),
})

describe('invariant 4: however a period is paused', () => {
  test('as many days are served as were billed, and after a pause exactly what is left is', () => {
    fc.assert(
      fc.property(anyPauses, ({ start, timezone, unit, pauses }) => {
        const versions = versionsOf({ ...givenPlan().current, prices: [price('4900', { unit, count: 1 })] })
        const sold = givenScheduled({ startAt: (start * HOUR_MS) as Instant, timezone, interval: { unit, count: 1 } })
        let active = inStatus(lived(sold, toIso(sold.startAt), { ...facts, versions }), 'active')
        const { start: from, end: billedTo } = active.period
        const billed = localDaysBetween(from, billedTo, timezone)
        let [pausedDays, clock] = [0, Number(from)]
        for (const [runs, rests] of pauses) {
          const pausedAt = instant(clock + runs * HOUR_MS)
          if (pausedAt >= active.period.end) break
          const resumedAt = instant(pausedAt + rests * HOUR_MS)
          const pause = pauseStep(active, { at: pausedAt, resumesAt: null, granularity: 'day' }, facts)
          active = inStatus(
            resumeStep(inStatus(pause.subscription, 'paused'), resumedAt, 'day', facts).subscription,
            'active',
          )
          pausedDays += localDaysBetween(pausedAt, resumedAt, timezone)
          clock = resumedAt
          const left = restOfPeriod(active, active, resumedAt, 'day')
          const served = localDaysBetween(from, resumedAt, timezone) - pausedDays
          expect(left?.denominator ?? billed).toBe(billed)
          expect(served + (left?.numerator ?? billed)).toBe(billed)
        }
        expect(localDaysBetween(active.period.start, active.period.end, timezone) - pausedDays).toBe(billed)
        expect(nextStanding(active, active).period.start).toBe(active.period.end)
      }),
      { numRuns: 500 },
    )
  })

  test('by the second it is the same to the millisecond', () => {
    const spans = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 5 * DAY_MS }), fc.integer({ min: 0, max: 60 * DAY_MS })),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(spans, (pauses) => {
        let [active, clock, pausedMs] = [april, Number(april.period.start), 0]
        for (const [runs, rests] of pauses) {
          const [from, to] = [instant(clock + runs), instant(clock + runs + rests)]
          const pause = pauseStep(active, { at: from, resumesAt: null, granularity: 'second' }, facts)
          active = inStatus(
            resumeStep(inStatus(pause.subscription, 'paused'), to, 'second', facts).subscription,
            'active',
          )
          ;[clock, pausedMs] = [to, pausedMs + rests]
        }
        expect(active.period.end - april.period.end).toBe(pausedMs)
        const left = restOfPeriod(active, active, active.period.start, 'second')
        expect(left?.denominator ?? 30 * DAY_MS).toBe(30 * DAY_MS)
      }),
    )
  })

  test('on the calendar its days and the stubs’ add up', () => {
    const days = fc.tuple(fc.integer({ min: 0, max: 29 }), fc.integer({ min: 0, max: 80 }))
    fc.assert(
      fc.property(days, ([run, rest]) => {
        const onCalendar = givenActive({ startAt: at('2026-04-01'), billingTime: 'calendar' })
        const resumedAt = instant(at('2026-04-01') + (run + rest) * DAY_MS)
        const pausedAt = instant(at('2026-04-01') + run * DAY_MS)
        const pause = pauseStep(onCalendar, { at: pausedAt, resumesAt: null, granularity: 'day' }, facts)
        const back = resumeStep(inStatus(pause.subscription, 'paused'), resumedAt, 'day', facts)
        const { period } = inStatus(back.subscription, 'active')
        expect(period).toEqual(firstStanding(onCalendar, resumedAt).period)
        const [stub] = back.billables
        const month = localDaysBetween(resumedAt, period.end, onCalendar.timezone)
        expect(stub?.proration?.numerator ?? month).toBe(month)
        expect(localDateOf(period.end, onCalendar.timezone)).toMatch(/-01$/)
      }),
    )
  })
})
