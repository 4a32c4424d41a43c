import type Stripe from 'stripe'
import { conclude } from './dispute-cases.ts'
import type { Dispute } from './dispute-objects.ts'
import { invalidRequest, notServed } from './errors.ts'
import { changedFrom, emit } from './events.ts'
import { listOf } from './lists.ts'
import { type Context, type Handler, inPath, mergeMetadata, operation, textOrNull } from './operation.ts'

export const disputeOperations = {
  get_disputes: operation<Stripe.DisputeListParams>((context, { charge, payment_intent }) =>
    listOf(context, {
      from: context.world.state.disputes,
      noun: 'dispute',
      url: '/v1/disputes',
      where: (dispute) =>
        (charge === undefined || dispute.charge === charge) &&
        (payment_intent === undefined || dispute.payment_intent === payment_intent),
    }),
  ),

  get_disputes_dispute: (context) => disputeInPath(context),

  post_disputes_dispute: operation<Stripe.DisputeUpdateParams>((context, parameters) => {
    const dispute = disputeInPath(context)
    const { evidence, metadata, intended_submission_method } = parameters
    if (evidence?.appeal) throw notServed('appeals of disputes')
    const submits = parameters.submit ?? evidence !== undefined
    if (evidence || submits) requireOpen(dispute)
    const before = structuredClone(dispute)
    dispute.metadata = mergeMetadata(dispute.metadata, metadata)
    if (intended_submission_method) dispute.intended_submission_method = intended_submission_method
    for (const [field, value] of Object.entries(evidence ?? {})) dispute.evidence[field] = textOrNull(String(value))
    dispute.evidence_details.has_evidence = Object.values(dispute.evidence).some((value) => value !== null)
    if (submits) submit(dispute)
    emit(context.world, context, 'charge.dispute.updated', dispute, changedFrom(before, dispute))
    return dispute
  }),

  post_disputes_dispute_close: (context) => {
    const dispute = disputeInPath(context)
    requireOpen(dispute)
    if (dispute.status !== 'needs_response') throw notServed('closing an inquiry')
    conclude(context.world, context, dispute, 'lost')
    return dispute
  },
} satisfies Record<string, Handler>

function disputeInPath(context: Context): Dispute {
  return inPath(context, context.world.state.disputes, 'dispute', 'dispute')
}

const afterSubmission: Readonly<Partial<Record<Dispute['status'], Dispute['status']>>> = {
  needs_response: 'under_review',
  warning_needs_response: 'warning_under_review',
}

/** Evidence is given to the bank once, and only while it waits for it. */
function requireOpen({ status }: Dispute): void {
  if (afterSubmission[status]) return
  throw invalidRequest(`This dispute has a status of ${status}; its evidence can no longer be changed or withheld.`)
}

function submit(dispute: Dispute): void {
  dispute.status = afterSubmission[dispute.status] ?? dispute.status
  dispute.evidence_details.submission_count += 1
  dispute.evidence_details.submission_method = 'manual'
}
