import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { roundHalfAwayFromZero } from '../../kernel/money.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { type LedgerTransaction, ledgerTransaction } from '../../ledger/domain/posting.ts'
import { balanceOf, type FinalInvoice, type Line, type LineTax, netOf } from './invoice.ts'
import { limitsOf } from './proration.ts'

export const creditNoteStatuses = ['issued', 'void'] as const

/** What is taken back of one line: net of tax, and its tax with it. */
type CreditNoteLine = {
  readonly lineId: Id<'line'>
  readonly amount: bigint
  readonly tax: bigint
  readonly taxes: readonly LineTax[]
}

/** Corrects a final invoice, in minor units: total = reduced + refunded + credited + outOfBand. */
export type CreditNote = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'credit_note'>
  readonly accountId: Id<'account'>
  readonly invoiceId: Id<'invoice'>
  readonly version: number
  readonly status: (typeof creditNoteStatuses)[number]
  readonly number: string
  readonly currency: Currency
  readonly reason: string
  readonly lines: readonly CreditNoteLine[]
  readonly tax: bigint
  readonly total: bigint
  /** What the invoice's balance is lower by. */
  readonly reduced: bigint
  readonly refunded: bigint
  readonly credited: bigint
  /** Given back by other means, such as a bank transfer. */
  readonly outOfBand: bigint
  /** The negative invoice whose surplus it carries over; its own ledger entries have moved the money then. */
  readonly sourceInvoiceId: Id<'invoice'> | null
  readonly issuedAt: Instant
  readonly voidedAt: Instant | null
}

export type CreditAsked = {
  readonly reason: string
  /** Net amounts of lines; null: all that is left of every line. */
  readonly lines: readonly { readonly lineId: Id<'line'>; readonly amount: bigint }[] | null
  readonly refund: bigint
  readonly credit: bigint
  readonly outOfBand: bigint
}

/** What credit notes took off each line so far, net of tax. */
export function creditedByLine(notes: readonly CreditNote[]): ReadonlyMap<Id<'line'>, bigint> {
  const sums = new Map<Id<'line'>, bigint>()
  for (const { lines } of notes.filter(({ status }) => status === 'issued')) {
    for (const { lineId, amount } of lines) sums.set(lineId, (sums.get(lineId) ?? 0n) + amount)
  }
  return sums
}

/**
 * A credit note on a final invoice: it first reduces the balance, and the rest is what is refunded, credited and given
 * back out of band; unsaid, the rest is credited. Never above what is left of a line (semantics.md, States).
 */
export function creditNoteFor(
  invoice: FinalInvoice,
  asked: CreditAsked,
  { id: noteId, notes, taken, number }: Sofar & Pick<CreditNote, 'id' | 'number'>,
  now: Instant,
): Result<CreditNote, Rejection> {
  const lines = linesOf(invoice, asked, { notes, taken })
  if (!lines.ok) return lines
  const tax = lines.value.reduce((sum, line) => sum + line.tax, 0n)
  const total = lines.value.reduce((sum, { amount }) => sum + amount, tax)
  const balance = balanceOf(invoice)
  const reduced = total < balance ? total : balance
  const rest = total - reduced
  const { refund, outOfBand } = asked
  const said = refund + asked.credit + outOfBand
  if (said !== 0n && said !== rest) return err(unbalanced(total, reduced, said))
  const { organizationId, accountId, currency, id } = invoice
  return ok({
    ...{ organizationId, accountId, currency, invoiceId: id, id: noteId, version: 1, status: 'issued' },
    ...{ number, reason: asked.reason, lines: lines.value, tax, total, reduced, refunded: refund, outOfBand },
    credited: said === 0n ? rest : asked.credit,
    ...{ sourceInvoiceId: null, issuedAt: now, voidedAt: null },
  })
}

type Sofar = { readonly notes: readonly CreditNote[]; readonly taken: ReadonlyMap<Id<'line'>, bigint> }

