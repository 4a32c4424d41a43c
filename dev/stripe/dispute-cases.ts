import { bookDispute } from './balance-transactions.ts'
import type { Dispute, DisputeStatus } from './dispute-objects.ts'
import { type Cause, emit } from './events.ts'
import type { Charge } from './objects.ts'
import type { DisputeKind } from './test-methods.ts'
import { newId, now, type World } from './world.ts'

// What becomes of a disputed charge and its money, without any HTTP.

const evidenceFields = [
  ...['access_activity_log', 'billing_address', 'cancellation_policy', 'cancellation_policy_disclosure'],
  ...['cancellation_rebuttal', 'customer_communication', 'customer_email_address', 'customer_name'],
  ...['customer_purchase_ip', 'customer_signature', 'duplicate_charge_documentation', 'duplicate_charge_explanation'],
  ...['duplicate_charge_id', 'product_description', 'receipt', 'refund_policy', 'refund_policy_disclosure'],
  ...['refund_refusal_explanation', 'service_date', 'service_documentation', 'shipping_address', 'shipping_carrier'],
  ...['shipping_date', 'shipping_documentation', 'shipping_tracking_number', 'uncategorized_file'],
  'uncategorized_text',
]

const kinds = {
  fraudulent: { reason: 'fraudulent', caseType: 'chargeback', status: 'needs_response' },
  product_not_received: { reason: 'product_not_received', caseType: 'chargeback', status: 'needs_response' },
  inquiry: { reason: 'general', caseType: 'inquiry', status: 'warning_needs_response' },
  debit: { reason: 'debit_not_authorized', caseType: null, status: 'needs_response' },
} as const satisfies Record<DisputeKind, { reason: string; caseType: string | null; status: DisputeStatus }>

export function isDisputeKind(name: string): name is DisputeKind {
  return Object.hasOwn(kinds, name)
}

/** Card networks leave 7 to 21 days for evidence. */
const responseTime_s = 14 * 24 * 60 * 60

/** A chargeback takes the money and a fee at once, an inquiry nothing; a debit's dispute has no appeal. */
export function openDispute(world: World, charge: Charge, kind: DisputeKind, amount = charge.amount_captured): Dispute {
  const { reason, caseType, status } = kinds[kind]
  const dispute: Dispute = {
    id: newId('du'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: now(world),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: Object.fromEntries(evidenceFields.map((field) => [field, null])),
    evidence_details: {
      due_by: kind === 'debit' ? null : now(world) + responseTime_s,
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: kind === 'inquiry',
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    ...(caseType && { payment_method_details: cardCase(charge, caseType) }),
    reason,
    status,
  }
  world.state.disputes.set(dispute.id, dispute)
  charge.disputed = true
  if (kind !== 'inquiry') bookDispute(world, dispute, 'withdrawn')
  emit(world, null, 'charge.dispute.created', dispute)
  if (kind !== 'inquiry') emit(world, null, 'charge.dispute.funds_withdrawn', dispute)
  if (kind === 'debit') conclude(world, null, dispute, 'lost')
  return dispute
}

function cardCase({ payment_method_details }: Charge, case_type: string): object {
  const { card } = payment_method_details as { card?: { brand: string } }
  const brand = card?.brand ?? 'unknown'
  return { type: 'card', card: { brand, case_type, network: brand, network_reason_code: '10.4' } }
}

const chargebackOpen: readonly DisputeStatus[] = ['needs_response', 'under_review']
const inquiryOpen: readonly DisputeStatus[] = ['warning_needs_response', 'warning_under_review']

const outcomes = {
  won: { from: chargebackOpen, apply: win },
  lost: { from: chargebackOpen, apply: (world, cause, dispute) => close(world, cause, dispute, 'lost') },
  warning_closed: {
    from: inquiryOpen,
    apply: (world, cause, dispute) => close(world, cause, dispute, 'warning_closed'),
  },
  escalated: { from: inquiryOpen, apply: escalate },
} as const satisfies Record<string, Outcome>

type Outcome = {
  readonly from: readonly DisputeStatus[]
  readonly apply: (world: World, cause: Cause, dispute: Dispute) => void
}

export type DisputeOutcome = keyof typeof outcomes

export function isDisputeOutcome(name: string): name is DisputeOutcome {
  return Object.hasOwn(outcomes, name)
}

/** The bank has decided. False, and nothing happens, where the case does not stand where it could. */
export function conclude(world: World, cause: Cause, dispute: Dispute, outcome: DisputeOutcome): boolean {
  const { from, apply }: Outcome = outcomes[outcome]
  if (!from.includes(dispute.status)) return false
  apply(world, cause, dispute)
  return true
}

function win(world: World, cause: Cause, dispute: Dispute): void {
  dispute.is_charge_refundable = true
  bookDispute(world, dispute, 'reinstated')
  dispute.status = 'won'
  emit(world, cause, 'charge.dispute.funds_reinstated', dispute)
  emit(world, cause, 'charge.dispute.closed', dispute)
}

function close(world: World, cause: Cause, dispute: Dispute, status: DisputeStatus): void {
  dispute.status = status
  emit(world, cause, 'charge.dispute.closed', dispute)
}

/** An inquiry becomes a chargeback: now the money goes. */
function escalate(world: World, cause: Cause, dispute: Dispute): void {
  const before = { status: dispute.status, is_charge_refundable: dispute.is_charge_refundable }
  const charge = world.state.charges.get(dispute.charge)
  if (charge && dispute.payment_method_details) dispute.payment_method_details = cardCase(charge, 'chargeback')
  dispute.status = 'needs_response'
  dispute.is_charge_refundable = false
  dispute.evidence_details.due_by = now(world) + responseTime_s
  bookDispute(world, dispute, 'withdrawn')
  emit(world, cause, 'charge.dispute.updated', dispute, before)
  emit(world, cause, 'charge.dispute.funds_withdrawn', dispute)
}

/** Texts that decide a test dispute (https://docs.stripe.com/testing#evidence). */
const decisiveTexts: Readonly<Record<string, DisputeOutcome>> = {
  winning_evidence: 'won',
  losing_evidence: 'lost',
  escalate_inquiry_evidence: 'escalated',
}

/** What the bank will make of the evidence; undefined while there is none, or none that decides. */
export function decisionOn({ evidence, evidence_details }: Dispute): DisputeOutcome | undefined {
  if (evidence_details.submission_count === 0) return undefined
  return decisiveTexts[String(evidence.uncategorized_text)]
}
