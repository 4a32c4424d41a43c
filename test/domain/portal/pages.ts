import type { FinalInvoice, Settlement } from '../../../src/invoices/domain/invoice.ts'
import { type CardPage, cardPage } from '../../../src/portal/card-page.tsx'
import { type CardState, type PayState, payStateKinds } from '../../../src/portal/domain/page-state.ts'
import { problems } from '../../../src/portal/domain/words.ts'
import { type PayPage, payPage } from '../../../src/portal/pay-page.tsx'
import { problemPage } from '../../../src/portal/problem-page.tsx'
import { at, givenInvoice, givenLine, id, UTC } from '../../support/given.ts'

export const visa = {
  ...{ id: id('payment_method', 3), kind: 'card', brand: 'visa', last4: '4242', expiryMonth: 12, expiryYear: 2030 },
}
export const debit = {
  ...{ id: id('payment_method', 4), kind: 'us_bank_account', brand: null, last4: '6789' },
  ...{ expiryMonth: null, expiryYear: null },
}

/** 507.50 for two lines, less 49.50, and 87.02 of tax: 545.02, due on 28 February. */
export function givenBill(settled: Partial<Settlement> = {}, about: Partial<FinalInvoice> = {}): FinalInvoice {
  return givenInvoice([], {
    number: 'JANE-0001',
    dueAt: at('2026-03-01'),
    lines: [
      givenLine(1, { description: 'Pro × 5, 31 Jan – 28 Feb 2026', amount: 49500n }),
      givenLine(2, { description: 'API calls, January 2026', amount: 1250n }),
    ],
    ...{ subtotal: 50750n, discount: 4950n, tax: 8702n, total: 54502n },
    settlement: { paid: 0n, creditsApplied: 0n, creditNotes: 0n, writtenOff: 0n, ...settled },
    ...about,
  })
}

export function pay(about: Partial<PayPage> = {}): string {
  return payPage({
    seller: 'Acme Analytics',
    url: '/pay/token',
    cardUrl: '/card/token',
    state: { kind: 'plain' },
    invoice: givenBill(),
    zone: UTC,
    methods: [visa, debit],
    chosen: visa.id,
    ...about,
  })
}

export function card(about: Partial<CardPage> = {}): string {
  return cardPage({ seller: 'Acme Analytics', url: '/card/token', state: { kind: 'plain' }, method: visa, ...about })
}

const payStates: readonly PayState[] = payStateKinds.map((kind) =>
  kind === 'declined' ? { kind, code: 'insufficient_funds' } : { kind },
)
const cardStates: readonly CardState[] = [
  ...(['plain', 'saved', 'charging', 'cancelled'] as const).map((kind) => ({ kind })),
  { kind: 'failed', code: 'expired_card' },
]

/** Every page there is, by name. */
export const everyPage: readonly (readonly [name: string, html: string])[] = [
  ...payStates.map((state) => [`pay, ${state.kind}`, pay({ state })] as const),
  ['pay, without a method', pay({ methods: [], chosen: null })],
  ['pay, in part', pay({ invoice: givenBill({ paid: 20000n, creditsApplied: 1000n }) })],
  ...cardStates.map((state) => [`card, ${state.kind}`, card({ state })] as const),
  ['card, none', card({ method: null })],
  ...Object.entries(problems).map(([name, problem]) => [name, problemPage(problem, 'req_1')] as const),
]

/** The whole elements of a tag, which never nest here. */
export function elements(html: string, tag: string): readonly string[] {
  return [...html.matchAll(new RegExp(`<${tag}(?=[ >/])[^>]*?(?:/>|>[\\s\\S]*?</${tag}>)`, 'g'))].map(([text]) => text)
}

/** What is read, without the title and the style: a tag is a space. */
export function textOf(html: string): string {
  return html
    .replace(/^[\s\S]*<body>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The rows of the table as [what, amount]. */
export function rowsOf(html: string): readonly (readonly string[])[] {
  return elements(html, 'tr').map((row) => [...elements(row, 'th'), ...elements(row, 'td')].map(textOf))
}
