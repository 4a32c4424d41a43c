import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LineDiscount } from '../../../src/discounts/domain/discount-lines.ts'
import { discounted } from '../../../src/invoices/domain/draft.ts'
import { type Line, netOf } from '../../../src/invoices/domain/invoice.ts'
import { creditLine, linesInForce, unusedOf } from '../../../src/invoices/domain/proration.ts'
import type { Fraction } from '../../../src/kernel/fraction.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { at, givenDraft, givenInvoice, givenLine, id, idsOf, UTC } from '../../support/given.ts'

const april = { start: at('2026-04-01'), end: at('2026-05-01') }
const subscriptionId = id('subscription', 7)
const about = { subscriptionId, period: april, except: null }
const base = (n: number, given: Partial<Line> = {}) => givenLine(n, { period: april, ...given })

function credit(line: Line, fraction: Fraction | null, creditable = netOf(line)): Line {
  const unused = { from: at('2026-04-16'), end: april.end, fraction, key: 'proration:1', zone: UTC }
  return creditLine({ line, charged: netOf(line), creditable }, unused, idsOf(2))
}

const of = (numerator: number, denominator: number): Fraction => ({ numerator, denominator })
const percent = (amount: bigint): LineDiscount => {
  const half = { discountId: id('discount', 1), couponCode: 'HALF', percent: '50', planIds: null }
  return { ...half, scope: 'account', amount }
}
const vat = { name: 'VAT', country: 'DE', region: null, percent: '19' }

describe('FR-030 a credit', () => {
  test.each([
    ['4900, half of 30 days left', 4900n, of(15, 30), -2450n],
    ['1000, cancelled after 10 of 30 days', 1000n, of(20, 30), -667n],
    ['99900 a year from 1 January, changed on 2 July', 99_900n, of(183, 365), -50_087n],
    ['half a cent away from zero', 1n, of(1, 2), -1n],
    ['all of it', 4900n, null, -4900n],
    ['nothing, on the last day', 4900n, of(0, 30), 0n],
  ])('%s: %s', (_, amount, fraction, expected) => {
    expect(credit(base(1, { amount }), fraction)).toMatchObject({ amount: expected, discount: 0n, tax: 0n })
  })

  test('names the line it gives back, for the time that is left', () => {
    expect(credit(base(1), of(15, 30))).toMatchObject({
      ...{ kind: 'proration_credit', creditsLineId: base(1).id, billingKey: 'proration:1', proration: of(15, 30) },
      ...{ description: 'Unused: Pro, from 16 Apr 2026', period: { start: at('2026-04-16'), end: april.end } },
    })
    expect(credit(base(1), of(15, 30)).id).not.toBe(base(1).id)
  })

  test('is of what the line came to after discounts: 4900 at 50 % gives −1225', () => {
    const made = credit(discounted(base(1), [percent(2450n)]), of(15, 30))
    expect([made.amount, made.discount, netOf(made)]).toEqual([-2450n, -1225n, -1225n])
    expect(made.discounts).toMatchObject([{ couponCode: 'HALF', amount: -1225n }])
  })

  test('carries the tax of the line, in proportion', () => {
    const taxes = [
      { ...vat, amount: 931n },
      { ...vat, name: 'City', percent: '1', amount: 49n },
    ]
    const made = credit(base(1, { taxes, tax: 980n }), of(15, 30))
    expect(made.taxes.map(({ name, percent, amount }) => [name, percent, amount])).toEqual([
      ['VAT', '19', -466n],
      ['City', '1', -25n],
    ])
    expect(made.tax).toBe(-491n)
  })

  test.each([
    ['less than its part', 1000n, -1000n],
    ['as much', 2450n, -2450n],
    ['nothing', 0n, 0n],
  ])('is at most what is left of the line: %s', (_, creditable, amount) => {
    expect(netOf(credit(base(1), of(15, 30), creditable))).toBe(amount)
  })

  test('of nothing is nothing', () => {
    expect(credit(base(1, { amount: 0n, taxes: [{ ...vat, amount: 0n }] }), of(15, 30))).toMatchObject({ tax: 0n })
  })

  test('never gives back more than there was, of net, discount or tax', () => {
    const anything = fc.record({
      amount: fc.bigInt(0n, 10n ** 9n),
      off: fc.bigInt(0n, 100n),
      taxes: fc.array(fc.bigInt(0n, 10n ** 8n), { maxLength: 3 }),
      served: fc.integer({ min: 1, max: 366 }),
      unused: fc.integer({ min: 0, max: 366 }),
      left: fc.bigInt(0n, 10n ** 9n),
    })
    fc.assert(
      fc.property(anything, ({ amount, off, taxes, served, unused, left }) => {
        const plain = base(1, { amount, taxes: taxes.map((one) => ({ ...vat, amount: one })) })
        const line = discounted(plain, [percent((amount * off) / 100n)])
        const creditable = left < netOf(line) ? left : netOf(line)
        const made = credit(line, of(Math.min(unused, served), served), creditable)
        expect(-netOf(made) <= creditable && netOf(made) <= 0n).toBe(true)
        expect(-made.discount <= line.discount && made.discount <= 0n).toBe(true)
        for (const [index, tax] of made.taxes.entries())
          expect(-tax.amount <= (line.taxes[index]?.amount ?? 0n) && tax.amount <= 0n).toBe(true)
        expect(made.tax).toBe(made.taxes.reduce((sum, tax) => sum + tax.amount, 0n))
      }),
    )
  })
})

