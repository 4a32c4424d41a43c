import { describe, expect, test } from 'vitest'
import { price } from '../../support/given.ts'
import { givenCharge } from '../../support/given-charges.ts'
import { givenCoupon, percentOff } from '../../support/given-discount.ts'
import { givenCustomer, givenOffer } from '../../support/given-selling.ts'
import { lived } from './history.ts'
import { begun, billed, calls, due, knowing, reports, START, sold } from './late.ts'
import {
  advance,
  attaches,
  balances,
  cancels,
  changes,
  creditLeft,
  documents,
  gateway,
  invoice,
  invoicesOf,
  owed,
  subscribes,
  subscription,
  voids,
} from './words.ts'

describe('FR-051 FR-079 usage that comes late', () => {
  const most = [calls('2026-06-10', 10_900n)]

  test('is invoiced by what all of it comes to, less what was: 9,900 at first and 200 beyond the tier are 150', () => {
    const free = sold()
    const first = billed([calls('2026-06-10', 9_900n)], free)
    expect(documents(first).at(-1)).toBe('open renewal: +4900 +8900')
    const reported = lived(knowing(first, [calls('2026-06-10', 9_900n), calls('2026-06-11', 200n)]), [
      '2026-07-01T03:00:00Z',
      reports('2026-06-11'),
    ])
    expect(due(reported)).toBe('2026-07-02T01:00:00.000Z')
    const supplemented = lived(reported, ['2026-07-02T01:00:00Z', advance])
    expect(documents(supplemented).at(-1)).toBe('open supplemental: +150')
    expect(invoice(supplemented, 2).lines[0]).toMatchObject({
      kind: 'usage',
      quantity: '200',
      billingKey: expect.stringMatching(/^supplemental:\d+:\d+:usage:/),
    })
  })

  test('is gathered for a day from the seal on, in one invoice, and in another the next day', () => {
    const first = billed(most)
    const more = [...most, calls('2026-06-11', 10n), calls('2026-06-12', 10n)]
    const once = lived(
      knowing(first, more),
      ['2026-07-01T03:00:00Z', reports('2026-06-11')],
      ['2026-07-01T20:00:00Z', reports('2026-06-12')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(documents(once).slice(2)).toEqual(['open supplemental: +10'])
    const again = lived(knowing(once, [...more, calls('2026-06-13', 100n)]), [
      '2026-07-03T12:00:00Z',
      reports('2026-06-13'),
    ])
    expect(due(again)).toBe('2026-07-04T01:00:00.000Z')
    expect(documents(lived(again, ['2026-07-04T01:00:00Z', advance])).slice(2)).toEqual([
      'open supplemental: +10',
      'open supplemental: +50',
    ])
  })

  test('comes to nothing where it costs nothing, and a week after the period nothing is invoiced any more', () => {
    const first = billed([calls('2026-06-10', 100n)])
    const free = lived(
      knowing(first, [calls('2026-06-10', 200n)]),
      ['2026-07-01T03:00:00Z', reports('2026-06-10')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(documents(free)).toHaveLength(2)
    const late = lived(knowing(first, [calls('2026-06-10', 20_000n)]), ['2026-07-07T23:59:59Z', reports('2026-06-10')])
    expect(due(late)).toBe('2026-07-08T01:00:00.000Z')
    const later = lived(knowing(first, [calls('2026-06-10', 20_000n)]), ['2026-07-09', reports('2026-06-10')])
    expect(due(later)).toBe('2026-08-01T00:00:00.000Z')
  })

  test('of a period for which nothing was invoiced is invoiced whole', () => {
    const first = lived(begun([]), [START, subscribes({ planCode: 'metered' })], ['2026-07-01', advance])
    const reported = lived(
      knowing(first, [calls('2026-06-10', 1_500n)]),
      ['2026-07-01T03:00:00Z', reports('2026-06-10')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(documents(reported).at(-1)).toBe('open supplemental: +500')
  })

  test('that turns out to be less is a credit note on the line, first on what is owed', () => {
    const owing = lived(
      knowing(billed(most), [calls('2026-06-10', 10_000n)]),
      ['2026-07-01T03:00:00Z', reports('2026-06-10')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(documents(owing)).toHaveLength(2)
    expect([...owing.creditNotes.values()]).toMatchObject([{ total: 450n, reduced: 450n, credited: 0n }])
    expect(owed(owing)).toBe(4_900n + 4_900n + 9_000n)
    const upAgain = lived(
      knowing(owing, [calls('2026-06-10', 10_100n)]),
      ['2026-07-02T03:00:00Z', reports('2026-06-10')],
      ['2026-07-03T01:00:00Z', advance],
    )
    expect(documents(upAgain).at(-1)).toBe('open supplemental: +50')
    const downAgain = lived(
      knowing(upAgain, []),
      ['2026-07-03T03:00:00Z', reports('2026-06-10')],
      ['2026-07-04T01:00:00Z', advance],
    )
    expect(owed(downAgain)).toBe(4_900n + 4_900n)
    expect(balances(downAgain)).toMatchObject({ receivable: 9_800n })
  })

  test('is credited to the balance where it was paid', () => {
    const paid = lived(billed(most, sold(), { account: givenCustomer() }), [
      '2026-07-01T01:00:01Z',
      gateway('succeeded'),
    ])
    const less = lived(
      knowing(paid, [calls('2026-06-10', 10_000n)]),
      ['2026-07-01T03:00:00Z', reports('2026-06-10')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(creditLeft(less)).toBe(450n)
  })

  test('waits while the invoice is being paid', () => {
    const paying = billed(most, sold(), { account: givenCustomer() })
    const less = lived(
      knowing(paying, [calls('2026-06-10', 10_000n)]),
      ['2026-07-01T03:00:00Z', reports('2026-06-10')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(due(less)).toBe('2026-07-02T02:00:00.000Z')
    expect(less.creditNotes.size).toBe(0)
  })

  test('is discounted by the percentage that the invoice was', () => {
    const coupon = givenCoupon({ code: 'HALF', terms: percentOff('50'), duration: { type: 'forever' } })
    const start = begun(most, sold(), { offered: [coupon] })
    const first = lived(
      start,
      [START, attaches('HALF')],
      [START, subscribes({ planCode: 'metered' })],
      ['2026-07-01', advance],
      ['2026-07-01T01:00:00Z', advance],
    )
    const more = lived(
      knowing(first, [calls('2026-06-10', 11_300n)]),
      ['2026-07-01T03:00:00Z', reports('2026-06-10')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(documents(more).at(-1)).toBe('open supplemental: +100')
  })

  test('lowers what was missing to a minimum', () => {
    const plan = sold({ minimum: '2000' })
    const first = billed([calls('2026-06-10', 2_000n)], plan)
    expect(documents(first).at(-1)).toBe('open renewal: +4900 +1000 +1000')
    const within = lived(
      knowing(first, [calls('2026-06-10', 2_500n)]),
      ['2026-07-01T03:00:00Z', reports('2026-06-10')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(documents(within)).toHaveLength(2)
    const beyond = lived(
      knowing(first, [calls('2026-06-10', 3_500n)]),
      ['2026-07-01T03:00:00Z', reports('2026-06-10')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(documents(beyond).at(-1)).toBe('open supplemental: +1500 -1000')
  })

  test('of one that has ended is invoiced too, until it is forgotten', () => {
    const first = lived(begun(most), [START, subscribes({ planCode: 'metered' })], ['2026-06-20', cancels()])
    expect(documents(first)).toEqual(['open subscription: +4900', 'draft usage: +9450'])
    const final = lived(first, ['2026-06-20T01:00:00Z', advance])
    const more = lived(
      knowing(final, [calls('2026-06-10', 11_100n)]),
      ['2026-06-21', reports('2026-06-10')],
      ['2026-06-21T01:00:00Z', advance],
    )
    expect(documents(more).slice(1)).toEqual(['open usage: +9450', 'open supplemental: +100'])
    expect(due(more)).toBe('2026-06-29T00:00:00.000Z')
    const over = lived(more, ['2026-06-29', advance])
    expect([subscription(over).metered, due(over)]).toEqual([[], null])
  })

  test('before a change is priced as it was sold then', () => {
    const other = givenOffer(21, 'other', [price('4900')], {
      charges: [givenCharge({ model: { type: 'standard', unitAmount: '2' } })],
    })
    const start = begun([calls('2026-06-05', 2_000n), calls('2026-06-20', 100n)], sold(), { plans: [sold(), other] })
    const first = lived(
      start,
      [START, subscribes({ planCode: 'metered' })],
      ['2026-06-16', changes({ planCode: 'other', granularity: 'none' })],
      ['2026-07-01', advance],
      ['2026-07-01T01:00:00Z', advance],
    )
    expect(documents(first).at(-1)).toBe('open renewal: +4900 +1000 +200')
    const more = knowing(first, [calls('2026-06-05', 2_500n), calls('2026-06-20', 100n)])
    expect(
      documents(lived(more, ['2026-07-01T03:00:00Z', reports('2026-06-05')], ['2026-07-02T01:00:00Z', advance])).at(-1),
    ).toBe('open supplemental: +500')
  })

  test('is compared with the correction of an invoice that was voided, and let go where there is none', () => {
    const corrected = lived(billed(most), ['2026-07-01T02:00:00Z', voids(1)])
    const more = lived(
      knowing(corrected, [calls('2026-06-10', 11_100n)]),
      ['2026-07-01T03:00:00Z', reports('2026-06-10')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(documents(more).slice(1)).toEqual([
      'void renewal: +4900 +9450',
      'open correction: +4900 +9450',
      'open supplemental: +100',
    ])
    const gone = lived(billed(most), ['2026-07-01T02:00:00Z', voids(1, false)])
    const still = lived(knowing(gone, [calls('2026-06-10', 11_100n)]), ['2026-07-01T03:00:00Z', reports('2026-06-10')])
    expect(due(still)).toBe('2026-08-01T00:00:00.000Z')
    expect(invoicesOf(still)).toHaveLength(2)
  })

  test('reported again changes nothing', () => {
    const reported = lived(knowing(billed(most), most), ['2026-07-01T03:00:00Z', reports('2026-06-11')])
    const again = lived(reported, ['2026-07-01T04:00:00Z', reports('2026-06-11')])
    expect(again.events).toEqual(reported.events)
  })

  test('after two changes as of one instant is compared once', () => {
    const standard = (n: number, code: string, unitAmount: string) =>
      givenOffer(n, code, [price('4900')], { charges: [givenCharge({ model: { type: 'standard', unitAmount } })] })
    const plans = [standard(20, 'metered', '1'), standard(21, 'other', '2'), standard(22, 'third', '5')]
    const start = begun([calls('2026-06-20', 10n)], plans[0], { plans })
    const to = (planCode: string) => changes({ planCode, granularity: 'none' })
    const first = lived(
      start,
      [START, subscribes({ planCode: 'metered' })],
      ['2026-06-16', to('other')],
      ['2026-06-16', to('third')],
      ['2026-07-01', advance],
      ['2026-07-01T01:00:00Z', advance],
    )
    expect(documents(first).at(-1)).toBe('open renewal: +4900 +50')
    const more = lived(
      knowing(first, [calls('2026-06-20', 11n)]),
      ['2026-07-01T03:00:00Z', reports('2026-06-20')],
      ['2026-07-02T01:00:00Z', advance],
    )
    expect(documents(more).at(-1)).toBe('open supplemental: +5')
  })

  test('is owed for as long as a payment is under way, also when the period would be forgotten', () => {
    const start = begun(most, sold(), { account: givenCustomer() })
    const ended = lived(
      start,
      [START, subscribes({ planCode: 'metered' })],
      [START, gateway('succeeded')],
      ['2026-06-20', cancels()],
      ['2026-06-20T01:00:00Z', advance],
    )
    const less = lived(
      knowing(ended, [calls('2026-06-10', 10_000n)]),
      ['2026-06-21', reports('2026-06-10')],
      ['2026-06-29T12:00:00Z', advance],
    )
    expect(subscription(less).metered).toHaveLength(1)
    const paid = lived(less, ['2026-06-29T12:30:00Z', gateway('succeeded')], ['2026-06-29T14:00:00Z', advance])
    expect(creditLeft(paid)).toBe(450n)
    expect(subscription(lived(paid, ['2026-06-30', advance])).metered).toEqual([])
  })

  test('that is reported before the invoice it is late for is made, makes that one read again', () => {
    const running = lived(begun(most), [START, subscribes({ planCode: 'metered' })])
    const reported = lived(running, ['2026-06-20', reports('2026-06-10')])
    expect(subscription(reported).version).toBe(subscription(running).version + 1)
    expect(reported.snapshot.account.version).toBe(running.snapshot.account.version + 1)
  })
})
