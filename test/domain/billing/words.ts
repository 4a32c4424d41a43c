import type { AccountCommand, CommandOf } from '../../../src/billing/domain/command.ts'
import { balanceOf, type FinalInvoice, type Invoice, isFinal, netOf } from '../../../src/invoices/domain/invoice.ts'
import type { Id } from '../../../src/kernel/id.ts'
import type { Charge } from '../../../src/payments/domain/charge.ts'
import type { ChargeOutcome, PaymentNews } from '../../../src/payments/domain/outcome.ts'
import type { OutcomeKind } from '../../../src/payments/domain/payment.ts'
import type { ChangeSubscription } from '../../../src/subscriptions/domain/command.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import { at } from '../../support/given.ts'
import { givenOutcome } from '../../support/given-payments.ts'
import { givenCancel, givenChange, givenSale } from '../../support/given-selling.ts'
import { type Asked, chargesIn, type History } from './history.ts'

/** What people do, in the product's words; without a number it is about the first subscription. */

export const advance = { type: 'advance' } as const satisfies AccountCommand
export const subscribes = givenSale

export function changes(about: Partial<ChangeSubscription>, nth = 0): Asked {
  return (history) => givenChange(subscription(history, nth).id, about)
}

export function cancels(about: Parameters<typeof givenCancel>[1] = {}, nth = 0): Asked {
  return (history) => givenCancel(subscription(history, nth).id, about)
}

export function pauses(until: string | null = null): Asked {
  return (history) => ({
    ...{ type: 'pause_subscription', id: subscription(history).id },
    resumesAt: until === null ? null : at(until),
  })
}

export const resumes: Asked = (history) => ({ type: 'resume_subscription', id: subscription(history).id })
export const uncancels: Asked = (history) => ({ type: 'uncancel_subscription', id: subscription(history).id })

export function movesTrial(to: string): Asked {
  return (history) => ({
    ...{ type: 'change_trial', id: subscription(history).id, endsAt: to === 'now' ? 'now' : at(to) },
  })
}

export function grants(amount: bigint, expiresAt: string | null = null): Asked {
  return {
    ...{ type: 'grant_credit', amount, reason: 'Sorry', metadata: {} },
    expiresAt: expiresAt === null ? null : at(expiresAt),
  }
}

export function attaches(couponCode: string, to: 'account' | 'subscription' = 'account'): Asked {
  return (history) => ({
    ...{ type: 'attach_coupon', couponCode },
    subscriptionId: to === 'account' ? null : subscription(history).id,
  })
}

export function voids(nth = 0, regenerate: boolean | null = null): Asked {
  return (history) => ({ type: 'void_invoice', id: invoice(history, nth).id, reason: 'Wrong', regenerate })
}

type Note = Partial<CommandOf<'create_credit_note'>['asked']>

/** A credit note on the whole of an invoice, unless said otherwise; lines by their place on it. */
export function credits(
  nth: number,
  { parts, ...about }: Note & { readonly parts?: readonly (readonly [line: number, amount: bigint])[] } = {},
): Asked {
  return (history) => {
    const { id, lines } = invoice(history, nth)
    const named = parts?.map(([line, amount]) => ({ lineId: lines[line]?.id as Id<'line'>, amount })) ?? null
    const rest = { reason: 'Wrong', refund: 0n, credit: 0n, outOfBand: 0n }
    return { type: 'create_credit_note', id, asked: { ...rest, lines: named, ...about } }
  }
}

export function writes(lines: readonly (readonly [quantity: string, unitAmount: string])[], finalize = true): Asked {
  return {
    ...{ type: 'create_invoice', memo: null, termsDays: null, finalize },
    lines: lines.map(([quantity, unitAmount]) => ({ description: 'Set-up', quantity, unitAmount })),
  }
}

export function updates(nth: number, patch: CommandOf<'update_invoice'>['patch']): Asked {
  return (history) => ({ type: 'update_invoice', id: invoice(history, nth).id, patch })
}

