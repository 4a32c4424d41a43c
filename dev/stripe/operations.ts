import { balanceTransactionOperations } from './balance-transactions.ts'
import { chargeOperations } from './charges.ts'
import { customerOperations } from './customers.ts'
import { operationsOfDocument } from './document.ts'
import { notServed } from './errors.ts'
import { eventOperations } from './events.ts'
import type { Handler } from './operation.ts'
import { paymentIntentOperations } from './payment-intents.ts'
import { paymentMethodOperations } from './payment-methods.ts'
import { refundOperations } from './refunds.ts'
import { setupIntentOperations } from './setup-intents.ts'
import { webhookEndpointOperations } from './webhook-endpoints.ts'

const served = {
  ...customerOperations,
  ...paymentMethodOperations,
  ...setupIntentOperations,
  ...paymentIntentOperations,
  ...chargeOperations,
  ...refundOperations,
  ...balanceTransactionOperations,
  ...eventOperations,
  ...webhookEndpointOperations,
}

/** Operations of the document that answer 501; whoever adds one takes it off this list. */
const notServedYet = [
  'delete_customers_customer_tax_ids_id',
  'get_checkout_sessions',
  'get_checkout_sessions_session',
  'get_customers_customer_tax_ids',
  'get_customers_customer_tax_ids_id',
  'get_customers_search',
  'get_disputes',
  'get_disputes_dispute',
  'get_payment_intents_search',
  'get_tax_calculations_calculation',
  'get_tax_calculations_calculation_line_items',
  'get_tax_transactions_transaction',
  'get_tax_transactions_transaction_line_items',
  'post_checkout_sessions',
  'post_checkout_sessions_session_expire',
  'post_customers_customer_tax_ids',
  'post_disputes_dispute',
  'post_disputes_dispute_close',
  'post_payment_intents_intent_capture',
  'post_tax_calculations',
  'post_tax_transactions_create_from_calculation',
  'post_tax_transactions_create_reversal',
] as const

const handlers: Readonly<Record<string, Handler>> = served

export function handlerOf(operationId: string): Handler {
  return (
    handlers[operationId] ??
    (() => {
      throw notServed(operationId)
    })
  )
}

/** The table and the document must name the same operations, once each: a misspelt id would never be called. */
export function checkOperations(): void {
  const ours = [...Object.keys(served), ...notServedYet].toSorted()
  const documented = operationsOfDocument.map((operation) => operation.id).toSorted()
  const odd = [...ours.filter((id) => !documented.includes(id)), ...documented.filter((id) => !ours.includes(id))]
  const twice = ours.filter((id, index) => ours.indexOf(id) !== index)
  if (odd.length + twice.length > 0) throw new Error(`operations.ts and openapi.json disagree: ${[...odd, ...twice]}`)
}
