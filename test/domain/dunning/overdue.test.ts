import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { overdueSteps } from '../../../src/accounts/domain/account.ts'
import {
  accessOf,
  blockedAt,
  isWorse,
  nextStepAt,
  type Standing,
  statusOf,
  stepAt,
} from '../../../src/dunning/domain/overdue.ts'
import { collectionStates } from '../../../src/invoices/domain/invoice.ts'
import { DAY_MS, HOUR_MS, type Instant, plusMs } from '../../../src/kernel/instant.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { at, UTC } from '../../support/given.ts'
import { clear, dueOn, policy, standing, stepped } from './standings.ts'

const justBefore = (now: Instant) => plusMs(now, -1)

describe('FR-082 FR-091 days are counted from the due date, at local midnight', () => {
  test.each<readonly [zone: string, due: string, days: readonly string[]]>([
    ['UTC', '2026-06-01', ['2026-06-02T00', '2026-06-04T00', '2026-06-08T00', '2026-06-15T00']],
    ['Asia/Tokyo', '2026-06-01', ['2026-06-01T15', '2026-06-03T15', '2026-06-07T15', '2026-06-14T15']],
    // The clocks go forward on the 8th of March, and back on the 1st of November.
    ['America/New_York', '2026-03-04', ['2026-03-05T05', '2026-03-07T05', '2026-03-11T04', '2026-03-18T04']],
    ['America/New_York', '2026-10-28', ['2026-10-29T04', '2026-10-31T04', '2026-11-04T05', '2026-11-11T05']],
  ])('in %s after %s', (zone, due, days) => {
    const one = standing([dueOn(due, zone as Zone)], { zone: zone as Zone })
    const steps = ['past_due', 'reminder', 'warning', 'blocked'] as const
    for (const [index, step] of steps.entries()) {
      const when = at(`${days[index]}:00:00Z`)
      expect([stepAt(one, justBefore(when)), stepAt(one, when)]).toEqual([steps[index - 1] ?? 'none', step])
    }
  })

  test('also where local midnight does not exist', () => {
    const zone = 'Africa/Cairo' as Zone
    // At 00:00 of 24 April the clocks go to 01:00, which is 22:00 in UTC.
    const one = standing([dueOn('2026-04-23', zone)], { zone })
    const when = at('2026-04-23T22:00:00Z')
    expect([stepAt(one, justBefore(when)), stepAt(one, when)]).toEqual(['none', 'past_due'])
  })

  test('and in the account’s zone, where its subscription had another', () => {
    const inTokyo = dueOn('2026-06-01', 'Asia/Tokyo' as Zone)
    const inUTC = standing([inTokyo])
    expect(nextStepAt(inUTC)).toBe(at('2026-06-02'))
    expect(nextStepAt({ ...inUTC, zone: 'America/New_York' as Zone })).toBe(at('2026-06-02T04:00:00Z'))
  })

  test('FR-083 WARNING is from day 7 on, BLOCKED from day 14, or as the organization says', () => {
    expect(statusOf).toEqual({
      ...{ none: 'current', past_due: 'current', reminder: 'current' },
      ...{ warning: 'warning', blocked: 'blocked', ended: 'blocked' },
    })
    const strict = { ...policy, reminderDays: 1, warningDays: 2, blockedDays: 3 }
    const one = standing([dueOn('2026-06-01')], { policy: strict })
    expect([2, 3, 4].map((day) => stepAt(one, at(`2026-06-0${day}`)))).toEqual(['reminder', 'warning', 'blocked'])
  })

  test('the oldest counts, and nobody who owes nothing is overdue', () => {
    const now = at('2026-06-09')
    expect(stepAt(standing([dueOn('2026-06-08'), dueOn('2026-06-01')]), now)).toBe('warning')
    expect([stepAt(standing([]), now), nextStepAt(standing([])), blockedAt(standing([]))]).toEqual(['none', null, null])
    expect(blockedAt(standing([dueOn('2026-06-08'), dueOn('2026-06-01')]))).toBe(at('2026-06-15'))
  })
})

describe('FR-083 exhausted retries', () => {
  test.each(collectionStates)('block at once, but not before it is due: %s', (state) => {
    const one = standing([dueOn('2026-06-01', UTC, { state })])
    expect(stepAt(one, at('2026-06-01T23:59:59Z'))).toBe('none')
    expect(stepAt(one, at('2026-06-02'))).toBe(state === 'exhausted' ? 'blocked' : 'past_due')
    expect(nextStepAt(one)).toBe(at('2026-06-02'))
  })
})

describe('FR-087 paying', () => {
  const now = at('2026-06-16')
  const [old, newer, young] = [dueOn('2026-06-01'), dueOn('2026-06-08'), dueOn('2026-06-15')] as const
  const blocked = stepped(standing([old, newer, young]), now)

  test('goes back as far as what is left allows', () => {
    expect(blocked.overdue).toEqual({ status: 'blocked', step: 'blocked', since: now })
    expect(stepAt({ ...blocked, debts: [newer, young] }, now)).toBe('warning')
    expect(stepAt({ ...blocked, debts: [young] }, now)).toBe('past_due')
    expect(stepAt({ ...blocked, debts: [] }, now)).toBe('none')
  })

  test('from where it goes on with the days of what is left', () => {
    const warned = stepped({ ...blocked, debts: [newer, young] }, now)
    expect(nextStepAt(warned)).toBe(at('2026-06-22'))
    expect(stepAt(warned, at('2026-06-22'))).toBe('blocked')
  })

  test('after the terminal action clears that too', () => {
    const ended = stepped(blocked, at('2026-07-16'))
    expect([ended.overdue.step, nextStepAt(ended)]).toEqual(['ended', null])
    expect(stepAt(ended, at('2026-08-01'))).toBe('ended')
    expect(stepAt({ ...ended, debts: [] }, at('2026-08-01'))).toBe('none')
  })
})

