import { balanceTransactionOperations } from './balance-transactions.ts'
import { chargeOperations } from './charges.ts'
import { checkoutOperations } from './checkout-sessions.ts'
import { customerOperations } from './customers.ts'
import { disputeOperations } from './disputes.ts'
import { operationsOfDocument } from './document.ts'
import { eventOperations } from './events.ts'
import type { Handler } from './operation.ts'
import { paymentCaptureOperations } from './payment-captures.ts'
import { paymentIntentOperations } from './payment-intents.ts'
import { paymentMethodOperations } from './payment-methods.ts'
import { refundOperations } from './refunds.ts'
import { searchOperations } from './search.ts'
import { setupIntentOperations } from './setup-intents.ts'
import { taxCalculationOperations } from './tax-calculations.ts'
import { taxIdOperations } from './tax-ids.ts'
import { taxTransactionOperations } from './tax-transactions.ts'
import { webhookEndpointOperations } from './webhook-endpoints.ts'

/** Every operation of the document, by what it is about. */
const operationTables: readonly Readonly<Record<string, Handler>>[] = [
  customerOperations,
  taxIdOperations,
  paymentMethodOperations,
  setupIntentOperations,
  checkoutOperations,
  paymentIntentOperations,
  paymentCaptureOperations,
  chargeOperations,
  refundOperations,
  disputeOperations,
  balanceTransactionOperations,
  searchOperations,
  taxCalculationOperations,
  taxTransactionOperations,
  eventOperations,
  webhookEndpointOperations,
]

const handlers: Readonly<Record<string, Handler>> = Object.assign({}, ...operationTables)

export function handlerOf(operationId: string): Handler {
  const handler = handlers[operationId]
  if (!handler) throw new Error(`checkOperations let ${operationId} pass`)
  return handler
}

/** The table and the document must name the same operations, once each: a misspelt id would never be called. */
export function checkOperations(): void {
  const ours = operationTables.flatMap((table) => Object.keys(table)).toSorted()
  const documented = operationsOfDocument.map((operation) => operation.id).toSorted()
  const odd = [...ours.filter((id) => !documented.includes(id)), ...documented.filter((id) => !ours.includes(id))]
  const twice = ours.filter((id, index) => ours.indexOf(id) !== index)
  if (odd.length + twice.length > 0) throw new Error(`operations.ts and openapi.json disagree: ${[...odd, ...twice]}`)
}