function linesOf(
  invoice: FinalInvoice,
  asked: CreditAsked,
  sofar: Sofar,
): Result<readonly CreditNoteLine[], Rejection> {
  const noted = creditedByLine(sofar.notes)
  const limits = new Map(limitsOf(invoice).map((limit, index) => [invoice.lines[index]?.id, limit]))
  const left = (line: Line) => {
    const most = limits.get(line.id) ?? netOf(line)
    const rest = most - (noted.get(line.id) ?? 0n) - (sofar.taken.get(line.id) ?? 0n)
    return rest > 0n ? rest : 0n
  }
  const wanted =
    asked.lines ?? invoice.lines.flatMap((line) => (left(line) > 0n ? [{ lineId: line.id, amount: left(line) }] : []))
  if (wanted.length === 0) return err(nothingLeft(invoice))
  const lines: CreditNoteLine[] = []
  for (const [index, { lineId, amount }] of wanted.entries()) {
    const line = invoice.lines.find(({ id }) => id === lineId)
    // A line may be named more than once.
    const named = lines.reduce((sum, one) => (one.lineId === lineId ? sum + one.amount : sum), 0n)
    const most = line === undefined ? 0n : left(line) - named
    if (line === undefined || amount > most) return err(tooMuch(invoice, { index, amount, most, line }))
    const before = (noted.get(line.id) ?? 0n) + (sofar.taken.get(line.id) ?? 0n) + named
    lines.push(partOfLine(line, amount, before))
  }
  return ok(lines)
}

/** Its tax in proportion, as the difference of rounded cumulative values: what is credited in parts sums to the whole. */
function partOfLine(line: Line, amount: bigint, before: bigint): CreditNoteLine {
  const net = netOf(line)
  const upTo = (tax: bigint, part: bigint) => roundHalfAwayFromZero(tax * part, net)
  const taxes = line.taxes.map((tax) => ({
    ...tax,
    amount: upTo(tax.amount, before + amount) - upTo(tax.amount, before),
  }))
  return { lineId: line.id, amount, taxes, tax: taxes.reduce((sum, tax) => sum + tax.amount, 0n) }
}

/** Less revenue and less tax owed; the customer owes less, or is owed. */
export function creditNotePostings(note: CreditNote, kind: 'credit_note' | 'credit_note_void', at: Instant) {
  const { organizationId, accountId, id, currency, total, tax, reduced, refunded, credited, outOfBand } = note
  const sign = kind === 'credit_note' ? 1n : -1n
  const transaction: LedgerTransaction = {
    ...{ organizationId, accountId, document: id, kind, currency, at },
    postings: [
      { ledgerAccount: 'revenue', amount: sign * (total - tax) },
      { ledgerAccount: 'tax', amount: sign * tax },
      { ledgerAccount: 'receivable', amount: -sign * reduced },
      { ledgerAccount: 'refund', amount: -sign * refunded },
      { ledgerAccount: 'credit', amount: -sign * credited },
      { ledgerAccount: 'cash', amount: -sign * outOfBand },
    ],
  }
  return note.sourceInvoiceId === null ? ledgerTransaction(transaction) : null
}

const NO_MORE_THAN_PAID = 'Of an uncollectible invoice no more is given back than was paid.'

type TooMuch = {
  readonly index: number
  readonly amount: bigint
  readonly most: bigint
  readonly line: Line | undefined
}

function tooMuch({ status }: FinalInvoice, { index, amount, most, line }: TooMuch): Rejection {
  return {
    code: 'credit_note_too_large',
    detail:
      line === undefined
        ? 'The invoice has no such line.'
        : `${amount} is more than the ${most} that is left of "${line.description}" after discounts and earlier credits.`,
    hint:
      status === 'uncollectible'
        ? NO_MORE_THAN_PAID
        : 'GET the invoice shows its lines; amounts are net of tax, which is credited in proportion.',
    pointer: `/lines/${index}`,
  }
}

function nothingLeft({ number, status }: FinalInvoice): Rejection {
  const isUncollectible = status === 'uncollectible'
  return {
    code: 'credit_note_too_large',
    detail: `${isUncollectible ? 'All that was paid of' : 'Everything on'} invoice ${number} has been credited.`,
    hint: isUncollectible ? NO_MORE_THAN_PAID : 'GET /v1/credit_notes?invoice=… lists what was credited.',
  }
}

function unbalanced(total: bigint, reduced: bigint, said: bigint): Rejection {
  return {
    code: 'credit_note_unbalanced',
    detail: `The credit note comes to ${total} with tax, of which ${reduced} reduces the balance; ${said} was divided for the rest.`,
    hint: `Let refund + credit + out_of_band be ${total - reduced}, or leave them out: it is credited then.`,
    pointer: '/refund',
  }
}
