import { applyCredits, releaseApplications } from '../../credits/domain/application.ts'
import { finalise, invoicePostings, taxed } from '../../invoices/domain/finalise.ts'
import {
  type DraftInvoice,
  type FinalInvoice,
  isFinal,
  type Line,
  netOf,
  settle,
  type TaxAmount,
} from '../../invoices/domain/invoice.ts'
import { taxesOfCredit } from '../../invoices/domain/proration.ts'
import { invariant } from '../../kernel/invariant.ts'
import { MAX_MINOR } from '../../kernel/money.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { CreditTarget } from '../../subscriptions/domain/subscription.ts'
import { splitTax, taxableOf, taxOf } from '../../taxes/domain/tax.ts'
import { all } from './book.ts'
import { collectFirst } from './collect.ts'
import { numberInvoice } from './numbers.ts'
import { withoutSmallBalance } from './small-balances.ts'
import { settleSurplus } from './surplus.ts'
import { withUsageNow } from './usage-taken.ts'
import { type Context, draftsIn, keep, methodsIn, post, tell, type Work } from './work.ts'

export type Closing = {
  /** Where a negative total goes that no open invoice takes up. */
  readonly surplusTo?: CreditTarget
  /** An external engine's answer. */
  readonly taxes?: readonly Omit<TaxAmount, 'taxable'>[]
}

/**
 * Brings a draft to its end: taxed, numbered, paid by credit as far as there is any, posted and, where the account is
 * charged, its payment begun. A draft that awaits its tax stays one. It may be of this decision or an older one.
 */
export function close(
  start: Work,
  asked: DraftInvoice,
  context: Context,
  { surplusTo = 'balance', taxes }: Closing = {},
): Result<Work, Rejection> {
  const taken = withUsageNow(start, asked, context)
  if (!taken.ok) return taken
  if (taken.value.draft.lines.length === 0) return ok(deleteDraft(taken.value.work, asked, context))
  const settled = creditedFirst(taken.value.work, taken.value.draft, context)
  if (!settled.ok) return settled
  const work = settled.value
  const draft = withTaxesCredited(work, taken.value.draft)
  const { snapshot, now, ids } = context
  // What is used, and coupons that came since, are known only now.
  if (taxes?.some(({ amount }) => amount > 0n) && taxableOf(draft) === 0n) return err(nothingTaxable)
  const answer =
    taxes === undefined
      ? taxOf(draft, work.account, snapshot.settings.tax)
      : { kind: 'final' as const, tax: splitTax(draft, taxes) }
  if (answer.kind === 'awaited') {
    if (asked.awaits === 'tax' && work.invoices.now.has(asked.id)) return ok(work)
    const waiting: DraftInvoice = { ...draft, awaits: 'tax', finalizeAt: null }
    const type = work.invoices.now.has(draft.id) ? 'invoice.updated' : 'invoice.created'
    return ok(tell(work, 'invoice', type, waiting, now))
  }
  const { total } = taxed(draft.lines, draft, answer.tax)
  if (total > MAX_MINOR) return err(taxedTooMuch(total))
  const known = work.invoices.now.has(draft.id) ? work : created(work, draft, context)
  const { number, work: numbered } = numberInvoice(known, draft.id, context)
  const final = finalise(
    draft,
    {
      tax: answer.tax,
      number,
      account: known.account,
      zone: zoneOf(known, draft),
      hasMethod: methodsIn(known).length > 0,
    },
    now,
  )
  if (final.total < 0n) {
    const surplus = settleSurplus(numbered, final, surplusTo, context)
    return surplus.ok ? ok(finalized(surplus.value.work, surplus.value.invoice, context)) : surplus
  }
  const applied = applyCredits(all(numbered.credits), { invoiceId: final.id, amount: final.total, at: now }, ids)
  const credited = settle(final, { creditsApplied: applied.applied })
  const posted = post(numbered, invoicePostings(final))
  const { work: owing, invoice } = withoutSmallBalance(posted, credited, context)
  const told = withCredit(finalized(owing, invoice, context), applied, context)
  return ok(collectFirst(told, invoice, context))
}

