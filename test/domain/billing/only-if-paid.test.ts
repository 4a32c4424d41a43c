import { describe, expect, test } from 'vitest'
import { at, price } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { givenOffer, usageOfEvents } from '../../support/given-selling.ts'
import { beginning, lived, refusal } from './history.ts'
import {
  advance,
  balances,
  cancels,
  changes,
  creditLeft,
  documents,
  gateway,
  grants,
  invoice,
  pauses,
  subscribes,
  subscription,
} from './words.ts'

const START = '2026-06-01'

describe('a change that depends on its payment', () => {
  const team = changes({ planCode: 'team', onlyIfPaid: true })
  const asked = () => lived(beginning(), [START, subscribes()], [START, gateway('succeeded')], ['2026-06-16', team])

  test('waits for the gateway, and is made when it has paid', () => {
    const waiting = asked()
    expect(subscription(waiting)).toMatchObject({
      planId: expect.anything(),
      pendingChange: { expiresAt: at('2026-06-16T23:00:00Z') },
    })
    expect(documents(waiting).at(-1)).toBe('open proration: -2450 +4950')
    expect(refusal(waiting, '2026-06-16', changes({ quantity: 2 }))).toMatchObject({ code: 'command_not_possible' })
    expect(refusal(waiting, '2026-06-16', pauses())).toMatchObject({ code: 'command_not_possible' })
    const unsure = lived(waiting, ['2026-06-16', gateway('unknown')])
    expect(subscription(unsure)).toMatchObject({ pendingChange: { invoiceId: invoice(waiting, 1).id } })
    const made = lived(unsure, ['2026-06-16T01:00:00Z', gateway('succeeded')])
    expect(subscription(made)).toMatchObject({ pendingChange: null, planVersionId: expect.stringMatching(/./) })
    expect(documents(lived(made, ['2026-07-01', advance]))).toEqual([
      'paid subscription: +4900',
      'paid proration: -2450 +4950',
      'open renewal: +9900',
    ])
  })

  test('declined is void, and the subscription as it was', () => {
    const before = asked()
    const declined = lived(before, ['2026-06-16T01:00:00Z', gateway('declined')])
    expect(documents(declined).at(-1)).toBe('void proration: -2450 +4950')
    expect(subscription(declined)).toMatchObject({ pendingChange: null })
    expect(balances(declined)).toEqual({ cash: 4900n, revenue: -4900n })
    expect(documents(lived(declined, ['2026-07-01', advance])).at(-1)).toBe('open renewal: +4900')
  })

  test('declined gives back the credit that paid a part of it', () => {
    const partly = lived(
      lived(beginning(), [START, subscribes()], [START, gateway('succeeded')]),
      ['2026-06-02', grants(1000n)],
      ['2026-06-16', team],
      ['2026-06-16', gateway('declined')],
    )
    expect(creditLeft(partly)).toBe(1000n)
    expect(balances(partly)).toEqual({ cash: 4900n, revenue: -4900n, granted: 1000n, credit: -1000n })
  })

  test('is given up after 23 hours, unless the gateway still owes an answer', () => {
    const waiting = lived(asked(), ['2026-06-17', advance])
    expect(subscription(waiting)).toMatchObject({ pendingChange: { expiresAt: at('2026-06-18') } })
  })

  test('holds the renewal until the gateway has answered, however long', () => {
    const asLate = lived(
      beginning(),
      [START, subscribes()],
      [START, gateway('succeeded')],
      ['2026-06-30T12:00:00Z', changes({ planCode: 'team', onlyIfPaid: true })],
      ['2026-07-01T09:00:00Z', advance],
    )
    expect(documents(asLate).slice(1)).toEqual(['open proration: -163 +330'])
    const made = lived(asLate, ['2026-07-01T09:30:00Z', gateway('succeeded')], ['2026-07-01T09:31:00Z', advance])
    expect(documents(made).slice(1)).toEqual(['paid proration: -163 +330', 'open renewal: +9900'])
    const inDoubt = lived(asLate, ['2026-07-01T10:00:00Z', gateway('unknown')], ['2026-08-15', advance])
    expect(documents(inDoubt).slice(1)).toEqual(['open proration: -163 +330'])
    const late = lived(inDoubt, ['2026-08-15', gateway('succeeded')], ['2026-08-15', advance])
    expect(documents(late).slice(1)).toEqual([
      'paid proration: -163 +330',
      'open renewal: +9900',
      'open renewal: +9900',
    ])
  })

  test('in doubt for long is asked for ever less often', () => {
    const days = Array.from(
      { length: 60 },
      (_, day) => [new Date(Date.UTC(2026, 5, 17 + day)).toISOString(), advance] as const,
    )
    const waited = lived(lived(asked(), ['2026-06-16T01:00:00Z', gateway('unknown')]), ...days)
    const told = waited.events.filter(({ type }) => type === 'subscription.change_pending')
    expect(told.length).toBeLessThan(9)
  })

  test('that its owner would have to confirm is given up', () => {
    const absent = lived(asked(), ['2026-06-16T01:00:00Z', gateway('authentication_required')], ['2026-07-01', advance])
    expect(documents(absent).slice(1)).toEqual(['void proration: -2450 +4950', 'open renewal: +4900'])
  })

  test('is not cancelled away while it is paid', () => {
    expect(refusal(asked(), '2026-06-16', cancels())).toMatchObject({ code: 'command_not_possible' })
  })

  test('that costs nothing is made at once; with nothing to charge it is refused', () => {
    const down = lived(
      beginning(),
      [START, subscribes({ planCode: 'team' })],
      [START, gateway('succeeded')],
      ['2026-06-16', changes({ planCode: 'starter', onlyIfPaid: true })],
    )
    expect([subscription(down), creditLeft(down)]).toMatchObject([{ pendingChange: null }, 2500n])
    const poor = lived(beginning({ methods: [] }), [START, subscribes()])
    expect(refusal(poor, '2026-06-16', team)).toMatchObject({ code: 'payment_method_missing' })
  })
})

test('a change of interval that was paid bills what was used until then', () => {
  const charge = givenCharge({ model: { type: 'standard', unitAmount: '2' } })
  const year = { unit: 'year', count: 1 } as const
  const plan = givenOffer(20, 'metered', [price('4900'), price('49000', year)], { charges: [charge] })
  const used = usageOfEvents([{ metric: 'api_calls', at: '2026-06-10', quantity: 100n }])
  const start = beginning({ plans: [plan], usageOf: used })
  const asked = lived(
    start,
    [START, subscribes({ planCode: 'metered' })],
    [START, gateway('succeeded')],
    ['2026-06-16', changes({ interval: year, onlyIfPaid: true })],
    ['2026-06-16T01:00:00Z', gateway('succeeded')],
  )
  expect(documents(asked).slice(1)).toEqual(['paid proration: -2450 +49000', 'open usage: +200'])
})
