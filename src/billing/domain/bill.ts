import type { Account } from '../../accounts/domain/account.ts'
import { type DraftFor, draftInvoice } from '../../invoices/domain/draft.ts'
import { accountNumber, finalise, invoicePostings, pendingNumber, type Tax } from '../../invoices/domain/finalise.ts'
import { balanceOf, type DraftInvoice, type FinalInvoice, type Invoice } from '../../invoices/domain/invoice.ts'
import type { IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { MAX_MINOR } from '../../kernel/money.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { LedgerTransaction } from '../../ledger/domain/posting.ts'
import { chargeable } from '../../payments/domain/gateway-amount.ts'
import { type Charge, chargeFor } from '../../payments/domain/payment.ts'
import type { Step } from '../../subscriptions/domain/advance.ts'
import type { Billable } from '../../subscriptions/domain/billable.ts'
import type { Subscription } from '../../subscriptions/domain/subscription.ts'
import { taxOf } from '../../taxes/domain/tax.ts'
import type { Changed, DomainEvent } from './decision.ts'
import type { Snapshot } from './snapshot.ts'

/** What a decision has gathered so far. The account is handed along: each invoice takes its next number. */
export type Work = {
  readonly account: Account
  readonly invoices: readonly Changed<Invoice>[]
  readonly charges: readonly Changed<Charge>[]
  readonly ledger: readonly LedgerTransaction[]
  readonly events: readonly DomainEvent[]
}

export type Context = { readonly snapshot: Snapshot; readonly now: Instant; readonly ids: IdSource }

/** One step of a subscription's life with the invoice it makes. */
export function applyStep(
  work: Work,
  before: Subscription | null,
  step: Step,
  context: Context,
): Result<Work, Rejection> {
  const { subscription, billables, type } = step
  const event: DomainEvent = { subject: 'subscription', type, at: step.at, before, after: subscription }
  const told = { ...work, events: [...work.events, event] }
  const [first] = billables
  return first === undefined ? ok(told) : bill(told, subscription, first, billables, context)
}

/** Invoices are issued now, whenever their period began: a missed renewal is due from today. */
function bill(
  work: Work,
  subscription: Subscription,
  first: Billable,
  billables: readonly Billable[],
  context: Context,
): Result<Work, Rejection> {
  const about: DraftFor = {
    organizationId: subscription.organizationId,
    accountId: subscription.accountId,
    subscriptionId: subscription.id,
    currency: subscription.currency,
    zone: subscription.timezone,
    reason: first.reason,
    period: first.period,
    at: context.now,
  }
  const draft = draftInvoice(about, billables, context.ids)
  if (!draft.ok) return draft
  const answer = taxOf(draft.value, work.account, context.snapshot.settings.tax)
  const created: DomainEvent = {
    subject: 'invoice',
    type: 'invoice.created',
    at: context.now,
    before: null,
    after: draft.value,
  }
  const withDraft = { ...work, events: [...work.events, created] }
  if (answer.kind === 'awaited') {
    return ok({ ...withDraft, invoices: [...work.invoices, { before: null, after: draft.value }] })
  }
  const tax = answer.tax.perLine.reduce((sum, part) => sum + part, 0n)
  if (draft.value.total + tax > MAX_MINOR) return err(taxedTooMuch(draft.value.total + tax))
  return ok(close(withDraft, draft.value, answer.tax, context))
}

function taxedTooMuch(total: bigint): Rejection {
  return {
    code: 'amount_too_large',
    detail: `With its tax the invoice would come to ${total} minor units; ${MAX_MINOR} is the most.`,
    hint: 'Lower the quantity, the price or the tax rates that apply together.',
  }
}

/**
 * Finalises a draft: its number, its ledger postings and, where the account is charged, its payment. The draft may be
 * one of this decision, or an older one that awaited its tax.
 */
export function close(work: Work, draft: DraftInvoice, tax: Tax, context: Context): Work {
  const { snapshot, now } = context
  const older = snapshot.draft?.id === draft.id
  const perAccount = snapshot.settings.numbering.series === 'account'
  const sequence = work.account.invoiceSequence + 1
  const zone = snapshot.subscriptions.find(({ id }) => id === draft.subscriptionId)?.timezone ?? work.account.timezone
  const number = perAccount ? accountNumber(work.account.invoicePrefix, sequence) : pendingNumber(draft.id)
  const closing = { tax, number, account: work.account, zone, hasMethod: snapshot.method !== null }
  const invoice = finalise({ ...draft, version: older ? draft.version + 1 : draft.version }, closing, now)
  const posted = invoicePostings(invoice)
  const finalized: DomainEvent = {
    subject: 'invoice',
    type: 'invoice.finalized',
    at: now,
    before: draft,
    after: invoice,
  }
  const next: Work = {
    ...work,
    account: perAccount ? { ...work.account, invoiceSequence: sequence } : work.account,
    invoices: [...work.invoices, { before: older ? draft : null, after: invoice }],
    ledger: posted === null ? work.ledger : [...work.ledger, posted],
    events: [...work.events, finalized],
  }
  return invoice.status === 'paid' ? paidAtOnce(next, invoice, now) : charge(next, invoice, context)
}

/** A total of zero owes nothing. */
function paidAtOnce(work: Work, invoice: FinalInvoice, now: Instant): Work {
  const paid: DomainEvent = { subject: 'invoice', type: 'invoice.paid', at: now, before: invoice, after: invoice }
  return { ...work, events: [...work.events, paid] }
}

function charge(work: Work, invoice: FinalInvoice, { snapshot, now, ids }: Context): Work {
  const { account, method } = snapshot
  const amount = chargeable(balanceOf(invoice), invoice.currency)
  if (account.collection !== 'automatic' || method === null || amount === 0n) return work
  const after = chargeFor(invoice, { method, clockId: account.clockId }, now, ids)
  const event: DomainEvent = {
    subject: 'payment',
    type: 'payment.created',
    at: now,
    before: null,
    after: after.payment,
  }
  return { ...work, charges: [...work.charges, { before: null, after }], events: [...work.events, event] }
}
