import type { Account } from '../accounts/domain/account.ts'
import type { PaymentMethod } from '../accounts/domain/payment-method.ts'
import type { Credit } from '../credits/domain/credit.ts'
import type { Discount } from '../discounts/domain/discount.ts'
import type { CreditNote } from '../invoices/domain/credit-note.ts'
import { type Invoice, isFinal } from '../invoices/domain/invoice.ts'
import type { Id } from '../kernel/id.ts'
import type { Payment } from '../payments/domain/payment.ts'
import type { Refund } from '../payments/domain/refund.ts'
import type { LateValues } from '../platform/db/commit.ts'
import type { Subscription } from '../subscriptions/domain/subscription.ts'
import type { Changed } from './domain/book.ts'
import type { Command } from './domain/command.ts'
import type { Decision } from './domain/decision.ts'
import { nextSnapshot } from './domain/fold.ts'
import type { Snapshot } from './domain/snapshot.ts'

/** What a command shows of what it did: what it is about, or what it made. */
export type Shown = {
  readonly subscription: Subscription | null
  /** The invoice it is about; else the newest it made. */
  readonly invoice: Invoice | null
  /** What stands for that invoice, where it was voided. */
  readonly correction: Invoice | null
  /** The payment of the correction, or of the invoice. */
  readonly payment: Payment | null
  readonly account: Account | null
  /** Those of the account that were not removed. */
  readonly methods: readonly PaymentMethod[]
  /** The payment method it is about. */
  readonly method: PaymentMethod | null
  readonly refund: Refund | null
  readonly credit: Credit | null
  readonly creditNote: CreditNote | null
  readonly discounts: readonly Discount[]
}

/** The ids of what can be charged, and every payment begun: enough to finish the work of a request that died. */
export type Resume = {
  readonly subscription: Id<'subscription'> | null
  readonly invoice: Id<'invoice'> | null
  readonly correction: Id<'invoice'> | null
  readonly payment: Id<'payment'> | null
  readonly method: Id<'payment_method'> | null
  readonly account: Id<'account'> | null
  readonly payments: readonly Id<'payment'>[]
}

/** `target` is the id of what the command is about, of whatever kind. */
export function shownOf(decision: Decision, snapshot: Snapshot, target: string, command: Command): Shown {
  const invoice = find(decision.invoices, target) ?? read(snapshot.invoices, target) ?? newest(decision.invoices)
  const correction =
    made(decision.invoices).find(({ corrects }) => corrects !== null && corrects === invoice?.id) ?? null
  const charged = (correction ?? invoice)?.id
  return {
    subscription:
      find(decision.subscriptions, target) ??
      read(snapshot.subscriptions, target) ??
      made(decision.subscriptions).at(-1) ??
      null,
    account: decision.account.after,
    methods: nextSnapshot(snapshot, decision).methods,
    invoice,
    correction,
    payment: decision.payments.findLast(({ after }) => after.invoiceId === charged)?.after ?? null,
    method: methodOf(decision, snapshot, command),
    refund: find(decision.refunds, target) ?? made(decision.refunds).at(-1) ?? null,
    credit: find(decision.credits, target) ?? made(decision.credits).at(-1) ?? null,
    creditNote: find(decision.creditNotes, target) ?? made(decision.creditNotes).at(-1) ?? null,
    discounts: decision.discounts.map(({ after }) => after),
  }
}

/** The one that a command names by our id, or by the gateway's. */
function methodOf(decision: Decision, snapshot: Snapshot, command: Command): PaymentMethod | null {
  const isMeant = ({ id, gatewayMethod }: PaymentMethod) =>
    'methodId' in command
      ? id === command.methodId
      : 'method' in command && gatewayMethod === command.method.gatewayMethod
  const changed = decision.methods.map(({ after }) => after)
  return changed.find(isMeant) ?? snapshot.methods.find(isMeant) ?? null
}

function find<T extends { readonly id: string }>(changes: readonly Changed<T>[], id: string): T | null {
  return changes.find(({ after }) => after.id === id)?.after ?? null
}

function read<T extends { readonly id: string }>(values: readonly T[], id: string): T | null {
  return values.find((value) => value.id === id) ?? null
}

function made<T>(changes: readonly Changed<T>[]): readonly T[] {
  return changes.flatMap(({ before, after }) => (before === null ? [after] : []))
}

/** Made or written on, if only as a draft; one that is only paid or credited is not what the command made. */
function newest(invoices: readonly Changed<Invoice>[]): Invoice | null {
  const written = invoices.filter(
    ({ before, after }) => (before === null || before.status === 'draft') && after.status !== 'deleted',
  )
  return written.at(-1)?.after ?? null
}

export function resumeOf(shown: Shown, payments: Resume['payments']): Resume {
  return {
    subscription: shown.subscription?.id ?? null,
    invoice: shown.invoice?.id ?? null,
    correction: shown.correction?.id ?? null,
    payment: shown.payment?.id ?? null,
    method: shown.method?.id ?? null,
    account: shown.account?.id ?? null,
    payments,
  }
}

/** The same after more has happened to its parts. */
export function shownAfter(shown: Shown, decisions: readonly Decision[]): Shown {
  const latest = <T extends { readonly id: string }>(value: T | null, changes: readonly Changed<T>[]) =>
    changes.findLast(({ after }) => after.id === value?.id)?.after ?? value
  const invoices = decisions.flatMap((decision) => decision.invoices)
  const payments = decisions.flatMap((decision) => decision.payments)
  const subscriptions = decisions.flatMap((decision) => decision.subscriptions)
  return {
    ...shown,
    subscription: latest(shown.subscription, subscriptions),
    invoice: latest(shown.invoice, invoices),
    correction: latest(shown.correction, invoices),
    payment: latest(shown.payment, payments),
    account: decisions.at(-1)?.account.after ?? shown.account,
  }
}

/** Numbers that the commit's statement gave take the place of their placeholders. */
export function numbered(shown: Shown, late: LateValues): Shown {
  const { creditNote } = shown
  return {
    ...shown,
    invoice: withNumbers(shown.invoice, late),
    correction: withNumbers(shown.correction, late),
    creditNote: creditNote && { ...creditNote, number: late[creditNote.number] ?? creditNote.number },
  }
}

export function withNumbers<I extends Invoice | null>(invoice: I, late: LateValues): I {
  if (invoice === null || !isFinal(invoice)) return invoice
  return { ...invoice, number: late[invoice.number] ?? invoice.number }
}