describe('the terminal action', () => {
  test('comes so many local days after it was blocked, however that came', () => {
    const zone = 'America/New_York' as Zone
    const exhausted = dueOn('2026-10-20', zone, { state: 'exhausted' })
    const blocked = stepped(standing([exhausted], { zone }), at('2026-10-21T14:00:00Z'))
    expect(nextStepAt(blocked)).toBe(at('2026-11-20T15:00:00Z'))
    expect(stepAt(blocked, at('2026-11-20T14:59:59Z'))).toBe('blocked')
    expect(stepAt(blocked, at('2026-11-20T15:00:00Z'))).toBe('ended')
  })

  test('counts from the block: one who was warned long ago is blocked before', () => {
    const warned = stepped(standing([dueOn('2026-06-01')]), at('2026-06-09'))
    const late = stepped(warned, at('2026-09-01'))
    expect(late.overdue).toEqual({ status: 'blocked', step: 'blocked', since: at('2026-09-01') })
    expect(nextStepAt(late)).toBe(at('2026-10-01'))
  })

  test('is taken once, also where the organization then gives more time', () => {
    const blocked = stepped(standing([dueOn('2026-06-01')]), at('2026-06-15'))
    const ended = stepped(blocked, at('2026-07-15'))
    expect(stepAt({ ...ended, policy: { ...policy, terminalDays: 90 } }, at('2026-07-16'))).toBe('ended')
  })
})

describe('FR-086 access', () => {
  const debt = dueOn('2026-06-01')
  const failing = dueOn('2026-06-01', UTC, { state: 'retrying', failedAt: at('2026-06-01') })
  const account = (step: Standing['overdue']['step'], openDisputes = 0) => ({
    ...{ overdue: { step, status: statusOf[step], since: null }, openDisputes },
  })

  test.each(overdueSteps)('at step %s', (step) => {
    const expected = step === 'none' ? 'granted' : statusOf[step] === 'blocked' ? 'blocked' : 'grace'
    expect(accessOf(account(step), [debt])).toBe(expected)
  })

  test('is grace from the first failed payment on, and while a bank contests one', () => {
    expect(accessOf(account('none'), [debt, failing])).toBe('grace')
    expect(accessOf(account('none', 1), [])).toBe('grace')
    expect(accessOf(account('blocked', 1), [failing])).toBe('blocked')
  })
})

describe('FR-082 when it is looked at', () => {
  const zones = fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo', 'Pacific/Apia')
  const debts = fc.array(
    fc.record({ day: fc.integer({ min: 0, max: 60 }), held: fc.nat(20), zone: zones, isExhausted: fc.boolean() }),
    { maxLength: 4 },
  )
  const policies = fc
    .uniqueArray(fc.integer({ min: 2, max: 60 }), { minLength: 3, maxLength: 3 })
    .map((days) => days.toSorted((left, right) => left - right))
    .map(([reminderDays = 2, warningDays = 3, blockedDays = 4]) => ({
      ...{ ...policy, reminderDays, warningDays, blockedDays },
    }))
  const START = at('2026-02-15')
  const any = fc.tuple(debts, policies, zones, fc.nat(120 * 24)).map(([some, rules, zone, hours]) => ({
    now: plusMs(START, hours * HOUR_MS),
    one: standing(
      some.map(({ day, held, zone: other, isExhausted }) =>
        dueOn(new Date(START + day * DAY_MS).toISOString().slice(0, 10), other as Zone, {
          ...{ heldDays: held, state: isExhausted ? 'exhausted' : 'idle' },
        }),
      ),
      { policy: rules, zone: zone as Zone },
    ),
  }))

  test('it is further at `nextStepAt`, just before it is not, and so on to the end', () => {
    fc.assert(
      fc.property(any, ({ one, now }) => {
        let present = stepped(one, now)
        for (let next = nextStepAt(present); next !== null; next = nextStepAt(present)) {
          expect(next).toBeGreaterThan(now)
          expect(stepAt(present, justBefore(next))).toBe(present.overdue.step)
          expect(isWorse(stepAt(present, next), present.overdue.step)).toBe(true)
          present = stepped(present, next)
        }
        expect(present.overdue.step).toBe(one.debts.length === 0 ? 'none' : 'ended')
      }),
    )
  })

  test('while it is held there is no further step, whenever that began', () => {
    fc.assert(
      fc.property(any, fc.nat(100), ({ one, now }, days) => {
        const held = { ...stepped(one, now), heldSince: now }
        expect(nextStepAt(held)).toBeNull()
        expect(stepAt(held, plusMs(now, days * DAY_MS))).toBe(held.overdue.step)
        expect(stepAt({ ...held, debts: [] }, plusMs(now, days * DAY_MS))).toBe('none')
      }),
    )
  })

  test('nothing is said twice: the same is decided of the same', () => {
    fc.assert(
      fc.property(any, ({ one, now }) => {
        const once = stepped(one, now)
        expect(stepped(once, now)).toBe(once)
        expect(stepped(standing([]), now).overdue).toBe(clear)
      }),
    )
  })
})
