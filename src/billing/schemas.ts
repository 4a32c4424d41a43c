import { z } from '@hono/zod-openapi'
import { accountSchema, accountToWire, methodToWire } from '../accounts/schemas.ts'
import { creditToWire } from '../credits/schemas.ts'
import { discountSchema, discountToWire } from '../discounts/schemas.ts'
import { creditNoteToWire } from '../invoices/credit-note-schemas.ts'
import { invoiceSchema, invoiceToWire } from '../invoices/schemas.ts'
import { invariant } from '../kernel/invariant.ts'
import { refundToWire } from '../payments/refund-schemas.ts'
import { paymentSchema, paymentToWire } from '../payments/schemas.ts'
import { amountSchema, orNull } from '../platform/http/wire.ts'
import { subscriptionSchema, subscriptionToWire } from '../subscriptions/schemas.ts'
import type { Command } from './domain/command.ts'
import type { Shown } from './shown.ts'

export const commandAnswerSchema = subscriptionSchema
  .extend({
    latest_invoice: orNull(invoiceSchema).openapi({
      description: 'The newest invoice that this command made, or the draft; null where it made none.',
    }),
    payment: orNull(paymentSchema).openapi({ description: 'The payment of that invoice, where it is charged.' }),
  })
  .openapi('SubscriptionAnswer')

export const invoiceAnswerSchema = invoiceSchema.extend({ payment: orNull(paymentSchema) }).openapi('InvoiceAnswer')

export const voidAnswerSchema = invoiceSchema
  .extend({
    correction: orNull(invoiceAnswerSchema).openapi({ description: 'What was made in its place; null if nothing.' }),
  })
  .openapi('VoidAnswer')

export const detachAnswerSchema = z
  .object({ data: z.array(discountSchema).openapi({ description: 'Those that were taken away.' }) })
  .openapi('DetachAnswer')

export const accountDetailSchema = accountSchema
  .extend({
    credit_balance: amountSchema.openapi({ description: 'What pays for its next invoices, by the account’s time.' }),
    discounts: z.array(discountSchema).openapi({ description: 'Those on all that it is billed.' }),
  })
  .openapi('AccountDetail')

export const subscriptionDetailSchema = subscriptionSchema
  .extend({ discounts: z.array(discountSchema) })
  .openapi('SubscriptionDetail')

type Answer = { readonly status: 200 | 201; readonly toWire: (shown: Shown) => unknown }

const ofSubscription: Answer = { status: 200, toWire: subscriptionAnswerToWire }
const ofInvoice: Answer = { status: 200, toWire: invoiceAnswerToWire }
const ofCredit: Answer = { status: 200, toWire: ({ credit }) => creditToWire(there(credit)) }
const ofAccount: Answer = { status: 200, toWire: ({ account, methods }) => accountToWire(there(account), methods) }
const ofMethod: Answer = {
  status: 200,
  toWire: ({ account, method }) => methodToWire(there(method), there(account).defaultPaymentMethodId === method?.id),
}
const ofCreditNote: Answer = { status: 200, toWire: ({ creditNote }) => creditNoteToWire(there(creditNote)) }
/** What the engine tells itself: nobody waits for its answer. */
const ofNothing: Answer = { status: 200, toWire: () => null }

const answers = {
  update_account: ofAccount,
  create_subscription: { ...ofSubscription, status: 201 },
  change_subscription: ofSubscription,
  unschedule_change: ofSubscription,
  cancel_subscription: ofSubscription,
  uncancel_subscription: ofSubscription,
  pause_subscription: ofSubscription,
  resume_subscription: ofSubscription,
  change_trial: ofSubscription,
  update_subscription: ofSubscription,
  create_invoice: { ...ofInvoice, status: 201 },
  update_invoice: ofInvoice,
  delete_invoice: ofInvoice,
  finalize_invoice: ofInvoice,
  void_invoice: { status: 200, toWire: voidAnswerToWire },
  mark_uncollectible: ofInvoice,
  apply_credit: ofInvoice,
  pay_invoice: ofInvoice,
  record_payment: ofInvoice,
  attach_method: { ...ofMethod, status: 201 },
  set_default_method: ofMethod,
  update_method: ofMethod,
  remove_method: ofMethod,
  place_hold: { ...ofAccount, status: 201 },
  release_hold: ofAccount,
  create_credit_note: { ...ofCreditNote, status: 201 },
  void_credit_note: ofCreditNote,
  grant_credit: { ...ofCredit, status: 201 },
  void_credit: ofCredit,
  attach_coupon: { status: 201, toWire: ({ discounts }) => discountToWire(there(discounts.at(-1) ?? null)) },
  detach_discounts: { status: 200, toWire: ({ discounts }) => ({ data: discounts.map(discountToWire) }) },
  report_usage: ofNothing,
  advance: ofNothing,
  record_outcomes: ofNothing,
  record_refunds: ofNothing,
  record_dispute: ofNothing,
  record_foreign_refund: ofNothing,
  resolve_refund: { status: 200, toWire: ({ refund }) => refundToWire(there(refund)) },
  refund_payment: { status: 201, toWire: ({ refund }) => refundToWire(there(refund)) },
} as const satisfies Record<Command['type'], Answer>

export function answerOf(command: Command['type'], shown: Shown): { readonly status: number; readonly body: string } {
  const { status, toWire } = answers[command]
  return { status, body: JSON.stringify(toWire(shown)) }
}

function subscriptionAnswerToWire({ subscription, invoice, payment }: Shown): z.output<typeof commandAnswerSchema> {
  return {
    ...subscriptionToWire(there(subscription)),
    latest_invoice: invoice && invoiceToWire(invoice),
    payment: payment && paymentToWire(payment),
  }
}

function invoiceAnswerToWire({ invoice, payment }: Shown): z.output<typeof invoiceAnswerSchema> {
  return { ...invoiceToWire(there(invoice)), payment: payment && paymentToWire(payment) }
}

function voidAnswerToWire(shown: Shown): z.output<typeof voidAnswerSchema> {
  const { invoice, correction } = shown
  return {
    ...invoiceToWire(there(invoice)),
    correction: correction && invoiceAnswerToWire({ ...shown, invoice: correction }),
  }
}

/** A command that was not refused has made or changed what it is about. */
function there<T>(value: T | null): T {
  invariant(value !== null, 'a command must show what it is about')
  return value
}
