import { z } from '@hono/zod-openapi'
import {
  finalizeSchema,
  invoicePatchSchema,
  lineFromWire,
  newInvoiceSchema,
  patchFromWire,
  taxesFromWire,
  voidInvoiceSchema,
} from '../invoices/command-schemas.ts'
import { askedFromWire, creditNoteSchema, newCreditNoteSchema } from '../invoices/credit-note-schemas.ts'
import { payInvoiceSchema, recordPaymentSchema } from '../payments/schemas.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import type { InvoiceCommand } from './domain/command.ts'
import { invoiceAnswerSchema, voidAnswerSchema } from './schemas.ts'
import { send } from './send.ts'

/** Commands on invoices, and on the credit notes that correct them. */
export const invoiceCommandRoutes = router()

const idParam = z.object({ id: idSchema('invoice') })

route(
  invoiceCommandRoutes,
  {
    method: 'post',
    path: '/invoices',
    tags: ['Invoices'],
    summary: 'Invoice an account for something besides its subscriptions',
    description: 'Final and charged at once, or a draft that can still be changed.',
    request: { body: jsonBody(newInvoiceSchema) },
    responses: answers(201, invoiceAnswerSchema, 'The invoice with its payment'),
  },
  async (c) => {
    const { account, lines, memo, payment_terms_days: termsDays, finalize } = c.req.valid('json')
    return send(c, {
      target: { kind: 'account', id: account },
      command: { type: 'create_invoice', lines: lines.map(lineFromWire), memo, termsDays, finalize },
    })
  },
)

route(
  invoiceCommandRoutes,
  {
    method: 'patch',
    path: '/invoices/{id}',
    tags: ['Invoices'],
    summary: 'Change a draft',
    description:
      'Members that are left out stay as they are; `lines` are replaced whole, where they were written by hand. A final invoice never changes.',
    request: { params: idParam, body: jsonBody(invoicePatchSchema) },
    responses: answers(200, invoiceAnswerSchema, 'The draft as it is now'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    return sendTo(c, { type: 'update_invoice', id, patch: patchFromWire(c.req.valid('json')) })
  },
)

route(
  invoiceCommandRoutes,
  {
    method: 'delete',
    path: '/invoices/{id}',
    tags: ['Invoices'],
    summary: 'Delete a draft that was written by hand',
    request: { params: idParam },
    responses: answers(200, invoiceAnswerSchema, 'The draft as it was'),
  },
  async (c) => sendTo(c, { type: 'delete_invoice', id: c.req.valid('param').id }),
)

route(
  invoiceCommandRoutes,
  {
    method: 'post',
    path: '/invoices/{id}/finalize',
    tags: ['Invoices'],
    summary: 'Finalise a draft',
    description:
      'Now instead of later, or with the taxes that were computed elsewhere; their amounts are taken as given and divided over the lines.',
    request: { params: idParam, body: jsonBody(finalizeSchema) },
    responses: answers(200, invoiceAnswerSchema, 'The final invoice with its payment'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    return sendTo(c, { type: 'finalize_invoice', id, taxes: taxesFromWire(c.req.valid('json').taxes) })
  },
)

route(
  invoiceCommandRoutes,
  {
    method: 'post',
    path: '/invoices/{id}/void',
    tags: ['Invoices'],
    summary: 'Void an invoice that nobody has paid',
    description:
      'Credits and coupon periods are given back. For a subscription’s period a correction is made in the same commit: the same items, seats and version at today’s address, taxes and coupons.',
    request: { params: idParam, body: jsonBody(voidInvoiceSchema) },
    responses: answers(200, voidAnswerSchema, 'The voided invoice, with what was made in its place'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { reason, regenerate = null } = c.req.valid('json')
    return sendTo(c, { type: 'void_invoice', id, reason, regenerate })
  },
)

route(
  invoiceCommandRoutes,
  {
    method: 'post',
    path: '/invoices/{id}/mark_uncollectible',
    tags: ['Invoices'],
    summary: 'Give up an open invoice',
    description: 'Its balance is written off as a bad debt.',
    request: { params: idParam },
    responses: answers(200, invoiceAnswerSchema, 'The invoice as it is now'),
  },
  async (c) => sendTo(c, { type: 'mark_uncollectible', id: c.req.valid('param').id }),
)

route(
  invoiceCommandRoutes,
  {
    method: 'post',
    path: '/invoices/{id}/pay',
    tags: ['Invoices'],
    summary: 'Charge an open invoice now',
    description:
      'All that is owed or a part of it, with the account’s default method or another of its own. The answer shows the payment as it stands; one that the bank wants to ask its customer about waits for them.',
    request: { params: idParam, body: jsonBody(payInvoiceSchema) },
    responses: answers(200, invoiceAnswerSchema, 'The invoice with its payment'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { amount, payment_method: methodId = null } = c.req.valid('json')
    const about = {
      amount: amountFromWire(amount),
      methodId,
      reason: 'request',
      returnUrl: null,
      insteadOf: null,
    } as const
    return sendTo(c, { type: 'pay_invoice', id, ...about })
  },
)

route(
  invoiceCommandRoutes,
  {
    method: 'post',
    path: '/invoices/{id}/record_payment',
    tags: ['Invoices'],
    summary: 'Record money that came in past the gateway',
    description: 'By bank transfer, by check, in cash. What is more than the invoice owes becomes credit.',
    request: { params: idParam, body: jsonBody(recordPaymentSchema) },
    responses: answers(200, invoiceAnswerSchema, 'The invoice with the payment'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { amount, kind, reference } = c.req.valid('json')
    return sendTo(c, { type: 'record_payment', id, amount: amountFromWire(amount), manual: { kind, reference } })
  },
)

route(
  invoiceCommandRoutes,
  {
    method: 'post',
    path: '/credit_notes',
    tags: ['Credit notes'],
    summary: 'Correct a final invoice',
    description:
      'It first reduces what the invoice still owes; the rest is refunded, credited, or was given back by other means.',
    request: { body: jsonBody(newCreditNoteSchema) },
    responses: answers(201, creditNoteSchema, 'The credit note'),
  },
  async (c) => {
    const body = c.req.valid('json')
    return sendTo(c, { type: 'create_credit_note', id: body.invoice, asked: askedFromWire(body) })
  },
)

route(
  invoiceCommandRoutes,
  {
    method: 'post',
    path: '/credit_notes/{id}/void',
    tags: ['Credit notes'],
    summary: 'Take a credit note back',
    description: 'While nothing of it has been used or paid out: the invoice owes again what it was reduced by.',
    request: { params: z.object({ id: idSchema('credit_note') }) },
    responses: answers(200, creditNoteSchema, 'The voided credit note'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    return send(c, { target: { kind: 'credit_note', id }, command: { type: 'void_credit_note', creditNoteId: id } })
  },
)

function amountFromWire(amount: number | undefined): bigint | null {
  return amount === undefined ? null : BigInt(amount)
}

type OnInvoice = Extract<InvoiceCommand, { readonly id: unknown }>

function sendTo(c: AppContext, command: OnInvoice): Promise<Response> {
  return send(c, { target: { kind: 'invoice', id: command.id }, command })
}
