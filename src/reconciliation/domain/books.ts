import type { Currency } from '../../kernel/currency.ts'
import type { Dispute } from '../../payments/domain/dispute.ts'
import type { GatewayEntry } from '../../payments/domain/gateway-entry.ts'
import type { Payment } from '../../payments/domain/payment.ts'
import type { Refund } from '../../payments/domain/refund.ts'

/** The gateway's entry that it was matched with. */
type Matched = { readonly balanceTransaction: string | null }

export type OurPayment = Pick<Payment, 'id' | 'gatewayPayment' | 'status' | 'amount' | 'currency'> & Matched
export type OurRefund = Pick<Refund, 'id' | 'gatewayRefund' | 'creditNoteId' | 'status' | 'amount' | 'currency'> &
  Matched
export type OurDispute = Pick<Dispute, 'id' | 'gatewayDispute' | 'status' | 'amount' | 'currency'>

/** What is known here of the things that some entries are of, by the gateway's ids and by those we wrote to them. */
export type Ours = {
  readonly payments: readonly OurPayment[]
  readonly refunds: readonly OurRefund[]
  readonly disputes: readonly OurDispute[]
}

/** What an entry is about, as we have it. */
export type Subject = {
  /** Its id on the wire. */
  readonly object: string
  readonly status: Payment['status'] | Refund['status'] | Dispute['status']
  /** What moves, in minor units. */
  readonly amount: bigint
  readonly currency: Currency
  readonly isDocumented: boolean
}

export type Known = {
  /** Those whose money the entry moves; null where it is none of ours. */
  readonly payment: (entry: GatewayEntry) => OurPayment | null
  readonly refund: (entry: GatewayEntry) => OurRefund | null
  readonly dispute: (entry: GatewayEntry) => OurDispute | null
}

/**
 * By the gateway's id; or by ours, which the gateway keeps, where the gateway's was not stored yet. One that is stored
 * under another id of the gateway's is another one.
 */
export function knownOf({ payments, refunds, disputes }: Ours): Known {
  const byPayment = named(payments, ({ gatewayPayment }) => gatewayPayment)
  const newPayments = named(payments, ({ id, gatewayPayment }) => (gatewayPayment === null ? id : null))
  const byRefund = named(refunds, ({ gatewayRefund }) => gatewayRefund)
  const newRefunds = named(refunds, ({ id, gatewayRefund }) => (gatewayRefund === null ? id : null))
  const byDispute = named(disputes, ({ gatewayDispute }) => gatewayDispute)
  return {
    payment: ({ gatewayPayment, ours }) => byPayment.get(gatewayPayment) ?? newPayments.get(ours.payment) ?? null,
    refund: ({ gatewayObject, ours }) => byRefund.get(gatewayObject) ?? newRefunds.get(ours.refund) ?? null,
    dispute: ({ gatewayObject }) => byDispute.get(gatewayObject) ?? null,
  }
}

/** Those that have such a name; nothing has the name null. */
function named<T>(all: readonly T[], name: (one: T) => string | null): ReadonlyMap<string | null, T> {
  return new Map(all.map((one) => [name(one), one] as const).filter(([key]) => key !== null))
}
