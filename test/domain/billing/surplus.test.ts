import { describe, expect, test } from 'vitest'
import { decide } from '../../../src/billing/domain/decide.ts'
import { at, idsOf, price } from '../../support/given.ts'
import { givenCancel, givenCustomer, givenOffer, givenRules } from '../../support/given-selling.ts'
import { beginning, lived } from './history.ts'
import { loaded } from './loaded.ts'
import {
  advance,
  balances,
  cancels,
  changes,
  creditLeft,
  credits,
  documents,
  final,
  gateway,
  grants,
  invoicesOf,
  owed,
  subscribes,
  subscription,
} from './words.ts'

const annual = (from = beginning()) => lived(from, ['2026-01-01', subscribes({ planCode: 'team', interval: 'year' })])
const paid = () => lived(annual(), ['2026-01-01', gateway('succeeded')])
const monthly = changes({ interval: { unit: 'month', count: 1 }, invoicing: 'now' })
const sumOf = (sums: Readonly<Record<string, bigint>>) => Object.values(sums).reduce((sum, one) => sum + one, 0n)

describe('FR-030 a change of interval', () => {
  test('ends the period and begins a whole one: what is over goes to credit and pays later renewals', () => {
    const changed = lived(paid(), ['2026-07-02', monthly])
    expect(documents(changed).slice(1)).toEqual(['paid proration: -50087 +9900'])
    expect(creditLeft(changed)).toBe(40187n)
    expect(final(changed, 1).settlement).toMatchObject({ creditsApplied: -40187n, paid: 0n })
    const later = lived(changed, ['2026-12-02', advance])
    expect(documents(later).slice(2)).toEqual([
      ...Array.from({ length: 4 }, () => 'paid renewal: +9900'),
      'open renewal: +9900',
    ])
    expect([creditLeft(later), owed(later)]).toEqual([0n, 9900n - 587n])
    expect(balances(later)).toEqual({ cash: 99900n, receivable: 9313n, revenue: -109213n })
  })

  test('is anchored at the change; by the calendar a stub comes first', () => {
    const start = { planCode: 'team', interval: 'year', billingTime: 'calendar' } as const
    const bought = lived(beginning(), ['2026-01-01', subscribes(start)], ['2026-01-01', gateway('succeeded')])
    const changed = lived(bought, ['2026-07-16', monthly])
    expect(documents(changed).slice(1)).toEqual(['paid proration: -46255 +5110'])
    expect(documents(lived(changed, ['2026-08-01', advance])).slice(2)).toEqual(['paid renewal: +9900'])
  })

  test('at the very instant of the start, and back the next day, is billed each time', () => {
    const changed = lived(
      paid(),
      ['2026-01-01', monthly],
      ['2026-01-02', changes({ interval: { unit: 'year', count: 1 }, invoicing: 'now' })],
    )
    expect(documents(changed).slice(1)).toEqual(['paid proration: -99900 +9900', 'open proration: -9581 +99900'])
    const keys = invoicesOf(changed).map(({ lines }) => new Set(lines.map(({ billingKey }) => billingKey)))
    expect(new Set(keys.flatMap((own) => [...own])).size).toBe(keys.reduce((sum, own) => sum + own.size, 0))
  })

  test('in the draft of a day begins its period once, however often it is changed that day', () => {
    const twice = lived(
      paid(),
      ['2026-07-02T10:00:00Z', changes({ interval: { unit: 'month', count: 1 } })],
      ['2026-07-02T11:00:00Z', changes({ quantity: 2 })],
      ['2026-07-03', advance],
    )
    expect(documents(twice).slice(1)).toEqual(['paid proration: -50087 +19800'])
    expect(subscription(twice)).toMatchObject({ quantity: 2, period: { end: at('2026-08-02T11:00:00Z') } })
  })

  test('at the end of a period is counted from there', () => {
    const changed = lived(paid(), [
      '2026-07-02',
      changes({ interval: { unit: 'month', count: 1 }, effective: 'period_end' }),
    ])
    expect(documents(lived(changed, ['2027-02-01', advance])).slice(1)).toEqual([
      'open renewal: +9900',
      'open renewal: +9900',
    ])
  })
})

