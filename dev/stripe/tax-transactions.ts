import type Stripe from 'stripe'
import { invalidRequest, notServed, type StripeError } from './errors.ts'
import { type List, listOf } from './lists.ts'
import { type Context, type Handler, inParameter, inPath, mergeMetadata, operation } from './operation.ts'
import { liveCalculation } from './tax-calculations.ts'
import type { TaxCalculationLine, TaxTransaction, TaxTransactionLine } from './tax-objects.ts'
import { reversedLines } from './tax-reversals.ts'
import { newId, now, type World } from './world.ts'

export const taxTransactionOperations = {
  post_tax_transactions_create_from_calculation: operation<Stripe.Tax.TransactionCreateFromCalculationParams>(
    (context, { calculation: id, reference, metadata, posted_at }) => {
      const { world } = context
      const { currency, customer, customer_details, lines, ship_from_details, tax_date } = liveCalculation(world, id)
      checkReference(world, reference)
      return record(context, {
        currency,
        customer,
        customer_details: structuredClone(customer_details),
        lines: lines.map(toLine),
        metadata: metadata ? mergeMetadata({}, metadata) : null,
        posted_at: posted_at ?? now(world),
        reference,
        reversal: null,
        ship_from_details,
        tax_date,
        type: 'transaction',
      })
    },
  ),

  post_tax_transactions_create_reversal: operation<Stripe.Tax.TransactionCreateReversalParams>(
    (context, parameters) => {
      const { world } = context
      const { original_transaction, reference, metadata } = parameters
      if (parameters.shipping_cost) throw notServed('shipping_cost of tax reversals')
      const original = inParameter(
        world.state.taxTransactions,
        'tax transaction',
        original_transaction,
        'original_transaction',
      )
      if (original.type === 'reversal') {
        throw invalidRequest('A reversal cannot be reversed.', { param: 'original_transaction' })
      }
      checkReference(world, reference)
      const { currency, customer, customer_details, ship_from_details, tax_date } = original
      return record(context, {
        currency,
        customer,
        customer_details: structuredClone(customer_details),
        lines: reversedLines(original, reversalsOf(world, original), parameters),
        metadata: metadata ? mergeMetadata({}, metadata) : null,
        posted_at: now(world),
        reference,
        reversal: { original_transaction: original.id },
        ship_from_details,
        tax_date,
        type: 'reversal',
      })
    },
  ),

  get_tax_transactions_transaction: (context) => shown(context, transactionInPath(context)),

  get_tax_transactions_transaction_line_items: (context) => linesOf(context, transactionInPath(context)),
} satisfies Record<string, Handler>

function transactionInPath(context: Context): TaxTransaction {
  return inPath(context, context.world.state.taxTransactions, 'tax transaction', 'transaction')
}

/** One reference, one transaction: what makes a repeated request harmless even after its key is forgotten. */
function checkReference({ state }: World, reference: string): void {
  if ([...state.taxTransactions.values()].every((it) => it.reference !== reference)) return
  throw referenceTaken(reference)
}

function referenceTaken(reference: string): StripeError {
  return invalidRequest(`A tax transaction with the reference ${reference} already exists.`, {
    param: 'reference',
    code: 'resource_already_exists',
  })
}

type Fields = Omit<TaxTransaction, 'id' | 'object' | 'created' | 'livemode' | 'shipping_cost'>

function record(context: Context, fields: Fields): object {
  const transaction: TaxTransaction = {
    id: newId('tax'),
    object: 'tax.transaction',
    created: now(context.world),
    livemode: false,
    shipping_cost: null,
    ...fields,
  }
  context.world.state.taxTransactions.set(transaction.id, transaction)
  return shown(context, transaction)
}

function reversalsOf({ state }: World, { id }: TaxTransaction): readonly TaxTransactionLine[] {
  const reversals = [...state.taxTransactions.values()].filter((it) => it.reversal?.original_transaction === id)
  return reversals.flatMap(({ lines }) => lines)
}

function toLine(line: TaxCalculationLine): TaxTransactionLine {
  const { amount, amount_tax, metadata, product, quantity, reference, tax_behavior, tax_code } = line
  return {
    id: newId('tax_li', 14),
    object: 'tax.transaction_line_item',
    ...{ amount, amount_tax, metadata, product, quantity, reference, tax_behavior, tax_code },
    livemode: false,
    reversal: null,
    type: 'transaction',
  }
}

/** Without the lines, unless `expand` asks for them. */
function shown(context: Context, transaction: TaxTransaction): object {
  const { lines: _, ...answer } = transaction
  const expand = (context.parameters.expand as readonly string[] | undefined) ?? []
  if (!expand.includes('line_items')) return answer
  return { ...answer, line_items: linesOf({ ...context, parameters: { limit: 100 } }, transaction) }
}

function linesOf(context: Context, { id, lines }: TaxTransaction): List<TaxTransactionLine> {
  return listOf(context, {
    from: new Map(lines.map((line) => [line.id, line])),
    noun: 'tax transaction line item',
    url: `/v1/tax/transactions/${id}/line_items`,
    asGiven: true,
  })
}
