import { type Credit, grantCredit } from '../../credits/domain/credit.ts'
import { type CreditNote, creditNoteFor, creditNotePostings } from '../../invoices/domain/credit-note.ts'
import { type FinalInvoice, type Invoice, isFinal, netOf, settle } from '../../invoices/domain/invoice.ts'
import { encodeId, type Id } from '../../kernel/id.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { all } from './book.ts'
import { collectWhenDue } from './collect.ts'
import type { CommandOf } from './command.ts'
import { numberCreditNote } from './numbers.ts'
import { refundPayments } from './refunds.ts'
import { lowered } from './settlements.ts'
import { underWay } from './void.ts'
import { type Context, isBeingPaid, post, tell, type Work } from './work.ts'

/** Corrects a final invoice: its balance first, then what is refunded, credited or was given back by other means. */
export function createCreditNote(
  work: Work,
  { id, asked }: CommandOf<'create_credit_note'>,
  context: Context,
): Result<Work, Rejection> {
  const { now, ids } = context
  const invoice = work.invoices.now.get(id)
  if (invoice === undefined || !isFinal(invoice) || invoice.status === 'void') return err(notCorrectable(id))
  if (isBeingPaid(work, invoice)) return err(underWay(invoice))
  const notes = all(work.creditNotes).filter(({ invoiceId }) => invoiceId === id)
  const noteId = ids('credit_note')
  const { number, work: numbered } = numberCreditNote(work, noteId, context)
  const made = creditNoteFor(invoice, asked, { id: noteId, notes, taken: takenBack(all(work.invoices)), number }, now)
  if (!made.ok) return made
  const note = made.value
  const told = tell(
    post(numbered, creditNotePostings(note, 'credit_note', now)),
    'credit_note',
    'credit_note.created',
    note,
    now,
  )
  const reduced = note.reduced === 0n ? told : lowered(told, settle(invoice, { creditNotes: note.reduced }), context)
  const credited = note.credited === 0n ? ok(reduced) : granted(reduced, note, context)
  if (!credited.ok || note.refunded === 0n) return credited
  const about = { invoices: new Set([id]), amount: note.refunded, creditNoteId: note.id, reason: note.reason }
  return refundPayments(credited.value, about, context)
}

/** What prorations gave back of each line already. */
function takenBack(invoices: readonly Invoice[]): ReadonlyMap<Id<'line'>, bigint> {
  const taken = new Map<Id<'line'>, bigint>()
  for (const { status, lines } of invoices) {
    if (status === 'void' || status === 'deleted') continue
    for (const line of lines) {
      const { creditsLineId } = line
      if (creditsLineId !== null) taken.set(creditsLineId, (taken.get(creditsLineId) ?? 0n) - netOf(line))
    }
  }
  return taken
}

function granted(work: Work, note: CreditNote, { now, ids }: Context): Result<Work, Rejection> {
  const { organizationId, accountId, currency, credited, reason, id } = note
  const about = { organizationId, accountId, currency, amount: credited, reason, expiresAt: null, metadata: {} }
  const made = grantCredit({ ...about, source: 'credit_note', sourceId: id }, all(work.credits), now, ids)
  return made.ok ? ok(tell(work, 'credit', 'credit.granted', made.value.credit, now)) : made
}

/** Takes a credit note back, while nothing of it has been used or paid out. */
export function voidCreditNote(
  work: Work,
  { creditNoteId }: CommandOf<'void_credit_note'>,
  context: Context,
): Result<Work, Rejection> {
  const { now } = context
  const note = work.creditNotes.now.get(creditNoteId)
  const invoice = note && work.invoices.now.get(note.invoiceId)
  if (note === undefined || invoice === undefined || !isFinal(invoice)) return err(noNote(creditNoteId))
  const credit = all(work.credits).find(({ sourceId }) => sourceId === note.id)
  const refused = voidRefused(note, credit)
  if (refused !== null) return err(refused)
  if (isBeingPaid(work, invoice)) return err(underWay(invoice))
  const posted = post(work, creditNotePostings(note, 'credit_note_void', now))
  const after: CreditNote = { ...note, status: 'void', voidedAt: now }
  const told = tell(posted, 'credit_note', 'credit_note.voided', after, now)
  const owing = note.reduced === 0n ? told : owedAgain(told, { invoice, note }, context)
  if (credit === undefined) return ok(owing)
  const ended: Credit = {
    ...credit,
    remaining: 0n,
    voided: credit.voided + credit.remaining,
    endedAt: now,
    end: 'voided',
  }
  return ok(tell(owing, 'credit', 'credit.voided', ended, now))
}

/** What was settled is collected anew; what is open still is being collected. */
function owedAgain(
  work: Work,
  { invoice, note }: { readonly invoice: FinalInvoice; readonly note: CreditNote },
  context: Context,
): Work {
  const owed = settle({ ...invoice, status: 'open' }, { creditNotes: -note.reduced })
  const told = tell(work, 'invoice', 'invoice.credited', owed, context.now)
  return invoice.status === 'open' ? told : collectWhenDue(told, owed, context)
}

function voidRefused(note: CreditNote, credit: Credit | undefined): Rejection | null {
  const refuse = (why: string): Rejection => ({
    code: 'command_not_possible',
    detail: `Credit note ${note.number} ${why}.`,
    hint: 'Bill what should be owed again with a one-off invoice: POST /v1/invoices.',
  })
  if (note.status === 'void') return refuse('is void already')
  if (note.sourceInvoiceId !== null) return refuse('carries over what another invoice gave back')
  if (note.refunded > 0n || note.outOfBand > 0n) return refuse('was paid out')
  // Credit of which nothing is left is not read.
  return note.credited > (credit?.remaining ?? 0n) ? refuse('gave credit that has been used') : null
}

function notCorrectable(id: Id<'invoice'>): Rejection {
  return {
    code: 'invoice_not_open',
    detail: `Invoice ${encodeId('invoice', id)} is not final, or it is void.`,
    hint: 'A draft is changed or deleted; what is void needs no credit note.',
    pointer: '/invoice',
  }
}

function noNote(id: Id<'credit_note'>): Rejection {
  return {
    code: 'not_found',
    detail: `There is no credit note ${encodeId('credit_note', id)}.`,
    hint: 'List them with GET /v1/credit_notes.',
  }
}
