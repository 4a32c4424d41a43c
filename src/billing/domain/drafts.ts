import { type DraftFor, draftInvoice, withLines } from '../../invoices/domain/draft.ts'
import type { DraftInvoice } from '../../invoices/domain/invoice.ts'
import { isWritten, writtenLines } from '../../invoices/domain/one-off.ts'
import { encodeId, type Id } from '../../kernel/id.ts'
import { type Instant, plusMs } from '../../kernel/instant.ts'
import { MAX_MINOR } from '../../kernel/money.ts'
import type { Period } from '../../kernel/period.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { closeDraft } from './bill.ts'
import { close, deleteDraft } from './close.ts'
import type { CommandOf } from './command.ts'
import { type Context, draftsIn, tell, type Work } from './work.ts'

/** An invoice that somebody writes by hand: final at once, or a draft until it is finalised. */
export function createInvoice(
  work: Work,
  { lines, memo, termsDays, finalize }: CommandOf<'create_invoice'>,
  context: Context,
): Result<Work, Rejection> {
  const { now, ids } = context
  const { organizationId, id: accountId, currency } = work.account
  const period = momentOf(now)
  const about: DraftFor = {
    ...{ organizationId, accountId, subscriptionId: null, currency, reason: 'one_off', period, at: now },
    ...{ awaits: 'request', finalizeAt: null, memo, termsDays },
  }
  const draft = draftInvoice(about, writtenLines(lines, period, ids), ids)
  if (!draft.ok) return draft
  return finalize ? close(work, draft.value, context) : ok(tell(work, 'invoice', 'invoice.created', draft.value, now))
}

/** A one-off is for the moment it is written: its period has to be some time. */
function momentOf(at: Instant): Period {
  return { start: at, end: plusMs(at, 1) }
}

export function updateInvoice(
  work: Work,
  { id, patch }: CommandOf<'update_invoice'>,
  { now, ids }: Context,
): Result<Work, Rejection> {
  const draft = getDraft(work, id)
  if (!draft.ok) return draft
  const { memo = draft.value.memo, termsDays = draft.value.termsDays, lines } = patch
  if (lines !== undefined && !isWritten(draft.value)) return err(notWritten(draft.value, '/lines'))
  const written = lines === undefined ? draft.value.lines : writtenLines(lines, draft.value.period, ids)
  const changed = withLines({ ...draft.value, memo, termsDays }, written)
  return changed.ok ? ok(tell(work, 'invoice', 'invoice.updated', changed.value, now)) : changed
}

export function deleteInvoice(
  work: Work,
  { id }: CommandOf<'delete_invoice'>,
  context: Context,
): Result<Work, Rejection> {
  const draft = getDraft(work, id)
  if (!draft.ok) return draft
  return isWritten(draft.value) ? ok(deleteDraft(work, draft.value, context)) : err(notWritten(draft.value))
}

/** With the taxes it awaited, as they are given; or now instead of later. */
export function finalizeInvoice(
  work: Work,
  { id, taxes }: CommandOf<'finalize_invoice'>,
  context: Context,
): Result<Work, Rejection> {
  const found = getDraft(work, id)
  if (!found.ok) return found
  const draft = found.value
  const untaxed = untaxedCreditedBy(work, draft)
  if (untaxed !== null) return err(creditsUntaxed(untaxed))
  if (taxes === null) return draft.awaits === 'tax' ? err(taxUntold) : closeDraft(work, draft, context)
  const total = taxes.reduce((sum, { amount }) => sum + amount, draft.subtotal - draft.discount)
  if (total > MAX_MINOR) return err(tooLarge(total))
  return closeDraft(work, draft, context, { taxes })
}

/** A credit carries the tax of the line it credits: that has to be known. */
function untaxedCreditedBy(work: Work, draft: DraftInvoice): DraftInvoice | null {
  const credited = new Set(draft.lines.map(({ creditsLineId }) => creditsLineId))
  const untaxed = draftsIn(work).find(
    (one) => one.id !== draft.id && one.awaits === 'tax' && one.lines.some(({ id }) => credited.has(id)),
  )
  return untaxed ?? null
}

function creditsUntaxed({ id }: DraftInvoice): Rejection {
  return {
    code: 'command_not_possible',
    detail: `It credits a line of draft ${encodeId('invoice', id)}, which awaits its tax.`,
    hint: 'Finalise that one first: what is given back carries its tax.',
  }
}

function getDraft({ invoices }: Work, id: Id<'invoice'>): Result<DraftInvoice, Rejection> {
  const invoice = invoices.now.get(id)
  return invoice?.status === 'draft' ? ok(invoice) : err(notADraft(id))
}

function notADraft(id: Id<'invoice'>): Rejection {
  return {
    code: 'invoice_not_draft',
    detail: `Invoice ${encodeId('invoice', id)} is not a draft.`,
    hint: 'A final invoice never changes: void it, or correct it with a credit note. GET it to see where it stands.',
  }
}

function notWritten({ reason }: DraftInvoice, pointer?: string): Rejection {
  return {
    code: 'invoice_not_draft',
    detail: `This draft (${reason}) is made from a subscription, not by hand.`,
    hint: 'Change the subscription: its draft follows. Or finalise it, and correct it with a credit note.',
    ...(pointer && { pointer }),
  }
}

const taxUntold: Rejection = {
  code: 'invalid_request',
  detail: 'The draft awaits its tax.',
  hint: 'Tell its `taxes`; an empty list says that there are none.',
  pointer: '/taxes',
}

function tooLarge(total: bigint): Rejection {
  return {
    code: 'amount_too_large',
    detail: `The invoice would come to ${total} minor units; ${MAX_MINOR} is the most.`,
    hint: 'Check the amounts of the taxes: they are in minor units.',
    pointer: '/taxes',
  }
}
