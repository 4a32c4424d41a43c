import { accountNumber, creditNoteNumber, pendingNumber } from '../../invoices/domain/finalise.ts'
import type { Id } from '../../kernel/id.ts'
import type { Context, Work } from './work.ts'

type Numbered = { readonly number: string; readonly work: Work }

/** The next of the account's series; of the organization's, a placeholder until the commit's statement gives it. */
export function numberInvoice(work: Work, id: Id<'invoice'>, { snapshot }: Context): Numbered {
  if (snapshot.settings.numbering.series !== 'account') return { number: pendingNumber(id), work }
  const invoiceSequence = work.account.invoiceSequence + 1
  const number = accountNumber(work.account.invoicePrefix, invoiceSequence)
  return { number, work: { ...work, account: { ...work.account, invoiceSequence } } }
}

/** Credit notes have a series of their own, the account's or the organization's. */
export function numberCreditNote(work: Work, id: Id<'credit_note'>, { snapshot }: Context): Numbered {
  if (snapshot.settings.numbering.series !== 'account') return { number: pendingNumber(id), work }
  const creditNoteSequence = work.account.creditNoteSequence + 1
  const number = creditNoteNumber(work.account.invoicePrefix, creditNoteSequence)
  return { number, work: { ...work, account: { ...work.account, creditNoteSequence } } }
}