describe('FR-030 a net credit', () => {
  const byInvoice = beginning({ account: givenCustomer({ collection: 'invoice' }) })

  test('first reduces the balance of the invoice it credits, by a credit note; the rest is credit', () => {
    const unpaid = lived(annual(byInvoice), ['2026-07-02', monthly])
    expect([...unpaid.creditNotes.values()]).toMatchObject([
      { total: 40187n, reduced: 40187n, credited: 0n, number: 'JANE-CN-0001', sourceInvoiceId: final(unpaid, 1).id },
    ])
    expect([owed(unpaid), creditLeft(unpaid)]).toEqual([59713n, 0n])
    expect(balances(unpaid)).toEqual({ receivable: 59713n, revenue: -59713n })
  })

  test('goes in parts where the invoice owes less than it', () => {
    const plan = givenOffer(7, 'metal', [price('1000')])
    const sold = lived(
      beginning({ plans: [plan], account: givenCustomer({ collection: 'invoice' }) }),
      ['2026-06-01', subscribes({ planCode: 'metal' })],
      ['2026-06-02', credits(0, { parts: [[0, 100n]] })],
      ['2026-06-02', grants(500n)],
      ['2026-06-02', (history) => ({ type: 'apply_credit', id: final(history).id, amount: null })],
    )
    expect(owed(sold)).toBe(400n)
    const ended = lived(sold, ['2026-06-11', cancels({ prorate: true })])
    expect(documents(ended).slice(1)).toEqual(['paid proration: -667'])
    expect([owed(ended), creditLeft(ended)]).toEqual([0n, 267n])
    expect(sumOf(balances(ended))).toBe(0n)
    expect(balances(ended)).toEqual({ revenue: -233n, granted: 500n, credit: -267n })
  })

  test('goes back to the card when it is asked for, as far as the card paid', () => {
    const changed = lived(paid(), [
      '2026-07-02',
      changes({ interval: { unit: 'month', count: 1 }, invoicing: 'now', credit: 'refund' }),
    ])
    expect([...changed.refunds.values()]).toMatchObject([{ amount: 40187n, status: 'pending', creditNoteId: null }])
    expect(creditLeft(changed)).toBe(0n)
    expect(final(changed, 1).settlement).toMatchObject({ paid: -40187n, creditsApplied: 0n })
    expect(balances(changed)).toEqual({ cash: 99900n, refund: -40187n, revenue: -59713n })
  })

  test('goes back to the card also where its day ends first', () => {
    const changed = lived(
      paid(),
      ['2026-07-02', changes({ interval: { unit: 'month', count: 1 }, credit: 'refund' })],
      ['2026-07-03', advance],
    )
    expect([...changed.refunds.values()]).toMatchObject([{ amount: 40187n }])
    expect(creditLeft(changed)).toBe(0n)
  })

  test('is told as it is: the last event of each thing says what is stored', () => {
    const changed = lived(annual(byInvoice), ['2026-07-02', monthly])
    const last = changed.events.findLast(({ after }) => after.id === final(changed, 1).id)
    expect(last?.after).toEqual(final(changed, 1))
  })
})

describe('FR-029 a cancellation now', () => {
  test.each([
    [false, []],
    [true, ['paid proration: -667']],
  ])('with prorate %s', (prorate, made) => {
    const plan = givenOffer(7, 'metal', [price('1000')])
    const sold = lived(
      beginning({ plans: [plan] }),
      ['2026-06-01', subscribes({ planCode: 'metal' })],
      ['2026-06-01', gateway('succeeded')],
      ['2026-06-11', cancels({ prorate })],
    )
    expect(documents(sold).slice(1)).toEqual(made)
    expect(creditLeft(sold)).toBe(prorate ? 667n : 0n)
    expect(sold.snapshot.account.nextBillingAt).toBeNull()
  })

  test('gives back all items, and their tax with them', () => {
    const rates = [{ country: 'DE', region: null, name: 'VAT', percent: '19' }]
    const settings = givenRules({ tax: { engine: 'rates', rates } })
    const addOns = [{ planCode: 'support', quantity: 1, unitAmount: null }]
    const ended = lived(
      beginning({ settings }),
      ['2026-06-01', subscribes({ addOns })],
      ['2026-06-01', gateway('succeeded')],
      ['2026-06-16', cancels({ prorate: true, credit: 'refund' })],
    )
    expect(documents(ended)).toEqual(['paid subscription: +4900 +1000', 'paid proration: -2450 -500'])
    expect(final(ended, 1)).toMatchObject({
      total: -3511n,
      tax: -561n,
      taxes: [{ name: 'VAT', amount: -561n, taxable: -2950n }],
    })
    expect(balances(ended)).toEqual({ cash: 7021n, revenue: -2950n, tax: -560n, refund: -3511n })
  })
})