describe('what is unused of a line', () => {
  const unused = (line: Line, from: string, end = april.end, granularity: 'day' | 'second' = 'day', zone = UTC) => {
    const part = unusedOf(line, { from: at(from), end, granularity, zone })
    return part === null ? 'all' : `${part.numerator}/${part.denominator}`
  }
  const paused = at('2026-05-11')
  const stub = base(1, { period: { start: at('2026-04-21'), end: april.end } })
  const oneDay = base(1, { period: { start: at('2026-04-21T09:00:00Z'), end: at('2026-04-21T18:00:00Z') } })
  test.each([
    ['from the day of the change', base(1), '2026-04-16T18:00:00Z', april.end, '15/30'],
    ['all of it on the first', base(1), '2026-04-01T18:00:00Z', april.end, 'all'],
    ['of its own served days, not the period’s', stub, '2026-04-26', april.end, '5/10'],
    ['where a pause moved the end', base(1), '2026-04-26', paused, '15/30'],
    ['never more than was served', base(1), '2026-04-02', at('2026-06-01'), 'all'],
    ['within one day: all while there is any', oneDay, '2026-04-21T12:00:00Z', oneDay.period.end, 'all'],
    ['and nothing at its end', oneDay, '2026-04-21T18:00:00Z', oneDay.period.end, '0/1'],
  ])('%s', (_, line, from, end, part) => {
    expect(unused(line, from, end)).toBe(part)
  })

  test('by the second, and by the days of its zone', () => {
    expect(unused(base(1), '2026-04-16T12:00:00Z', april.end, 'second')).toBe(`${14.5 * 86_400_000}/${30 * 86_400_000}`)
    expect(unused(base(1), '2026-04-16T03:00:00Z', april.end, 'day', 'America/New_York' as Zone)).toBe('15/30')
    expect(unused(base(1), '2026-04-16T05:00:00Z', april.end, 'day', 'America/New_York' as Zone)).toBe('14/30')
  })
})

