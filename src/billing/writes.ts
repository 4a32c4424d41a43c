import { accountRows } from '../accounts/repository.ts'
import { applicationRows, creditRows } from '../credits/repository.ts'
import { couponRows, discountRows } from '../discounts/repository.ts'
import { creditNoteRows } from '../invoices/credit-note-repository.ts'
import { isFinal } from '../invoices/domain/invoice.ts'
import { seriesFragments } from '../invoices/number-repository.ts'
import { invoiceFragments } from '../invoices/repository.ts'
import type { Id, IdSource } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import { ledgerFragment } from '../ledger/repository.ts'
import { noticeRows } from '../notifications/repository.ts'
import { disputeRows } from '../payments/dispute-repository.ts'
import type { Attempt } from '../payments/domain/payment.ts'
import { changedRefunds, createdRefunds } from '../payments/refund-repository.ts'
import { attemptFragments, paymentFragments } from '../payments/repository.ts'
import type { CommitRequest } from '../platform/db/commit.ts'
import type { Fragment } from '../platform/db/fragment.ts'
import { eventFragments } from '../platform/events/event.ts'
import type { Subscription } from '../subscriptions/domain/subscription.ts'
import { subscriptionRows } from '../subscriptions/repository.ts'
import type { Changed } from './domain/book.ts'
import type { Decision } from './domain/decision.ts'
import { eventRows } from './events.ts'

export type Decided = {
  readonly commitId: Id<'commit'>
  readonly ids: IdSource
  readonly actor: string
  readonly realNow: Instant
}

/**
 * The guards and fragments of some accounts' decisions. `inline`: the request charges by itself what it makes.
 * A renewal alone changes few columns, and most of a page is renewals: these go in fragments of their own.
 */
export function writesOf(
  decisions: readonly Decision[],
  { commitId, ids, actor, realNow }: Decided,
  inline: boolean,
): Pick<CommitRequest, 'accounts' | 'subscriptions' | 'fragments'> {
  const all = <T>(part: (decision: Decision) => readonly T[]) => decisions.flatMap(part)
  const subscriptions = all((decision) => decision.subscriptions)
  const changed = subscriptions.filter(isChanged)
  const invoices = all((decision) => decision.invoices)
  const notes = all((decision) => decision.creditNotes)
  const methods = all((decision) => decision.methods)
  const payments = all((decision) => decision.payments)
  const attempts = all((decision) => decision.attempts)
  const disputes = all((decision) => decision.disputes)
  const { plain = [], moved = [] } = Object.groupBy(decisions, ({ account }) =>
    isBilledOnly(account) ? 'plain' : 'moved',
  )
  const fragments: Fragment[] = [
    accountRows.billed(plain.map(({ account }) => account.after)),
    accountRows.moved(moved.map(({ account }) => account.after)),
    accountRows.methodsCreated(made(methods)),
    accountRows.methodsChanged(altered(methods)),
    ...seriesFragments(invoices.map(({ after }) => after).filter(isFinal), made(notes)),
    subscriptionRows.created(made(subscriptions)),
    subscriptionRows.renewed(changed.filter(isRenewal).map(({ after }) => after)),
    subscriptionRows.changed(changed.filter((change) => !isRenewal(change)).map(({ after }) => after)),
    ...invoiceFragments(invoices),
    creditNoteRows.created(made(notes)),
    creditNoteRows.changed(altered(notes)),
    creditRows.created(made(all((decision) => decision.credits))),
    creditRows.changed(altered(all((decision) => decision.credits))),
    applicationRows.created(made(all((decision) => decision.applications))),
    applicationRows.changed(altered(all((decision) => decision.applications))),
    couponRows.redeemed(altered(all((decision) => decision.coupons))),
    discountRows.created(made(all((decision) => decision.discounts))),
    discountRows.changed(altered(all((decision) => decision.discounts))),
    ...paymentFragments({ made: made(payments), changed: altered(payments) }, realNow),
    ...attemptFragments({ made: made(attempts), changed: altered(attempts) }, inline, realNow),
    disputeRows.created(made(disputes)),
    disputeRows.changed(altered(disputes)),
    createdRefunds(made(all((decision) => decision.refunds)), realNow),
    changedRefunds(altered(all((decision) => decision.refunds)), realNow),
    ledgerFragment(
      all((decision) => decision.ledger),
      ids,
    ),
    noticeRows(all((decision) => decision.notices)),
    ...eventFragments(decisions.flatMap((decision) => eventRows(decision, commitId, ids, actor))),
  ]
  return {
    accounts: decisions.map(({ account: { before } }) => ({
      organizationId: before.organizationId,
      accountId: before.id,
      id: before.id,
      version: before.version,
    })),
    subscriptions: changed.map(({ before: { organizationId, accountId, id, version } }) => ({
      ...{ organizationId, accountId, id, version },
    })),
    fragments,
  }
}

