import type { Account } from '../../../src/accounts/domain/account.ts'
import type { PaymentMethod } from '../../../src/accounts/domain/payment-method.ts'
import type { CommandOf } from '../../../src/billing/domain/command.ts'
import type { DomainEvent } from '../../../src/billing/domain/decision.ts'
import type { Standing } from '../../../src/dunning/domain/overdue.ts'
import { balanceOf, type FinalInvoice } from '../../../src/invoices/domain/invoice.ts'
import type { NoticeKind } from '../../../src/notifications/domain/notice.ts'
import { defaultSettings, type Settings } from '../../../src/organizations/domain/organization.ts'
import type { DisputeNews } from '../../../src/payments/domain/dispute.ts'
import { isSmall } from '../../../src/payments/domain/gateway-amount.ts'
import type { Attempt } from '../../../src/payments/domain/payment.ts'
import { at, givenMethod, id } from '../../support/given.ts'
import { givenCustomer, givenRules } from '../../support/given-selling.ts'
import { type Asked, beginning, following, type History, lived } from './history.ts'
import { advance, final, gateway, invoice } from './words.ts'

/** What collecting is spoken of in: methods, payments, holds and disputes, and how an account stands by them. */

/** The n-th card. */
export function card(n: number): PaymentMethod {
  return givenMethod({ id: id('payment_method', 50 + n), gatewayMethod: `pm_${n}`, last4: `000${n}` })
}

/** An account with so many cards, the first of them its default. */
export function withCards(count: number, settings: Partial<Settings> = {}, about: Partial<Account> = {}): History {
  const methods = Array.from({ length: count }, (_, n) => card(n + 1))
  const account = givenCustomer({ defaultPaymentMethodId: methods[0]?.id ?? null, ...about })
  return beginning({ methods, account, settings: givenRules(settings) })
}

export const onTerms = (settings: Partial<Settings> = {}) => withCards(0, settings, { collection: 'invoice' })

export function dunning(about: Partial<Settings['dunning']>): Pick<Settings, 'dunning'> {
  return { dunning: { ...defaultSettings.dunning, ...about } }
}

export function retries(about: Partial<Settings['retries']>): Pick<Settings, 'retries'> {
  return { retries: { ...defaultSettings.retries, ...about } }
}

type Pay = Partial<Omit<CommandOf<'pay_invoice'>, 'type' | 'id'>>

/** The whole of the first invoice with the default method, unless it is said otherwise. */
export function pays(amount: bigint | null = null, about: Pay = {}, nth = 0): Asked {
  return (history) => ({
    ...{ type: 'pay_invoice', id: invoice(history, nth).id, amount, methodId: null, reason: 'request' },
    ...{ returnUrl: null, insteadOf: null, ...about },
  })
}

export function records(amount: bigint | null = null, nth = 0): Asked {
  const manual = { kind: 'bank_transfer', reference: 'RF18' } as const
  return (history) => ({ type: 'record_payment', id: invoice(history, nth).id, amount, manual })
}

export function attachesCard(n: number, asDefault: boolean | 'if_new' = true): Asked {
  const { gatewayAccountId, gatewayCustomer, gatewayMethod, kind, brand, last4, expiryMonth, expiryYear } = card(n)
  const method = { gatewayAccountId, gatewayCustomer, gatewayMethod, kind, brand, last4, expiryMonth, expiryYear }
  return { type: 'attach_method', method, asDefault }
}

export const choosesCard = (n: number): Asked => ({ type: 'set_default_method', methodId: card(n).id })
export const removesCard = (n: number): Asked => ({ type: 'remove_method', methodId: card(n).id })

export const holds: Asked = { type: 'place_hold', reason: 'The customer disputes the seats' }
export const releases: Asked = { type: 'release_hold' }

