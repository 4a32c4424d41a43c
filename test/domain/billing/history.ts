import type { PaymentMethod } from '../../../src/accounts/domain/payment-method.ts'
import type { Command } from '../../../src/billing/domain/command.ts'
import { decide } from '../../../src/billing/domain/decide.ts'
import { type Decision, type DomainEvent, isEmpty } from '../../../src/billing/domain/decision.ts'
import type { Snapshot } from '../../../src/billing/domain/snapshot.ts'
import type { CreditApplication } from '../../../src/credits/domain/application.ts'
import type { Credit } from '../../../src/credits/domain/credit.ts'
import type { Coupon } from '../../../src/discounts/domain/coupon.ts'
import type { Discount } from '../../../src/discounts/domain/discount.ts'
import type { CreditNote } from '../../../src/invoices/domain/credit-note.ts'
import type { Invoice } from '../../../src/invoices/domain/invoice.ts'
import type { Instant } from '../../../src/kernel/instant.ts'
import type { Rejection } from '../../../src/kernel/rejection.ts'
import type { LedgerTransaction } from '../../../src/ledger/domain/posting.ts'
import type { Notice } from '../../../src/notifications/domain/notice.ts'
import type { Charge } from '../../../src/payments/domain/charge.ts'
import type { Dispute } from '../../../src/payments/domain/dispute.ts'
import type { Attempt, Payment } from '../../../src/payments/domain/payment.ts'
import type { Refund } from '../../../src/payments/domain/refund.ts'
import type { Plan } from '../../../src/plans/domain/plan.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import { at, givenMethod, idsOf } from '../../support/given.ts'
import { givenCustomer, givenRules, offers, usageOfEvents } from '../../support/given-selling.ts'
import { loaded } from './loaded.ts'

/** What the tables would hold of one account. */
type Stored = {
  readonly subscriptions: ReadonlyMap<string, Subscription>
  /** Drafts that were deleted too. */
  readonly invoices: ReadonlyMap<string, Invoice>
  readonly creditNotes: ReadonlyMap<string, CreditNote>
  readonly credits: ReadonlyMap<string, Credit>
  readonly applications: ReadonlyMap<string, CreditApplication>
  readonly discounts: ReadonlyMap<string, Discount>
  readonly coupons: ReadonlyMap<string, Coupon>
  readonly methods: ReadonlyMap<string, PaymentMethod>
  readonly payments: ReadonlyMap<string, Payment>
  readonly attempts: ReadonlyMap<string, Attempt>
  readonly disputes: ReadonlyMap<string, Dispute>
  readonly refunds: ReadonlyMap<string, Refund>
}

/** One account's life without a database: what a commit would make true is kept in memory. */
export type History = Stored & {
  /** The account, its settings and what holds for every decision; the rest of it is read anew for each. */
  readonly snapshot: Snapshot
  readonly plans: readonly Plan[]
  readonly ledger: readonly LedgerTransaction[]
  readonly events: readonly DomainEvent[]
  readonly notices: readonly Notice[]
  readonly decisions: readonly Decision[]
  readonly rejections: readonly Rejection[]
}

type Given = Partial<Snapshot> & { readonly plans?: readonly Plan[]; readonly offered?: readonly Coupon[] }

export function beginning({
  plans = Object.values(offers),
  offered = [],
  methods = [givenMethod()],
  ...about
}: Given = {}): History {
  const nothing = new Map<string, never>()
  return {
    snapshot: {
      ...{ settings: givenRules(), account: givenCustomer(), clock: null, methods },
      ...{ subscriptions: [], versions: new Map(), usageOf: usageOfEvents([]), plans: [], coupon: null },
      ...{ invoices: [], creditNotes: [], payments: [], refunds: [], credits: [], applications: [] },
      ...{ discounts: [], attempts: [], disputes: [], ...about },
    },
    plans,
    ...{ subscriptions: nothing, invoices: nothing, creditNotes: nothing, credits: nothing, applications: nothing },
    ...{ discounts: nothing, payments: nothing, attempts: nothing, refunds: nothing, disputes: nothing },
    methods: new Map(methods.map((method) => [method.id, method])),
    coupons: new Map(offered.map((coupon) => [coupon.id, coupon])),
    ...{ ledger: [], events: [], notices: [], decisions: [], rejections: [] },
  }
}

/** A command, or what it is once the things it names are known. */
export type Asked = Command | ((history: History) => Command)

/** What happens next: read, decided and kept, as a request or the billing run would. */
export function following(history: History, asked: Asked, now: Instant): History {
  const command = typeof asked === 'function' ? asked(history) : asked
  const decided = decide(loaded(history, command), command, now, idsOf(attempts(history)))
  if (!decided.ok) return { ...history, rejections: [...history.rejections, decided.error] }
  const { value } = decided
  return isEmpty(value) ? { ...history, decisions: [...history.decisions, value] } : committed(history, value)
}

/** A life: what is asked for at each time, in order. Nothing of it may be refused. */
export function lived(start: History, ...deeds: readonly (readonly [when: string, asked: Asked])[]): History {
  return deeds.reduce((history, [when, asked]) => {
    const next = following(history, asked, at(when))
    const refused = next.rejections.at(history.rejections.length)
    if (refused !== undefined) throw new Error(`refused at ${when}: ${refused.code}: ${refused.detail}`)
    return next
  }, start)
}

/** Why something is not possible then. */
export function refusal(history: History, when: string, asked: Asked): Rejection | undefined {
  return following(history, asked, at(when)).rejections.at(history.rejections.length)
}

export function attempts({ decisions, rejections }: History): number {
  return decisions.length + rejections.length + 1
}

function committed(history: History, decision: Decision): History {
  const keep = <T extends { readonly id: string }>(
    known: ReadonlyMap<string, T>,
    changed: readonly { readonly after: T }[],
  ) => new Map([...known, ...changed.map(({ after }) => [after.id, after] as const)])
  return {
    ...history,
    snapshot: { ...history.snapshot, account: decision.account.after },
    subscriptions: keep(history.subscriptions, decision.subscriptions),
    invoices: keep(history.invoices, decision.invoices),
    creditNotes: keep(history.creditNotes, decision.creditNotes),
    credits: keep(history.credits, decision.credits),
    applications: keep(history.applications, decision.applications),
    discounts: keep(history.discounts, decision.discounts),
    coupons: keep(history.coupons, decision.coupons),
    refunds: keep(history.refunds, decision.refunds),
    methods: keep(history.methods, decision.methods),
    payments: keep(
      history.payments,
      decision.payments.map(({ after }) => ({ after: named(after) })),
    ),
    attempts: keep(history.attempts, decision.attempts),
    disputes: keep(history.disputes, decision.disputes),
    notices: [...history.notices, ...decision.notices],
    ledger: [...history.ledger, ...decision.ledger],
    events: [...history.events, ...decision.events],
    decisions: [...history.decisions, decision],
  }
}

/** The gateway's id of a payment is stored before it is first confirmed, outside of any decision. */
function named(payment: Payment): Payment {
  return payment.manual === null
    ? { ...payment, gatewayPayment: payment.gatewayPayment ?? `pi_${payment.id}` }
    : payment
}

/** Every payment that was tried, with its newest attempt. */
export function chargesIn({ payments, attempts }: Pick<History, 'payments' | 'attempts'>): readonly Charge[] {
  return [...payments.values()].flatMap((payment) => {
    const attempt = [...attempts.values()].findLast(({ paymentId }) => paymentId === payment.id)
    return attempt === undefined ? [] : [{ payment, attempt }]
  })
}