export function deletes(nth: number): Asked {
  return (history) => ({ type: 'delete_invoice', id: invoice(history, nth).id })
}

/** With VAT of these amounts; null: its tax is not told. */
export function finalizes(nth: number, vat: readonly bigint[] | null = null): Asked {
  const taxes = vat?.map((amount) => ({ name: 'VAT', country: 'DE', region: null, percent: '19', amount })) ?? null
  return (history) => ({ type: 'finalize_invoice', id: invoice(history, nth).id, taxes })
}

export function writesOff(nth = 0): Asked {
  return (history) => ({ type: 'mark_uncollectible', id: invoice(history, nth).id })
}

export function applies(amount: bigint | null, nth = 0): Asked {
  return (history) => ({ type: 'apply_credit', id: invoice(history, nth).id, amount })
}

export const takesNoteBack: Asked = ({ creditNotes }) => {
  const { id, invoiceId } = the(0, [...creditNotes.values()], 'credit note')
  return { ...{ type: 'void_credit_note', creditNoteId: id }, id: invoiceId }
}

export const takesCreditBack: Asked = (history) => ({
  ...{ type: 'void_credit', creditId: the(0, [...history.credits.values()], 'credit').id },
})

/** Says the same of every charge that is open; a decline has a code. */
export function gateway(says: OutcomeKind, code?: string): Asked {
  return (history) => ({
    type: 'record_outcomes',
    news: newsOf(history, givenOutcome(says, code), ({ attempt }) => attempt.endedAt === null),
  })
}

/** The same of each charge that is meant. */
export function newsOf(
  history: History,
  outcome: ChargeOutcome,
  isMeant: (charge: Charge) => boolean = () => true,
): readonly PaymentNews[] {
  return chargesIn(history)
    .filter(isMeant)
    .map(({ payment, attempt }) => ({ paymentId: payment.id, attemptId: attempt.id, outcome }))
}

export function subscription(history: History, nth = 0): Subscription {
  return the(nth, [...history.subscriptions.values()], 'subscription')
}

/** Drafts that were deleted are not counted. */
export function invoicesOf({ invoices }: History): readonly Invoice[] {
  return [...invoices.values()].filter(({ status }) => status !== 'deleted')
}

export function invoice(history: History, nth = 0): Invoice {
  return the(nth, invoicesOf(history), 'invoice')
}

export function final(history: History, nth = 0): FinalInvoice {
  const found = invoice(history, nth)
  if (!isFinal(found)) throw new Error(`invoice ${nth} is a ${found.status}`)
  return found
}

function the<T>(nth: number, things: readonly T[], name: string): T {
  const found = things.at(nth)
  if (found === undefined) throw new Error(`there are ${things.length} of ${name}, not ${nth + 1}`)
  return found
}

/** `open proration: -2450 +4950`: what each line comes to after discounts, before tax. */
export function documents(history: History): readonly string[] {
  return invoicesOf(history).map(
    ({ status, reason, lines }) => `${status} ${reason}: ${lines.map((line) => signed(netOf(line))).join(' ')}`,
  )
}

function signed(amount: bigint): string {
  return amount < 0n ? `${amount}` : `+${amount}`
}

export function creditLeft({ credits: held }: History): bigint {
  return [...held.values()].reduce((sum, { remaining }) => sum + remaining, 0n)
}

export function owed(history: History): bigint {
  return invoicesOf(history).reduce((sum, one) => (isFinal(one) ? sum + balanceOf(one) : sum), 0n)
}

/** The debits less the credits of each ledger account that has any left. */
export function balances({ ledger }: Pick<History, 'ledger'>): Readonly<Record<string, bigint>> {
  const sums: Record<string, bigint> = {}
  for (const { postings } of ledger) {
    for (const { ledgerAccount, amount } of postings) sums[ledgerAccount] = (sums[ledgerAccount] ?? 0n) + amount
  }
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0n))
}

/** Text of everything in it, to compare bytes. */
export function bytesOf(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}n` : one instanceof Map ? [...one] : one))
}