/** What is credited has to be final before: its credit carries its tax. A draft that awaits its own stays one. */
function creditedFirst(work: Work, { id, lines }: DraftInvoice, context: Context): Result<Work, Rejection> {
  const credited = new Set(lines.flatMap(({ creditsLineId }) => creditsLineId ?? []))
  if (credited.size === 0) return ok(work)
  const drafts = draftsIn(work).filter(
    (one) => one.id !== id && one.awaits !== 'tax' && one.lines.some((line) => credited.has(line.id)),
  )
  return drafts.reduce<Result<Work, Rejection>>(
    (next, draft) => (next.ok ? close(next.value, draft, context) : next),
    ok(work),
  )
}

function withTaxesCredited({ invoices }: Work, draft: DraftInvoice): DraftInvoice {
  if (draft.lines.every(({ creditsLineId }) => creditsLineId === null)) return draft
  const taxedLines = all(invoices).flatMap((one) => (isFinal(one) ? one.lines : []))
  const byId = new Map(taxedLines.map((line) => [line.id, line]))
  const lines = draft.lines.map((line): Line => {
    const of = line.creditsLineId === null ? undefined : byId.get(line.creditsLineId)
    if (of === undefined) return line
    const taxes = taxesOfCredit(netOf(line), of)
    return { ...line, taxes, tax: taxes.reduce((sum, { amount }) => sum + amount, 0n) }
  })
  const tax = lines.reduce((sum, line) => sum + line.tax, 0n)
  return { ...draft, lines, tax, total: draft.subtotal - draft.discount + tax }
}

/** The row goes; the event says what it was. */
export function deleteDraft(work: Work, { awaits: _, finalizeAt: __, ...draft }: DraftInvoice, { now }: Context): Work {
  return tell(work, 'invoice', 'invoice.deleted', { ...draft, status: 'deleted' }, now)
}

function created(work: Work, draft: DraftInvoice, { now }: Context): Work {
  return tell(work, 'invoice', 'invoice.created', draft, now)
}

function finalized(work: Work, invoice: FinalInvoice, { now }: Context): Work {
  const told = tell(work, 'invoice', 'invoice.finalized', invoice, now)
  return invoice.status === 'paid' ? tell(told, 'invoice', 'invoice.paid', invoice, now) : told
}

/** Dates are reckoned in the subscription's zone, or in the account's where it is about none or several. */
function zoneOf(work: Work, { subscriptionId }: Pick<DraftInvoice, 'subscriptionId'>) {
  const subscription = subscriptionId === null ? undefined : work.subscriptions.now.get(subscriptionId)
  return subscription?.timezone ?? work.account.timezone
}

/** What credits paid, with their events. */
export function withCredit(work: Work, applied: ReturnType<typeof applyCredits>, { now }: Context): Work {
  const kept = keep(post(work, ...applied.ledger), 'applications', applied.applications)
  return applied.credits.reduce((next, credit) => tell(next, 'credit', 'credit.applied', credit, now), kept)
}

/** Gives back what credits paid of an invoice that is voided. */
export function releaseCredit(work: Work, invoice: FinalInvoice, { now }: Context): Work {
  const own = all(work.applications).filter(({ invoiceId }) => invoiceId === invoice.id)
  const { credits, applications, ledger, released } = releaseApplications(own, all(work.credits), now)
  invariant(released === invoice.settlement.creditsApplied, `the snapshot must hold what credits paid of ${invoice.id}`)
  const kept = keep(post(work, ...ledger), 'applications', applications)
  return credits.reduce((next, credit) => tell(next, 'credit', 'credit.released', credit, now), kept)
}

function taxedTooMuch(total: bigint): Rejection {
  return {
    code: 'amount_too_large',
    detail: `With its tax the invoice would come to ${total} minor units; ${MAX_MINOR} is the most.`,
    hint: 'Lower the quantity, the price or the tax rates that apply together.',
  }
}

const nothingTaxable: Rejection = {
  code: 'invalid_request',
  detail: 'There is nothing on the invoice that could be taxed.',
  hint: 'Tell no taxes: an empty list of them.',
  pointer: '/taxes',
}
