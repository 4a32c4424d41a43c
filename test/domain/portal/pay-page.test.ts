import { describe, expect, test } from 'vitest'
import type { Currency } from '../../../src/kernel/currency.ts'
import { encodeId } from '../../../src/kernel/id.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import type { PayState } from '../../../src/portal/domain/page-state.ts'
import { at, givenLine } from '../../support/given.ts'
import { debit, elements, givenBill, pay, rowsOf, textOf, visa } from './pages.ts'

function buttons(html: string): readonly string[] {
  return elements(html, 'button').map(textOf)
}

test('whoever pays sees whose invoice it is, what is due and when', () => {
  const html = pay()
  expect(elements(html, 'title')).toEqual(['<title>Invoice JANE-0001 from Acme Analytics</title>'])
  expect(elements(html, 'header').map(textOf)).toEqual(['Acme Analytics'])
  expect(textOf(html)).toContain('Invoice JANE-0001 Amount due $545.02 Due on 28 Feb 2026')
})

test('the lines and what follows add up to what is due', () => {
  const rows = rowsOf(pay({ invoice: givenBill({ paid: 20000n, creditsApplied: 1000n, creditNotes: 500n }) }))
  expect(rows).toEqual([
    ['Description', 'Amount'],
    ['Pro × 5, 31 Jan – 28 Feb 2026', '$495.00'],
    ['API calls, January 2026', '$12.50'],
    ['Discount', '-$49.50'],
    ['Tax', '$87.02'],
    ['Total', '$545.02'],
    ['Paid', '-$200.00'],
    ['Credit', '-$15.00'],
    ['Amount due', '$330.02'],
  ])
})

test('what is nothing has no row, but the total has', () => {
  const lines = [givenLine(1, { description: 'Pro', amount: 0n })]
  const rows = rowsOf(pay({ invoice: givenBill({}, { lines, discount: 0n, tax: 0n, total: 0n }) }))
  expect(rows.slice(1)).toEqual([
    ['Pro', '$0.00'],
    ['Total', '$0.00'],
  ])
})

test('of many lines the first are shown and the others summed up', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, n) => givenLine(n + 1, { description: `Item ${n + 1}`, amount: 100n }))
  const rows = (count: number) => rowsOf(pay({ invoice: givenBill({}, { lines: lines(count) }) })).slice(1, -3)
  expect(rows(12).at(-1)).toEqual(['Item 12', '$1.00'])
  expect(rows(13)).toHaveLength(12)
  expect(rows(13).slice(-2)).toEqual([
    ['Item 11', '$1.00'],
    ['2 more items', '$2.00'],
  ])
})

test.each([
  ['JPY', '¥54,502'],
  ['KWD', 'KWD 54.502'],
  ['HUF', 'HUF 545.02'],
])('amounts have the decimals of %s', (currency, text) => {
  const html = pay({ invoice: givenBill({}, { currency: currency as Currency }) })
  expect(textOf(html)).toContain(`Amount due ${text} Due`)
  expect(buttons(html).map((words) => words.replace(/\s/g, ' '))).toEqual([`Pay ${text}`])
})

test('the due date is the last local day on which it can be paid', () => {
  const zone = 'America/New_York' as Zone
  expect(textOf(pay({ zone, invoice: givenBill({}, { dueAt: at('2026-03-01T05:00:00Z') }) }))).toContain(
    'Due on 28 Feb 2026',
  )
})

test('FR-138 the form sends the choice of a method on file and asks for no card data', () => {
  const html = pay()
  expect(elements(html, 'form').map((form) => form.match(/<form [^>]*>/)?.[0])).toEqual([
    '<form class="action" method="post" action="/pay/token">',
  ])
  expect(elements(html, 'input')).toEqual([
    `<input type="radio" name="method" value="${encodeId('payment_method', visa.id)}" checked="" required=""/>`,
    `<input type="radio" name="method" value="${encodeId('payment_method', debit.id)}" required=""/>`,
  ])
  expect(elements(html, 'label').map(textOf)).toEqual([
    'Visa ending in 4242, expires 12/2030',
    'Bank account ending in 6789',
  ])
  expect(buttons(html)).toEqual(['Pay $545.02'])
  expect(elements(html, 'a')).toEqual(['<a href="/card/token">Use another card</a>'])
})

