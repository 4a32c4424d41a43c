import type { Invoice } from '../../invoices/domain/invoice.ts'
import { type Difference, differencesIn } from '../../invoices/domain/verify.ts'
import type { Derivation } from '../../invoices/domain/workings.ts'
import type { Settings } from '../../organizations/domain/organization.ts'
import { taxDifferencesIn } from '../../taxes/domain/verify-tax.ts'

/**
 * What of an invoice is not what its inputs come to; empty where it is identical. The rates of taxes are checked where the
 * organization's own table decides them.
 */
export function verifyInvoice(invoice: Invoice, derivation: Derivation, settings: Settings): readonly Difference[] {
  return [...differencesIn(invoice, derivation), ...taxDifferencesIn(invoice, settings.tax.engine === 'rates')]
}