type Existing<T> = Changed<T> & { readonly before: T }

function made<T>(changes: readonly Changed<T>[]): readonly T[] {
  return changes.filter(({ before }) => before === null).map(({ after }) => after)
}

function altered<T>(changes: readonly Changed<T>[]): readonly T[] {
  return changes.filter(isChanged).map(({ after }) => after)
}

function isChanged<T>(change: Changed<T>): change is Existing<T> {
  return change.before !== null
}

/** Only the period moved. */
function isRenewal({ before, after }: Existing<Subscription>): boolean {
  if (before.status !== 'active' || after.status !== 'active') return false
  const moved: readonly string[] = ['version', 'period']
  const keys = Object.keys(after) as (keyof typeof after)[]
  return keys.every((key) => moved.includes(key) || before[key] === after[key])
}

/** What the billing run changes of an account, which is all of most. */
function isBilledOnly({ before, after }: Decision['account']): boolean {
  const billed: readonly string[] = ['version', 'nextBillingAt', 'invoiceSequence', 'creditNoteSequence']
  const keys = Object.keys(after) as (keyof typeof after)[]
  return keys.every((key) => billed.includes(key) || before[key] === after[key])
}

/** Tries that begin, to be made by the request itself. */
export function newAttemptsOf(decision: Decision): readonly Attempt[] {
  return made(decision.attempts)
}

/** The answer of a request, once it is known: what a replay of its key gets. */
export function answeredKey(
  organizationId: Id<'organization'>,
  key: string,
  answer: { readonly status: number; readonly body: string },
): Fragment {
  return {
    name: 'answered_key',
    rows: [{ organization_id: organizationId, key, ...answer }],
    statement: (parameter) =>
      `update idempotency_keys k set status = r.status, body = r.body
       from json_to_recordset(${parameter}::json) as r(organization_id uuid, key text, status integer, body text)
       where k.organization_id = r.organization_id and k.key = r.key and k.status is null`,
  }
}

/** One row a page and organization, of the accounts that won: the counts of a run are exact, whatever was repeated. */
export function runPageFragment(
  runId: Id<'billing_run'>,
  commitId: Id<'commit'>,
  decisions: readonly Decision[],
): Fragment {
  return {
    name: 'run_page',
    rows: decisions.map(({ account, subscriptions, invoices }) => ({
      organization_id: account.after.organizationId,
      account_id: account.after.id,
      run_id: runId,
      commit_id: commitId,
      subscriptions: subscriptions.length,
      invoices: invoices.length,
    })),
    statement: (parameter) =>
      `insert into billing_run_pages (organization_id, run_id, commit_id, accounts, subscriptions, invoices)
       select r.organization_id, r.run_id, r.commit_id, count(*), sum(r.subscriptions), sum(r.invoices)
       from json_to_recordset(${parameter}::json) as r(organization_id uuid, account_id uuid, run_id uuid, commit_id uuid,
         subscriptions integer, invoices integer)
       join winners w on w.id = r.account_id group by 1, 2, 3`,
  }
}
