import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { daysHeld, type Hold, heldUntil, nextStepAt, stepAt } from '../../../src/dunning/domain/overdue.ts'
import type { Collection, FinalInvoice } from '../../../src/invoices/domain/invoice.ts'
import { HOUR_MS, plusMs } from '../../../src/kernel/instant.ts'
import { addLocalDays, localDaysBetween, type Zone } from '../../../src/kernel/zone.ts'
import { at, UTC } from '../../support/given.ts'
import { dueOn, standing, stepped } from './standings.ts'

const hold = (since: string, until: string): Hold => ({ since: at(since), until: at(until) })
const retrying = (failedAt: string, nextAttemptAt: string): Partial<Collection> => ({
  ...{ state: 'retrying', failedAt: at(failedAt), nextAttemptAt: at(nextAttemptAt) },
})
const released = (debt: FinalInvoice, ...holds: readonly Hold[]) =>
  holds.reduce((held, one) => heldUntil(held, one, UTC), debt).collection

describe('FR-088 the days of a hold', () => {
  test.each<readonly [what: string, hold: Hold, days: number]>([
    ['after the due date do not count', hold('2026-06-03', '2026-06-08'), 5],
    ['count by date, whatever the time of day', hold('2026-06-03T23:00:00Z', '2026-06-08T01:00:00Z'), 5],
    ['within a day are none', hold('2026-06-03T01:00:00Z', '2026-06-03T23:00:00Z'), 0],
    ['before the due date are none', hold('2026-05-01', '2026-06-01'), 0],
    ['from before the due date count from the day after it', hold('2026-05-01', '2026-06-08'), 6],
    ['from the due date itself do so too', hold('2026-06-01T12:00:00Z', '2026-06-08'), 6],
  ])('%s', (_, one, days) => {
    const held = dueOn('2026-06-01')
    expect(released(held, one).heldDays).toBe(days)
    const debt = { ...held, collection: released(held, one) }
    expect(stepAt(standing([debt]), at(`2026-06-${String(3 + days).padStart(2, '0')}T23:59:59Z`))).toBe('past_due')
    expect(stepAt(standing([debt]), at(`2026-06-${String(4 + days).padStart(2, '0')}`))).toBe('reminder')
  })

  test('of several holds add up', () => {
    const both = released(dueOn('2026-06-01'), hold('2026-06-03', '2026-06-08'), hold('2026-06-10', '2026-06-12'))
    expect(both.heldDays).toBe(7)
  })

  test('are those of the account, where the subscription’s day ends at another time', () => {
    const zone = 'America/New_York' as Zone
    // Due on 1 June in Tokyo: the 1st of June in New York, too, is the last day in time.
    const debt = dueOn('2026-06-01', 'Asia/Tokyo' as Zone)
    const one = { since: at('2026-05-20T12:00:00Z'), until: at('2026-06-05T12:00:00Z') }
    expect(heldUntil(debt, one, zone).collection.heldDays).toBe(3)
    expect(nextStepAt(standing([debt], { zone }))).toBe(at('2026-06-02T04:00:00Z'))
  })

  test('leave the step where it stood', () => {
    const warned = stepped(standing([dueOn('2026-06-01')]), at('2026-06-09'))
    const [debt] = warned.debts
    if (debt === undefined) throw new Error('there is one')
    const later = { ...warned, debts: [heldUntil(debt, hold('2026-06-09', '2026-08-01'), UTC)] }
    expect([warned.overdue.step, stepAt(later, at('2026-08-01'))]).toEqual(['warning', 'warning'])
    expect(nextStepAt(later)).toBe(at('2026-08-07'))
  })

  test('paid meanwhile, it is as if the hold’s days had not been', () => {
    const now = at('2026-06-16')
    const [old, young] = [dueOn('2026-06-01'), dueOn('2026-06-14')]
    const held = { ...stepped(standing([old, young]), now), heldSince: now }
    expect(stepAt({ ...held, debts: [young] }, at('2026-07-30'))).toBe('past_due')
  })
})

describe('FR-088 what is retried', () => {
  const failed = retrying('2026-06-01T10:00:00Z', '2026-06-04T10:00:00Z')

  test('moves by the days of the hold, its schedule with it', () => {
    expect(released(dueOn('2026-06-01', UTC, failed), hold('2026-06-02T12:00:00Z', '2026-06-05T09:00:00Z'))).toEqual({
      ...{ state: 'retrying', failedAt: at('2026-06-04T10:00:00Z'), nextAttemptAt: at('2026-06-07T10:00:00Z') },
      heldDays: 3,
    })
  })

  test('also where the hold began before it was due', () => {
    const noMethod = dueOn('2026-06-08', UTC, failed)
    expect(released(noMethod, hold('2026-06-02', '2026-06-05'))).toMatchObject({
      ...{ failedAt: at('2026-06-04T10:00:00Z'), nextAttemptAt: at('2026-06-07T10:00:00Z'), heldDays: 0 },
    })
  })

  test('and failed during the hold moves by what was left of that', () => {
    const during = retrying('2026-06-10T10:00:00Z', '2026-06-13T10:00:00Z')
    expect(released(dueOn('2026-06-01', UTC, during), hold('2026-06-02', '2026-06-12'))).toMatchObject({
      ...{ failedAt: at('2026-06-12T10:00:00Z'), nextAttemptAt: at('2026-06-15T10:00:00Z'), heldDays: 10 },
    })
  })

  test('is not made by it: what waits goes on waiting', () => {
    const suspended = { state: 'suspended', failedAt: at('2026-06-01') } as const
    expect(released(dueOn('2026-06-01', UTC, suspended), hold('2026-06-02', '2026-06-05'))).toMatchObject({
      ...{ state: 'suspended', failedAt: at('2026-06-04'), nextAttemptAt: null },
    })
    const never = released(dueOn('2026-06-01'), hold('2026-06-02', '2026-06-05'))
    expect(never).toMatchObject({ state: 'idle', failedAt: null, nextAttemptAt: null })
  })
})

test('FR-088 in any zone what a hold takes from the days it gives back to every date', () => {
  const zones = fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia')
  fc.assert(
    fc.property(zones, fc.nat(60 * 24), fc.nat(60 * 24), fc.nat(40), (name, begins, lasts, days) => {
      const zone = name as Zone
      const since = plusMs(at('2026-02-20'), begins * HOUR_MS)
      const until = plusMs(since, lasts * HOUR_MS)
      const failedAt = at('2026-02-25T11:00:00Z')
      const failed = { state: 'retrying', failedAt, nextAttemptAt: addLocalDays(failedAt, 3, zone) } as const
      const debt = dueOn(`2026-03-${String(1 + (days % 28)).padStart(2, '0')}`, zone, failed)
      const { collection } = heldUntil(debt, { since, until }, zone)
      const held = daysHeld({ since, until }, failedAt, zone)
      expect(held).toBeLessThanOrEqual(localDaysBetween(since, until, zone))
      expect(collection.heldDays).toBeLessThanOrEqual(held)
      expect(localDaysBetween(failedAt, collection.failedAt ?? failedAt, zone)).toBe(held)
      expect(localDaysBetween(failed.nextAttemptAt, collection.nextAttemptAt ?? failedAt, zone)).toBe(held)
    }),
  )
})