/** The bank of the customer contests the n-th payment. */
export function contests(status: DisputeNews['status'], about: Partial<DisputeNews> = {}, nth = 0): Asked {
  const news = { gatewayDispute: 'du_1', status, amount: 4900n, reason: 'fraudulent', evidenceDueAt: null, ...about }
  return ({ payments }) => {
    const payment = [...payments.values()][nth]
    if (payment === undefined) throw new Error(`there is no payment ${nth}`)
    return { type: 'record_dispute', paymentId: payment.id, news }
  }
}

/** `0 retry 4900 declined`: the invoice it is for, by its place, why, how much, and what became of it. */
export function tries(history: History): readonly string[] {
  const places = new Map([...history.invoices.keys()].map((one, place) => [one, place]))
  return [...history.attempts.values()].map(({ paymentId, reason, amount, outcome }) => {
    const of = history.payments.get(paymentId)?.invoiceId
    return `${of === undefined ? '-' : places.get(of)} ${reason} ${amount} ${outcome ?? 'open'}`
  })
}

/** `2026-06-04 payment_failed`, in order; of some kinds only, where they are named. */
export function noticesOf({ notices }: History, ...kinds: readonly NoticeKind[]): readonly string[] {
  return notices
    .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))
    .map(({ kind, createdAt }) => `${dayOf(createdAt)} ${kind}`)
}

export function collectionOf(history: History, nth = 0): FinalInvoice['collection'] {
  return final(history, nth).collection
}

/** `blocked/ended`: status and step. */
export function overdueOf({ snapshot }: History): string {
  const { status, step } = snapshot.account.overdue
  return `${status}/${step}`
}

/** By what the account is judged: what it owes, but for what nobody asks it for. */
export function standingIn({ snapshot, invoices, payments, attempts }: History): Standing {
  const { overdue, timezone: zone, disputeHold, collection } = snapshot.account
  const isAsked = collection === 'invoice' || snapshot.settings.retries.smallBalances === 'write_off'
  const debts = [...invoices.values()]
    .filter((one): one is FinalInvoice => one.status === 'open')
    .filter((one) => isAsked || !isSmall(balanceOf(one), one.currency))
  const tried = [...attempts.values()].filter(({ endedAt }) => endedAt === null).map(({ paymentId }) => paymentId)
  const underWay = new Set(tried.flatMap((id) => payments.get(id)?.invoiceId ?? []))
  return { overdue, debts, underWay, policy: snapshot.settings.dunning, zone, heldSince: disputeHold?.since ?? null }
}

/** Of each subscription. */
export function accessIn({ subscriptions }: History): readonly string[] {
  return [...subscriptions.values()].map(({ access }) => access)
}

/** What one deed tells. */
export function toldBy(history: History, when: string, asked: Asked): readonly string[] {
  return eventsBy(history, when, asked).map(({ type }) => type)
}

export function eventsBy(history: History, when: string, asked: Asked): readonly DomainEvent[] {
  return lived(history, [when, asked]).events.slice(history.events.length)
}

/** What the gateway says to a try; null: nothing yet. */
type Answer = (attempt: Attempt) => Asked | null

export const declining =
  (code?: string): Answer =>
  () =>
    gateway('declined', code)

/** On through every instant at which something falls due, `end` included; what is charged is answered at once. */
export function livesOn(start: History, end: string, answer: Answer = () => null): History {
  let history = start
  for (let rounds = 0; rounds < 1_000; rounds++) {
    const open = [...history.attempts.values()].filter(({ endedAt }) => endedAt === null)
    const [first] = open.filter((attempt) => answer(attempt) !== null)
    const said = first === undefined ? null : answer(first)
    const next = history.snapshot.account.nextBillingAt
    if (first !== undefined && said !== null) history = following(history, said, first.dueAt)
    else if (next === null || next > at(end)) return history
    else history = following(history, advance, next)
  }
  throw new Error(`it never came to ${end}`)
}

function dayOf(when: number): string {
  return new Date(when).toISOString().slice(0, 10)
}