test('nothing is chosen for the customer where nothing is the default', () => {
  expect(elements(pay({ chosen: null }), 'input').filter((input) => input.includes('checked'))).toEqual([])
})

test('without a method on file the way leads to a card', () => {
  const html = pay({ methods: [], chosen: null })
  expect(elements(html, 'form')).toEqual([])
  expect(elements(html, 'a')).toEqual(['<a class="button" href="/card/token">Add a card</a>'])
  expect(textOf(html)).toContain('Acme Analytics has no card of yours on file.')
})

const told: readonly (readonly [PayState, role: string | null, words: string, button: string | null])[] = [
  [{ kind: 'plain' }, null, 'Invoice JANE-0001', 'Pay $545.02'],
  [
    { kind: 'declined', code: 'insufficient_funds' },
    'alert',
    'The payment did not go through There was not enough money available at that moment. Try again,',
    'Pay $545.02',
  ],
  [{ kind: 'failed' }, 'alert', 'The payment could not be made Nothing was charged.', 'Pay $545.02'],
  [{ kind: 'under_way' }, 'status', 'Your bank is confirming the payment', null],
  [
    { kind: 'authentication_required' },
    'status',
    'Your bank asks you to confirm the payment Nothing has been charged yet.',
    'Continue to your bank',
  ],
  [{ kind: 'settled' }, 'status', 'Nothing to pay Invoice JANE-0001 is settled.', null],
  [{ kind: 'void' }, 'status', 'Nothing to pay Invoice JANE-0001 was cancelled.', null],
  [{ kind: 'uncollectible' }, 'status', 'This invoice is closed Invoice JANE-0001 cannot be paid here', null],
]

describe('what happened stands above the invoice', () => {
  test.each(told)('%o', (state, role, words, button) => {
    const html = pay({ state })
    expect(elements(html, 'main').map(textOf)[0]).toMatch(new RegExp(`^${words}`))
    expect(html.match(/role="(\w+)"/)?.[1] ?? null).toBe(role)
    expect(buttons(html)).toEqual(button === null ? [] : [button])
  })

  test('and in the title, which is read out first', () => {
    expect(elements(pay({ state: { kind: 'failed' } }), 'title')).toEqual([
      '<title>The payment could not be made · Invoice JANE-0001 from Acme Analytics</title>',
    ])
  })
})

test('while the bank is asked the page can be loaded anew, and shows what is due', () => {
  const html = pay({ state: { kind: 'under_way' } })
  expect(elements(html, 'a')).toEqual(['<a href="/pay/token">Check again</a>'])
  expect(textOf(html)).toContain('Amount due $545.02')
})

test('what was paid reads as a receipt', () => {
  const html = pay({ state: { kind: 'paid' }, invoice: givenBill({ paid: 54502n }, { status: 'paid' }) })
  expect(textOf(html)).toContain('Paid, thank you Acme Analytics received $545.02 for invoice JANE-0001.')
  expect(textOf(html)).toContain('Total $545.02')
  expect(rowsOf(html).slice(-2)).toEqual([
    ['Paid', '-$545.02'],
    ['Amount due', '$0.00'],
  ])
  expect(textOf(html)).not.toContain('Due on')
})

test.each(['lost_card', 'stolen_card', 'fraudulent', 'pickup_card', 'merchant_blacklist'])(
  '%s reads as a plain decline',
  (code) => {
    const state = (of: string): PayState => ({ kind: 'declined', code: of })
    expect(pay({ state: state(code) })).toBe(pay({ state: state('generic_decline') }))
  },
)

test('what others wrote is text, never markup', () => {
  const evil = '"><script>alert(1)</script>&'
  const lines = [givenLine(1, { description: evil })]
  const html = pay({
    seller: evil,
    url: `/pay/${evil}`,
    cardUrl: evil,
    invoice: givenBill({}, { number: evil, lines }),
    methods: [{ ...visa, kind: evil, brand: null, last4: evil }],
  })
  expect(html).not.toContain('<script')
  expect(elements(html, 'header')[0]).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;')
  expect(html.match(/&lt;script&gt;/g)?.length).toBeGreaterThanOrEqual(7)
})
