import { aboutLedger } from '../../invoices/domain/finalise.ts'
import { balanceOf, type FinalInvoice, settle } from '../../invoices/domain/invoice.ts'
import { ledgerTransaction } from '../../ledger/domain/posting.ts'
import { isSmall } from '../../payments/domain/gateway-amount.ts'
import { type Context, isBeingPaid, openIn, post, tell, type Work } from './work.ts'

/** A balance that the gateway does not charge is let go, where the account is charged and nothing else is asked for. */
export function withoutSmallBalance(work: Work, invoice: FinalInvoice, { snapshot, now }: Context) {
  const balance = balanceOf(invoice)
  const isLeft = snapshot.settings.retries.smallBalances === 'hold' || work.account.collection !== 'automatic'
  if (isLeft || balance === 0n || !isSmall(balance, invoice.currency)) return { work, invoice }
  const ledger = ledgerTransaction({
    ...aboutLedger(invoice, 'small_balance', now),
    postings: [
      { ledgerAccount: 'rounding', amount: balance },
      { ledgerAccount: 'receivable', amount: -balance },
    ],
  })
  return { work: post(work, ledger), invoice: settle(invoice, { writtenOff: balance }) }
}

/** What payments, credit and corrections left of an invoice may be too small to ask for as well. */
export function withoutSmallBalances(work: Work, context: Context): Work {
  const owed = openIn(work).filter((invoice) => !isBeingPaid(work, invoice))
  return owed.reduce((next, invoice) => {
    const { work: written, invoice: paid } = withoutSmallBalance(next, invoice, context)
    if (paid === invoice) return next
    const told = tell(written, 'invoice', 'invoice.written_off', paid, context.now)
    return tell(told, 'invoice', 'invoice.paid', paid, context.now)
  }, work)
}
