import { decide } from '../../../src/billing/domain/decide.ts'
import type { Decision } from '../../../src/billing/domain/decision.ts'
import type { Command, Snapshot } from '../../../src/billing/domain/snapshot.ts'
import type { FinalInvoice, Invoice } from '../../../src/invoices/domain/invoice.ts'
import type { Instant } from '../../../src/kernel/instant.ts'
import type { Rejection } from '../../../src/kernel/rejection.ts'
import type { LedgerTransaction } from '../../../src/ledger/domain/posting.ts'
import type { Charge } from '../../../src/payments/domain/payment.ts'
import type { Plan } from '../../../src/plans/domain/plan.ts'
import type { Subscription } from '../../../src/subscriptions/domain/subscription.ts'
import { givenAccount, givenMethod, givenPlan, givenSettings, idsOf } from '../../support/given.ts'

/** One account's life without a database: what a commit would make true is kept in memory. */
export type History = {
  readonly snapshot: Snapshot
  /** Those that ended too. */
  readonly subscriptions: ReadonlyMap<string, Subscription>
  readonly invoices: ReadonlyMap<string, Invoice>
  readonly charges: ReadonlyMap<string, Charge>
  readonly ledger: readonly LedgerTransaction[]
  readonly decisions: readonly Decision[]
  readonly rejections: readonly Rejection[]
}

export function beginning(about: Partial<Snapshot> = {}): History {
  const snapshot: Snapshot = {
    settings: givenSettings(),
    account: givenAccount(),
    clock: null,
    subscriptions: [],
    versions: new Map(),
    method: givenMethod(),
    plan: null,
    draft: null,
    charges: [],
    ...about,
  }
  const nothing = {
    subscriptions: new Map(),
    invoices: new Map(),
    charges: new Map(),
    ledger: [],
    decisions: [],
    rejections: [],
  }
  return { snapshot, ...nothing }
}

/** What happens next. A draft, the open charges and the plan are in the snapshot as a request would have read them. */
export function following(history: History, command: Command, now: Instant, plan: Plan = givenPlan()): History {
  const open = [...history.charges.values()].filter(({ attempt }) => attempt.endedAt === null)
  const draft = command.type === 'finalize_invoice' ? history.invoices.get(command.id) : undefined
  const snapshot: Snapshot = {
    ...history.snapshot,
    plan: command.type === 'create_subscription' ? plan : null,
    draft: draft?.status === 'draft' ? draft : null,
    charges: open.map((charge) => ({
      charge,
      invoice: history.invoices.get(charge.payment.invoiceId) as FinalInvoice,
    })),
  }
  const decided = decide(snapshot, command, now, idsOf(history.decisions.length + history.rejections.length + 1))
  if (!decided.ok) return { ...history, rejections: [...history.rejections, decided.error] }
  return committed(history, decided.value, plan)
}

function committed(history: History, decision: Decision, plan: Plan): History {
  const kept = <T>(
    known: ReadonlyMap<string, T>,
    changed: readonly { readonly after: T }[],
    id: (value: T) => string,
  ) => new Map([...known, ...changed.map(({ after }) => [id(after), after] as const)])
  const subscriptions = kept(history.subscriptions, decision.subscriptions, (one) => one.id)
  return {
    snapshot: {
      ...history.snapshot,
      account: decision.account.after,
      subscriptions: [...subscriptions.values()].filter(({ status }) => status !== 'cancelled'),
      versions: new Map(history.snapshot.versions).set(plan.current.id, plan.current),
    },
    subscriptions,
    invoices: kept(history.invoices, decision.invoices, (one) => one.id),
    charges: kept(history.charges, decision.charges, ({ payment }) => payment.id),
    ledger: [...history.ledger, ...decision.ledger],
    decisions: [...history.decisions, decision],
    rejections: history.rejections,
  }
}

/** The debits less the credits of each ledger account. */
export function balances({ ledger }: History): Readonly<Record<string, bigint>> {
  const sums: Record<string, bigint> = {}
  for (const { postings } of ledger) {
    for (const { ledgerAccount, amount } of postings) sums[ledgerAccount] = (sums[ledgerAccount] ?? 0n) + amount
  }
  return sums
}

export function invoicesOf({ invoices }: History): readonly Invoice[] {
  return [...invoices.values()]
}

/** Text of everything in it, to compare bytes. */
export function bytesOf(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}n` : one instanceof Map ? [...one] : one))
}
