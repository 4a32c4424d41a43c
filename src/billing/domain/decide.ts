import type { IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { advanceAccount } from './advance-account.ts'
import type { Command, CommandOf } from './command.ts'
import { createCreditNote, voidCreditNote } from './credit-notes.ts'
import type { Decision } from './decision.ts'
import { attachCoupon, detachDiscounts } from './discounts.ts'
import { recordDispute } from './disputes.ts'
import { createInvoice, deleteInvoice, finalizeInvoice, updateInvoice } from './drafts.ts'
import { placeHold, releaseHold } from './hold.ts'
import { attachMethod, removeMethod, setDefaultMethod, updateMethod } from './methods.ts'
import { recordOutcomes } from './outcomes.ts'
import { payInvoice, recordPayment } from './pay.ts'
import { recordForeignRefund, recordRefunds, refundPayment, resolveRefund } from './refunds.ts'
import { applyCredit, grant, markUncollectible, takeBack } from './settlements.ts'
import type { Snapshot } from './snapshot.ts'
import { withStanding } from './standing.ts'
import { commandSubscription, create } from './subscription-commands.ts'
import { updateAccount } from './update-account.ts'
import { reportUsage } from './usage-reports.ts'
import { voidInvoice } from './void-command.ts'
import { beginWork, type Context, decisionOf, type Work } from './work.ts'

type Decide<C extends Command> = (work: Work, command: C, context: Context) => Result<Work, Rejection>

const deciders: { readonly [T in Command['type']]: Decide<CommandOf<T>> } = {
  update_account: updateAccount,
  create_subscription: create,
  change_subscription: commandSubscription,
  unschedule_change: commandSubscription,
  cancel_subscription: commandSubscription,
  uncancel_subscription: commandSubscription,
  pause_subscription: commandSubscription,
  resume_subscription: commandSubscription,
  change_trial: commandSubscription,
  update_subscription: commandSubscription,
  create_invoice: createInvoice,
  update_invoice: updateInvoice,
  delete_invoice: deleteInvoice,
  finalize_invoice: finalizeInvoice,
  void_invoice: voidInvoice,
  mark_uncollectible: markUncollectible,
  apply_credit: applyCredit,
  create_credit_note: createCreditNote,
  void_credit_note: voidCreditNote,
  grant_credit: grant,
  void_credit: takeBack,
  attach_coupon: attachCoupon,
  detach_discounts: detachDiscounts,
  report_usage: reportUsage,
  advance: (work, _, context) => advanceAccount(work, context),
  pay_invoice: payInvoice,
  record_payment: recordPayment,
  attach_method: attachMethod,
  set_default_method: setDefaultMethod,
  update_method: updateMethod,
  remove_method: removeMethod,
  place_hold: placeHold,
  release_hold: releaseHold,
  record_dispute: recordDispute,
  refund_payment: refundPayment,
  resolve_refund: resolveRefund,
  record_foreign_refund: recordForeignRefund,
  record_outcomes: (work, { news }, context) => ok(recordOutcomes(work, news, context)),
  record_refunds: (work, { outcomes }, context) => ok(recordRefunds(work, outcomes, context)),
}

/**
 * The one decide: what a command makes of an account, for the interactive request, the billing run, the preview, the
 * simulation and the test clock alike. No clock, no randomness, no I/O; the same arguments give the same bytes.
 */
export function decide(snapshot: Snapshot, command: Command, now: Instant, ids: IdSource): Result<Decision, Rejection> {
  const context: Context = { snapshot: withVersions(snapshot), now, ids }
  const decideIt = deciders[command.type] as Decide<Command>
  const work = decideIt(beginWork(snapshot), command, context)
  return work.ok ? ok(decisionOf(withStanding(work.value, context), context)) : work
}

/** What is sold now is priced by the versions on sale. */
function withVersions(snapshot: Snapshot): Snapshot {
  if (snapshot.plans.length === 0) return snapshot
  const versions = new Map(snapshot.versions)
  for (const { current } of snapshot.plans) versions.set(current.id, current)
  return { ...snapshot, versions }
}
