import { MAX_CREDIT } from '../../credits/domain/credit.ts'
import { balanceOf, type FinalInvoice } from '../../invoices/domain/invoice.ts'
import { encodeId } from '../../kernel/id.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { isTiredOf } from '../../payments/domain/collection.ts'
import { chargeable, isSmall } from '../../payments/domain/gateway-amount.ts'
import type { Payment } from '../../payments/domain/payment.ts'
import { all } from './book.ts'
import { beginCharge } from './collect.ts'
import type { CommandOf } from './command.ts'
import { closedThere, received } from './outcomes.ts'
import { getOpen } from './settlements.ts'
import { underWay } from './void.ts'
import { type Context, isBeingPaid, methodsIn, tell, type Work } from './work.ts'

/** Somebody wants it paid now: all of it or a part, with a method of the account. */
export function payInvoice(
  work: Work,
  { id, amount, methodId, reason, returnUrl, insteadOf }: CommandOf<'pay_invoice'>,
  context: Context,
): Result<Work, Rejection> {
  const found = getOpen(work, id)
  if (!found.ok) return found
  const invoice = found.value
  const methods = methodsIn(work)
  const method = methodId === null ? methods[0] : methods.find((one) => one.id === methodId)
  if (method === undefined) return err(methodId === null ? nothingToCharge : noSuchMethod(methodId))
  if (isTiredOf(all(work.attempts), method, context.now)) return err(triedTooOften(method.last4))
  const free = insteadOf === null ? work : closedThere(work, insteadOf, context)
  if (isBeingPaid(free, invoice)) return err(underWay(invoice))
  const balance = balanceOf(invoice)
  const asked = chargeable(amount ?? balance, invoice.currency)
  if (amount !== null && amount > balance) return err(tooLarge(invoice, amount, balance))
  if (isSmall(asked, invoice.currency)) return err(tooSmall(invoice, amount ?? balance))
  return ok(beginCharge(free, invoice, { method, reason, returnUrl, amount: asked }, context))
}

/** Money that came in past the gateway. What is too much becomes credit. */
export function recordPayment(
  work: Work,
  { id, amount, manual }: CommandOf<'record_payment'>,
  context: Context,
): Result<Work, Rejection> {
  const found = getOpen(work, id)
  if (!found.ok) return found
  const invoice = found.value
  if (isBeingPaid(work, invoice)) return err(underWay(invoice))
  const surplus = (amount ?? 0n) - balanceOf(invoice)
  const held = all(work.credits).reduce((sum, { remaining }) => sum + remaining, 0n)
  if (surplus > 0n && held + surplus > MAX_CREDIT) return err(tooMuchCredit(invoice, surplus))
  const { organizationId, accountId, currency } = invoice
  const payment: Payment = {
    ...{ organizationId, accountId, currency, manual, invoiceId: id, id: context.ids('payment'), version: 1 },
    ...{ status: 'succeeded', amount: amount ?? balanceOf(invoice), outcome: null, decline: null },
    ...{ paymentMethodId: null, gatewayAccountId: null, gatewayPayment: null, createdAt: context.now },
  }
  return ok(received(tell(work, 'payment', 'payment.succeeded', payment, context.now), payment, invoice, context))
}

const nothingToCharge: Rejection = {
  code: 'payment_method_missing',
  detail: 'The account has no payment method that could be charged.',
  hint: 'Attach one with POST /v1/accounts/{id}/payment_methods, send its customer a link with POST /v1/accounts/{id}/payment_link, or record what was paid otherwise with POST /v1/invoices/{id}/record_payment.',
}

function triedTooOften(last4: string | null): Rejection {
  return {
    code: 'command_not_possible',
    detail: `The payment method ending in ${last4 ?? '–'} was tried too often this month: card schemes fine more tries.`,
    hint: 'Pay with another method of the account, or attach one.',
  }
}

function noSuchMethod(id: NonNullable<CommandOf<'pay_invoice'>['methodId']>): Rejection {
  return {
    code: 'not_found',
    detail: `The account has no payment method ${encodeId('payment_method', id)}.`,
    hint: 'List its methods with GET /v1/accounts/{id}/payment_methods.',
    pointer: '/payment_method',
  }
}

function tooLarge({ number }: FinalInvoice, amount: bigint, balance: bigint): Rejection {
  return {
    code: 'payment_too_large',
    detail: `Invoice ${number} owes ${balance} minor units; ${amount} cannot be charged for it.`,
    hint: 'Leave `amount` out to charge all that is owed.',
    pointer: '/amount',
  }
}

function tooMuchCredit({ number }: FinalInvoice, surplus: bigint): Rejection {
  return {
    code: 'credit_too_large',
    detail: `The ${surplus} minor units that invoice ${number} does not owe would bring the credit of the account beyond ${MAX_CREDIT}.`,
    hint: 'Record what was paid for this invoice, and the rest for others.',
    pointer: '/amount',
  }
}

function tooSmall({ number, currency }: FinalInvoice, amount: bigint): Rejection {
  return {
    code: 'payment_too_small',
    detail: `${amount} minor units of ${currency} on invoice ${number} are less than a gateway charges.`,
    hint: 'Charge more of it, record a payment made otherwise, or write it off.',
    pointer: '/amount',
  }
}
