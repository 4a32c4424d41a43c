import { type Line, netOf } from '../../invoices/domain/invoice.ts'
import type { Id } from '../../kernel/id.ts'
import { roundHalfAwayFromZero } from '../../kernel/money.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { Billable } from '../../subscriptions/domain/billable.ts'
import { all } from './book.ts'
import { createCreditNote } from './credit-notes.ts'
import type { Context, Work } from './work.ts'

/** What one charge of a period comes to now, the lines that invoiced it, and what is missing; minor units, undiscounted. */
export type Compared = { readonly billable: Billable; readonly invoiced: readonly Line[]; readonly difference: bigint }

/** Tells the credit notes that are made here from those that somebody gave. */
const USAGE_CORRECTED = 'Usage was corrected'

/** What corrections of usage took off a line so far, as its amount before discounts. Minor units. */
export function usageCredited({ creditNotes }: Work, line: Line): bigint {
  return grossOf(
    line,
    creditedOn({ creditNotes }, line, (reason) => reason === USAGE_CORRECTED),
  )
}

/**
 * Less was used than was invoiced: credit notes on the lines that say otherwise. What somebody gave back on them already
 * is not given back again.
 */
export function creditUsage(
  work: Work,
  { less, compared }: { readonly less: bigint; readonly compared: readonly Compared[] },
  context: Context,
): Result<Work, Rejection> {
  let left = less
  const parts = new Map<Id<'line'>, bigint>()
  for (const { difference, invoiced } of compared) {
    let own = difference < 0n ? smaller(-difference, left) : 0n
    for (const line of invoiced) {
      const given = creditedOn(work, line, (reason) => reason !== USAGE_CORRECTED)
      const most = line.amount - usageCredited(work, line)
      const part = smaller(own, most > 0n ? most : 0n)
      own -= part
      left -= part
      const net = part === 0n ? 0n : roundHalfAwayFromZero(part * netOf(line), line.amount) - given
      if (net > 0n) parts.set(line.id, net)
    }
  }
  let next = work
  for (const invoice of all(work.invoices)) {
    const lines = invoice.lines.flatMap(({ id }) => {
      const amount = parts.get(id)
      return amount === undefined ? [] : [{ lineId: id, amount }]
    })
    if (lines.length === 0) continue
    const asked = { reason: USAGE_CORRECTED, lines, refund: 0n, credit: 0n, outOfBand: 0n }
    const noted = createCreditNote(next, { type: 'create_credit_note', id: invoice.id, asked }, context)
    // Nothing may be left of a line that a change credited meanwhile.
    if (noted.ok) next = noted.value
  }
  return ok(next)
}

function creditedOn(
  { creditNotes }: Pick<Work, 'creditNotes'>,
  { id }: Line,
  isMeant: (reason: string) => boolean,
): bigint {
  return all(creditNotes)
    .filter(({ status, reason }) => status === 'issued' && isMeant(reason))
    .flatMap(({ lines }) => lines)
    .reduce((sum, { lineId, amount }) => (lineId === id ? sum + amount : sum), 0n)
}

function grossOf(line: Line, net: bigint): bigint {
  return net === 0n ? 0n : roundHalfAwayFromZero(net * line.amount, netOf(line))
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}
