import { describe, expect, test } from 'vitest'
import type { Charge } from '../../../src/plans/domain/charge.ts'
import { type Cap, capsOn, countsFor, refusalByCaps, thresholdsPassed } from '../../../src/usage/domain/caps.ts'
import { type Counted, totalOf } from '../../../src/usage/domain/totals.ts'
import { at, givenTrial, id, type USD } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { metered, week } from '../subscriptions/metered.ts'
import { aprilOn, profileOf, used } from './profiles.ts'

const april = { start: at('2026-04-01'), end: at('2026-05-01') }

function capped(about: Partial<Charge> = {}): Charge {
  return givenCharge({ cap: { limit: '10', over: 'reject' }, ...about })
}

function counted(value: string): Counted {
  return { id: `e${value}`, at: at('2026-04-10'), value }
}

function cap(usedSoFar: string, held: readonly string[] = [], about: Partial<Charge> = {}): Cap {
  const [charge] = profileOf(aprilOn('2026-04-10'), { versions: [metered([capped(about)])] }).capped
  if (charge === undefined) throw new Error('a capped charge')
  const known = { quantity: usedSoFar, held: null, values: [], last: null }
  return { charge, period: april, total: totalOf('sum', known, april), held: held.map(counted) }
}

describe('FR-080 an event passes a limit', () => {
  test.each([
    ['that it comes to', '6', '4', [], false],
    ['that it would pass', '6', '4.000000000001', [], true],
    ['that is held for somebody', '6', '2', ['3'], true],
    ['with what is held', '6', '1', ['3'], false],
    ['that was passed before, and uses more', '12', '0.1', [], true],
    ['that was passed before, and uses nothing', '12', '0', [], false],
    ['that was passed before, and gives back', '12', '-1', [], false],
  ] as const)('%s: %s used, then %s', (_, before, value, held, refused) => {
    expect(refusalByCaps(counted(value), [cap(before, held)]) !== null).toBe(refused)
  })

  test('is refused by any of them, and told by which', () => {
    const caps = [cap('0', [], { cap: { limit: '100', over: 'reject' } }), cap('6', ['1'])]
    expect(refusalByCaps(counted('5'), caps)).toEqual({
      status: 'rejected',
      code: 'cap_reached',
      detail:
        'api_calls is limited to 10 from 2026-04-01T00:00:00Z to 2026-05-01T00:00:00Z: 6 are used, 1 reserved, and this event would bring it to 12.',
      hint: 'Use less, wait until 2026-05-01T00:00:00Z, or change the subscription to a plan that allows more.',
    })
  })

  test('that bills what is beyond it, and is taken', () => {
    expect(refusalByCaps(counted('99'), [cap('6', [], { cap: { limit: '10', over: 'bill' } })])).toBeNull()
  })
})

describe('a threshold is passed', () => {
  test.each([
    ['7.999', '10', []],
    ['8', '10', [80]],
    ['9.999', '10', [80]],
    ['10', '10', [80, 100]],
    ['0', '0', []],
    ['1', '0', [80, 100]],
    ['-1', '10', []],
  ])('with %s of %s: %j', (quantity, limit, percents) => {
    const passed = thresholdsPassed(cap(quantity, ['10'], { cap: { limit, over: 'bill' } }))
    expect(passed.map(({ report }) => report.percent)).toEqual(percents)
    expect(new Set(passed.map(({ subject }) => subject)).size).toBe(percents.length)
  })
})

test('80 percent of another limit in the same period is told anew', () => {
  const subjects = (limit: string) =>
    thresholdsPassed(cap('9', [], { cap: { limit, over: 'bill' } })).map(({ subject }) => subject)
  expect(subjects('10')).not.toEqual(subjects('11'))
})

describe('a limit counts', () => {
  test.each([
    [{}, {}, true],
    [{ region: 'eu' }, { region: 'eu', size: 'l' }, true],
    [{ region: 'eu' }, { region: 'us' }, false],
    [{ region: 'eu', size: 'l' }, { region: 'eu' }, false],
  ])('by %j what has %j: %s', (filters, properties, counts) => {
    expect(countsFor({ metric: 'api_calls', filters }, { metric: 'api_calls', properties })).toBe(counts)
    expect(countsFor({ metric: 'api_calls', filters }, { metric: 'emails', properties })).toBe(false)
  })

  /** `name start end` of each limit that something used at a time counts for. */
  function limits(when: string, charges: readonly Charge[], subscription = aprilOn('2026-04-10', [metered(charges)])) {
    return capsOn(profileOf(subscription, { versions: [metered(charges)] }), used({ at: when })).map(({ period }) =>
      [period.start, period.end].map((instant) => new Date(instant).toISOString().slice(5, 10)).join(' '),
    )
  }

  test.each([
    ['2026-04-01T00:00:00Z', ['04-01 05-01']],
    ['2026-04-30T23:59:59Z', ['04-01 05-01']],
    ['2026-05-01T00:00:00Z', ['05-01 06-01']],
    ['2026-03-31T23:59:59Z', []],
  ])('what is used at %s in %j', (when, periods) => {
    expect(limits(when, [capped()])).toEqual(periods)
  })

  test('each charge in its own period', () => {
    expect(limits('2026-04-10', [capped(), capped({ interval: week })])).toEqual(['04-01 05-01', '04-08 04-15'])
  })

  test('in the period before, which is not forgotten yet', () => {
    const charges = [capped()]
    expect(limits('2026-04-20', charges, aprilOn('2026-05-03', [metered(charges)]))).toEqual(['04-01 05-01'])
  })

  test('in a trial, which is one period', () => {
    expect(limits('2026-02-02', [capped()], givenTrial())).toEqual(['01-31 02-14'])
  })

  test('only of its subscription’s currency, and only where there is one', () => {
    expect(limits('2026-04-10', [givenCharge(), capped({ currency: 'EUR' as typeof USD })])).toEqual([])
  })

  test('those of add-ons by names of their own', () => {
    const [plan, extra] = [metered([capped()]), metered([capped()], {}, 60)]
    const item = { planId: id('plan', 50), planVersionId: extra.id, quantity: 2, unitAmount: null }
    const subscription = aprilOn('2026-04-10', [plan, extra], { addOns: [item] })
    const names = profileOf(subscription, { versions: [plan, extra] }).capped.map(({ name }) => name)
    expect(new Set(names).size).toBe(2)
  })
})
