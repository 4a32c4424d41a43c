import { applyCredits } from '../../credits/domain/application.ts'
import { availableAt, grantCredit, voidCredit } from '../../credits/domain/credit.ts'
import { aboutLedger } from '../../invoices/domain/finalise.ts'
import { balanceOf, collected, type FinalInvoice, isFinal, settle } from '../../invoices/domain/invoice.ts'
import { encodeId, type Id } from '../../kernel/id.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { ledgerTransaction } from '../../ledger/domain/posting.ts'
import { all } from './book.ts'
import { withCredit } from './close.ts'
import type { CommandOf } from './command.ts'
import { underWay } from './void.ts'
import { type Context, isBeingPaid, post, tell, type Work } from './work.ts'

/** Credit that is given away, with its reason; it pays later invoices. */
export function grant(
  work: Work,
  { amount, reason, expiresAt, metadata }: CommandOf<'grant_credit'>,
  { now, ids }: Context,
): Result<Work, Rejection> {
  const { organizationId, id: accountId, currency } = work.account
  const about = { organizationId, accountId, currency, amount, reason, expiresAt, metadata }
  const granted = grantCredit({ ...about, source: 'grant', sourceId: null }, all(work.credits), now, ids)
  if (!granted.ok) return granted
  const { credit, ledger } = granted.value
  return ok(tell(post(work, ledger), 'credit', 'credit.granted', credit, now))
}

export function takeBack(
  work: Work,
  { creditId }: CommandOf<'void_credit'>,
  { now }: Context,
): Result<Work, Rejection> {
  const credit = work.credits.now.get(creditId)
  if (credit === undefined) return err(noCredit(creditId))
  const ended = voidCredit(credit, now)
  if (!ended.ok) return ended
  return ok(tell(post(work, ended.value.ledger), 'credit', 'credit.voided', ended.value.credit, now))
}

/** Pays an open invoice by credit: all there is, or so much of it. */
export function applyCredit(
  work: Work,
  { id, amount }: CommandOf<'apply_credit'>,
  context: Context,
): Result<Work, Rejection> {
  const { now, ids } = context
  const found = getOpen(work, id)
  if (!found.ok) return found
  const invoice = found.value
  if (isBeingPaid(work, invoice)) return err(underWay(invoice))
  const balance = balanceOf(invoice)
  const available = availableAt(all(work.credits), now)
  const most = available < balance ? available : balance
  if (most === 0n || (amount ?? 0n) > most) return err(notSoMuch(amount, { available, balance }))
  const applied = applyCredits(all(work.credits), { invoiceId: id, amount: amount ?? most, at: now }, ids)
  return ok(lowered(withCredit(work, applied, context), settle(invoice, { creditsApplied: applied.applied }), context))
}

/** Nobody expects it to be paid any more: its balance is a bad debt. */
export function markUncollectible(
  work: Work,
  { id }: CommandOf<'mark_uncollectible'>,
  context: Context,
): Result<Work, Rejection> {
  const found = getOpen(work, id)
  if (!found.ok) return found
  const invoice = found.value
  if (isBeingPaid(work, invoice)) return err(underWay(invoice))
  const balance = balanceOf(invoice)
  const written = ledgerTransaction({
    ...aboutLedger(invoice, 'uncollectible', context.now),
    postings: [
      { ledgerAccount: 'bad_debt', amount: balance },
      { ledgerAccount: 'receivable', amount: -balance },
    ],
  })
  const after: FinalInvoice = settle({ ...collected(invoice), status: 'uncollectible' }, { writtenOff: balance })
  return ok(tell(post(work, written), 'invoice', 'invoice.marked_uncollectible', after, context.now))
}

/** Less is owed, perhaps nothing any more. */
export function lowered(work: Work, invoice: FinalInvoice, { now }: Context): Work {
  const told = tell(work, 'invoice', 'invoice.credited', invoice, now)
  return invoice.status === 'paid' ? tell(told, 'invoice', 'invoice.paid', invoice, now) : told
}

export function getOpen({ invoices }: Work, id: Id<'invoice'>): Result<FinalInvoice, Rejection> {
  const invoice = invoices.now.get(id)
  return invoice !== undefined && isFinal(invoice) && invoice.status === 'open' ? ok(invoice) : err(notOpen(id))
}

function notOpen(id: Id<'invoice'>): Rejection {
  return {
    code: 'invoice_not_open',
    detail: `Invoice ${encodeId('invoice', id)} is not open: nothing is owed on it.`,
    hint: 'GET the invoice to see its status; what was paid is corrected by a credit note.',
  }
}

function noCredit(id: Id<'credit'>): Rejection {
  return {
    code: 'not_found',
    detail: `There is no credit ${encodeId('credit', id)}.`,
    hint: 'List them with GET /v1/credits.',
  }
}

function notSoMuch(
  amount: bigint | null,
  { available, balance }: { readonly available: bigint; readonly balance: bigint },
): Rejection {
  return {
    code: 'credit_too_large',
    detail: `${amount ?? 'Nothing'} cannot be applied: the account has ${available} minor units to its credit and the invoice owes ${balance}.`,
    hint: 'Apply the smaller of both at most, or grant a credit first with POST /v1/credits.',
    pointer: '/amount',
  }
}
