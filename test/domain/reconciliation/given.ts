import { DAY_MS, plusMs } from '../../../src/kernel/instant.ts'
import type { GatewayEntry } from '../../../src/payments/domain/gateway-entry.ts'
import type { OurDispute, OurPayment, OurRefund, Ours } from '../../../src/reconciliation/domain/books.ts'
import { compare } from '../../../src/reconciliation/domain/compare.ts'
import { at, id, USD } from '../../support/given.ts'

/** The gateway's books and ours: the n-th payment is `pi_n`, its entry `txn_n`. */

export const payment = (n: number) => id('payment', 1_000 + n)
export const refund = (n: number) => id('refund', 2_000 + n)
export const dispute = (n: number) => id('dispute', 3_000 + n)

export function ourPayment(n: number, about: Partial<OurPayment> = {}): OurPayment {
  const amounts = { amount: 4900n, currency: USD }
  return {
    id: payment(n),
    gatewayPayment: `pi_${n}`,
    status: 'succeeded',
    ...amounts,
    balanceTransaction: null,
    ...about,
  }
}

export function ourRefund(n: number, about: Partial<OurRefund> = {}): OurRefund {
  const stands = { status: 'succeeded', amount: 1000n, currency: USD, balanceTransaction: null } as const
  return { id: refund(n), gatewayRefund: `re_${n}`, creditNoteId: id('credit_note', n), ...stands, ...about }
}

export function ourDispute(n: number, about: Partial<OurDispute> = {}): OurDispute {
  return { id: dispute(n), gatewayDispute: `du_${n}`, status: 'open', amount: 4900n, currency: USD, ...about }
}

const nothingOfOurs = { payment: null, refund: null }

/** An entry of the n-th payment, made by nobody we know unless `ours` says so. */
export function entry(kind: GatewayEntry['kind'], n: number, about: Partial<GatewayEntry> = {}): GatewayEntry {
  return {
    ...{ id: `txn_${kind}_${n}`, kind, gatewayObject: `pi_${n}`, gatewayPayment: `pi_${n}` },
    ...{ amount: 4900n, currency: USD, at: plusMs(at('2026-03-01'), n * DAY_MS), state: 'succeeded' },
    ours: nothingOfOurs,
    ...about,
  }
}

export function charge(n: number, about: Partial<GatewayEntry> = {}): GatewayEntry {
  return entry('charge', n, { id: `txn_${n}`, ours: { payment: payment(n), refund: null }, ...about })
}

export function refunded(n: number, about: Partial<GatewayEntry> = {}): GatewayEntry {
  const ours = { payment: payment(n), refund: refund(n) }
  return entry('refund', n, { gatewayObject: `re_${n}`, amount: -1000n, ours, ...about })
}

export function disputed(n: number, about: Partial<GatewayEntry> = {}): GatewayEntry {
  return entry('dispute', n, { gatewayObject: `du_${n}`, amount: -4900n, ...about })
}

const nobody = { payments: [], refunds: [] }

export function compared(entries: readonly GatewayEntry[], ours: Partial<Ours>, awaited: Partial<Ours> = {}) {
  return compare(entries, { ...nobody, disputes: [], ...ours }, { ...nobody, ...awaited })
}

/** What was found of each: its kind, what of the gateway's and what of ours it names. */
export function told(found: ReturnType<typeof compared>) {
  return found.findings.map(({ kind, gatewayObject, object }) => [kind, gatewayObject, object])
}