describe('what is over', () => {
  const extra = (planCode: string, quantity = 1) => ({ planCode, quantity, unitAmount: null })
  const onTerms = () => beginning({ account: givenCustomer({ collection: 'invoice' }) })
  const ends = cancels({ prorate: true })
  const notesOf = ({ creditNotes, invoices }: Parameters<typeof documents>[0]) =>
    [...creditNotes.values()].map((note) => [[...invoices.keys()].indexOf(note.invoiceId), note.total])

  /** Two invoices, of which the cancellation on 16 June credits half each; the first owes so much. */
  const twice = (owes: bigint) =>
    lived(
      onTerms(),
      ['2026-06-01', subscribes()],
      ['2026-06-01', changes({ addOns: [extra('support', 2)], invoicing: 'now' })],
      ['2026-06-02', grants(4900n - owes)],
      ['2026-06-02', (history) => ({ type: 'apply_credit', id: final(history).id, amount: null })],
    )

  test.each([
    [
      'first what is owed the longest',
      900n,
      [
        [0, 900n],
        [1, 2000n],
      ],
      550n,
    ],
    ['what is owed the longest alone, where it takes all', 4000n, [[0, 3450n]], 0n],
    [
      'each to its end before the next',
      3000n,
      [
        [0, 3000n],
        [1, 450n],
      ],
      0n,
    ],
  ] as const)('pays %s', (_, owes, notes, left) => {
    const ended = lived(twice(owes), ['2026-06-16', ends])
    expect(documents(ended).at(-1)).toBe('paid proration: -2450 -1000')
    expect(notesOf(ended)).toEqual(notes)
    expect([creditLeft(ended), owed(ended)]).toEqual([left, owes + 2000n - 3450n + left])
  })

  test.each([
    ['at one instant', () => twice(900n)],
    [
      'one after the other',
      () => lived(twice(900n), ['2026-06-10', changes({ addOns: [extra('storage')], invoicing: 'now' })]),
    ],
  ])('pays the same of what was issued %s, in whatever order it is read', (_, given) => {
    const before = given()
    const command = givenCancel(subscription(before).id, { prorate: true })
    const read = loaded(before, command)
    const noted = [read.invoices, read.invoices.toReversed()].map((invoices) => {
      const decided = decide({ ...read, invoices }, command, at('2026-06-16'), idsOf(99))
      return decided.ok && decided.value.creditNotes.map(({ after }) => [after.invoiceId, after.total])
    })
    expect(noted[0]).not.toEqual([])
    expect(noted[1]).toEqual(noted[0])
  })

  test('is carried over by a note that says what it is of, and may pay an invoice', () => {
    const ended = lived(twice(900n), ['2026-06-16', ends])
    const [first] = ended.creditNotes.values()
    expect(first).toMatchObject({
      ...{ status: 'issued', reason: 'Unused time after a change', lines: [], tax: 0n, reduced: 900n, refunded: 0n },
      ...{
        invoiceId: final(ended).id,
        sourceInvoiceId: final(ended, 2).id,
        issuedAt: at('2026-06-16'),
        voidedAt: null,
      },
    })
    const told = ended.events.filter(({ after }) => after.id === final(ended).id).map(({ type }) => type)
    expect(told.slice(-2)).toEqual(['invoice.credited', 'invoice.paid'])
    expect([final(ended).status, final(ended, 1).status]).toEqual(['paid', 'paid'])
  })

  test('is credit that says which invoice gave it', () => {
    const ended = lived(annual(), ['2026-01-01', gateway('succeeded')], ['2026-07-02', ends])
    expect([...ended.credits.values()]).toMatchObject([
      { source: 'proration', sourceId: final(ended, 1).id, reason: 'Unused time after a change', expiresAt: null },
    ])
  })

  test('goes back to the card as far as the card paid for it, the rest is credit', () => {
    const sold = lived(
      beginning(),
      ['2026-06-01', subscribes({ planCode: 'team' })],
      ['2026-06-01', grants(1000n)],
      ['2026-06-01', gateway('succeeded')],
      ['2026-06-01', subscribes()],
      ['2026-06-01', gateway('succeeded')],
      ['2026-06-01', cancels({ prorate: true, credit: 'refund' }, 1)],
    )
    expect(final(sold, 1).settlement).toMatchObject({ creditsApplied: 1000n, paid: 3900n })
    const charged = [...sold.payments.values()].find(({ invoiceId }) => invoiceId === final(sold, 1).id)
    expect([...sold.refunds.values()]).toMatchObject([
      { paymentId: charged?.id, amount: 3900n, reason: 'Unused time', creditNoteId: null },
    ])
    expect(final(sold, 2).settlement).toMatchObject({ paid: -3900n, creditsApplied: -1000n, creditNotes: 0n })
    expect(creditLeft(sold)).toBe(1000n)
  })
})