describe('the lines in force', () => {
  const found = (
    invoices: Parameters<typeof linesInForce>[0],
    credited = new Map<Line['id'], bigint>(),
    given: Partial<typeof about> | { except: ReturnType<typeof givenDraft>['id'] } = {},
  ) => linesInForce(invoices, { ...about, ...given }, credited).map(({ line, creditable }) => [line.id, creditable])
  const first = base(1)
  const second = base(2, {
    kind: 'proration_charge',
    amount: 4950n,
    period: { start: at('2026-04-16'), end: april.end },
  })
  const back = { ...credit(first, of(15, 30)), id: id('line', 190) }
  const bill = givenInvoice([], { lines: [first] })
  const day = (status: 'draft' | 'open' | 'void' | 'deleted') => {
    const draft = givenDraft([], { id: id('invoice', 9), lines: [back, second] })
    if (status === 'draft') return draft
    const { awaits: _, finalizeAt: __, ...body } = draft
    if (status === 'deleted') return { ...body, status }
    return givenInvoice([], { id: id('invoice', 9), lines: [back, second], status })
  }

  test('are base and charges of the subscription’s period, whether paid or not', () => {
    for (const status of ['open', 'paid'] as const) expect(found([{ ...bill, status }])).toEqual([[first.id, 4900n]])
    const others = [
      base(3, { kind: 'usage' }),
      base(4, { kind: 'minimum' }),
      base(5, { kind: 'one_off' }),
      base(6, { subscriptionId: id('subscription', 70) }),
      base(7, { period: { start: at('2026-03-01'), end: april.start } }),
      base(8, { period: { start: april.end, end: at('2026-06-01') } }),
    ]
    expect(found([givenInvoice([], { lines: others })])).toEqual([])
  })

  test('are not those of a void or deleted invoice', () => {
    expect(found([{ ...bill, status: 'void' }])).toEqual([])
    expect(found([bill, day('deleted')])).toEqual([[first.id, 4900n]])
  })

  test.each([
    ['draft', [second]],
    ['open', [second]],
    ['void', [first]],
    ['deleted', [first]],
  ] as const)('what a later change took back is no more, by one that is %s', (status, lines) => {
    expect(found([bill, day(status)])).toEqual(lines.map((line) => [line.id, line.amount]))
  })

  test('but the draft that is made anew does not count', () => {
    expect(found([bill, day('draft')], new Map(), { except: id('invoice', 9) })).toEqual([[first.id, 4900n]])
  })

  test('may be credited so far as credit notes have not', () => {
    expect(found([bill], new Map([[first.id, 4000n]]))).toEqual([[first.id, 900n]])
  })

  test('of an uncollectible invoice give back a part of what was paid: 1000 of 4900 at half is 500', () => {
    const settlement = { paid: 1000n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 3900n }
    const given = givenInvoice([], { lines: [first], status: 'uncollectible', settlement })
    const unused = { from: at('2026-04-16'), end: april.end, fraction: of(15, 30), key: 'proration:1', zone: UTC }
    const [inForce] = linesInForce([given], about, new Map())
    expect(inForce && netOf(creditLine(inForce, unused, idsOf(2)))).toBe(-500n)
  })

  test('of an uncollectible invoice give back at most what was paid, each its share', () => {
    const lines = [first, base(2, { amount: 100n }), base(3, { amount: -1000n, kind: 'one_off' })]
    const settlement = { paid: 1000n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 3000n }
    const given = givenInvoice([], { lines, status: 'uncollectible', settlement })
    expect(found([given])).toEqual([
      [first.id, 980n],
      [id('line', 102), 20n],
    ])
    const byCredit = { ...given, settlement: { ...settlement, paid: 400n, creditsApplied: 600n } }
    expect(found([byCredit])).toEqual(found([given]))
    // 1190 with tax were paid: 1000 of them for the line.
    const taxed = { ...first, taxes: [{ ...vat, amount: 931n }], tax: 931n }
    expect(found([{ ...given, lines: [taxed], settlement: { ...settlement, paid: 1190n } }])).toEqual([
      [first.id, 1000n],
    ])
    const nothing = { ...given, settlement: { ...settlement, paid: 0n } }
    expect(found([nothing])).toEqual([
      [first.id, 0n],
      [id('line', 102), 0n],
    ])
  })
})
