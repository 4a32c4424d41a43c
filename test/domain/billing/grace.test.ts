import { describe, expect, test } from 'vitest'
import { at, price } from '../../support/given.ts'
import { givenCoupon, percentOff } from '../../support/given-discount.ts'
import { givenOffer, givenRules } from '../../support/given-selling.ts'
import { lived, refusal } from './history.ts'
import { begun, calls, knowing, START, sold } from './late.ts'
import { advance, attaches, documents, finalizes, invoice, subscribes, subscription } from './words.ts'

describe('a renewal with usage', () => {
  test('is a draft for the grace, takes what comes in it, and is final at its end', () => {
    const early = [calls('2026-06-30T23:00:00Z', 5000n)]
    const renewed = lived(begun(early), [START, subscribes({ planCode: 'metered' })], ['2026-07-01', advance])
    expect(documents(renewed)).toEqual(['open subscription: +4900', 'draft renewal: +4900 +4000'])
    expect(invoice(renewed, 1)).toMatchObject({ awaits: 'usage', finalizeAt: at('2026-07-01T01:00:00Z') })
    const more = knowing(renewed, [...early, calls('2026-06-30T23:30:00Z', 100n)])
    const final = lived(more, ['2026-07-01T01:00:00Z', advance])
    expect(documents(final)).toEqual(['open subscription: +4900', 'open renewal: +4900 +4100'])
    expect(invoice(final, 1)).toMatchObject({ issuedAt: at('2026-07-01'), finalizedAt: at('2026-07-01T01:00:00Z') })
  })

  test('is final at once where nothing was used, or where there is no grace', () => {
    const unused = lived(begun([]), [START, subscribes({ planCode: 'metered' })], ['2026-07-01', advance])
    expect(documents(unused)).toEqual(['open subscription: +4900', 'open renewal: +4900'])
    const none = { settings: givenRules({ usage: { graceMinutes: 0 } }) }
    const used = begun([calls('2026-06-10', 2000n)], sold(), none)
    const renewed = lived(used, [START, subscribes({ planCode: 'metered' })], ['2026-07-01', advance])
    expect(documents(renewed).at(-1)).toBe('open renewal: +4900 +1000')
  })

  test('that is closed by hand before its time takes no more', () => {
    const early = [calls('2026-06-30', 5000n)]
    const renewed = lived(begun(early), [START, subscribes({ planCode: 'metered' })], ['2026-07-01', advance])
    const closed = lived(renewed, [
      '2026-07-01T00:10:00Z',
      (history) => ({ type: 'finalize_invoice', id: invoice(history, 1).id, taxes: null }),
    ])
    expect(documents(closed).at(-1)).toBe('open renewal: +4900 +4000')
    expect(subscription(closed).metered[0]).toMatchObject({ sealedAt: at('2026-07-01T00:10:00Z') })
  })

  test('uses a coupon for one period, however much comes in its grace', () => {
    const coupon = givenCoupon({ code: 'TWICE', terms: percentOff('50'), duration: { type: 'periods', count: 2 } })
    const early = [calls('2026-06-30', 5000n)]
    const start = begun(early, sold(), { offered: [coupon] })
    const renewed = lived(
      start,
      [START, attaches('TWICE')],
      [START, subscribes({ planCode: 'metered' })],
      ['2026-07-01', advance],
    )
    const more = knowing(renewed, [...early, calls('2026-06-30', 100n)])
    const final = lived(more, ['2026-07-01T01:00:00Z', advance], ['2026-08-01', advance])
    expect(documents(final).slice(1)).toEqual(['open renewal: +2450 +2050', 'open renewal: +4900'])
  })

  test('may come to nothing by a coupon, as it is known at its end: then there is nothing to tax', () => {
    const early = [calls('2026-06-30', 5000n)]
    const renewed = lived(
      begun(early, sold(), { offered: [givenCoupon({ code: 'ALL', terms: percentOff('100') })] }),
      [START, subscribes({ planCode: 'metered' })],
      ['2026-07-01', advance],
      ['2026-07-01T00:10:00Z', attaches('ALL')],
    )
    const told = '2026-07-01T00:20:00Z'
    const more = knowing(renewed, [...early, calls('2026-06-30', 100n)])
    expect(refusal(more, told, finalizes(1, [931n]))).toMatchObject({ code: 'invalid_request', pointer: '/taxes' })
    expect(invoice(lived(more, [told, finalizes(1, [])]), 1)).toMatchObject({ status: 'paid', total: 0n })
  })

  test('joins the account’s invoice of the day, which waits for the longest grace', () => {
    const plans = [sold(), givenOffer(21, 'plain', [price('1000')])]
    const settings = (graceMinutes: number) => givenRules({ usage: { graceMinutes }, invoicing: { consolidate: true } })
    const early = [calls('2026-06-30', 5000n)]
    const renewed = (graceMinutes: number) =>
      lived(
        begun(early, sold(), { plans, settings: settings(graceMinutes) }),
        [START, subscribes({ planCode: 'metered' })],
        [START, subscribes({ planCode: 'plain' })],
        ['2026-07-01', advance],
      )
    expect(documents(renewed(60)).at(-1)).toBe('draft renewal: +4900 +4000 +1000')
    expect(invoice(renewed(60), 2)).toMatchObject({ awaits: 'day_end', finalizeAt: at('2026-07-02') })
    expect(invoice(renewed(1500), 2)).toMatchObject({ finalizeAt: at('2026-07-02T01:00:00Z') })
    const more = knowing(renewed(60), [...early, calls('2026-06-30', 100n)])
    expect(documents(lived(more, ['2026-07-02', advance])).at(-1)).toBe('open renewal: +4900 +1000 +4100')
  })
})
