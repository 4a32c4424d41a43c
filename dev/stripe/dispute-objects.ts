import type { BalanceTransaction, Base, Metadata } from './objects.ts'

export type DisputeStatus =
  | 'needs_response'
  | 'under_review'
  | 'won'
  | 'lost'
  | 'warning_needs_response'
  | 'warning_under_review'
  | 'warning_closed'

export type Dispute = Base<'dispute'> & {
  amount: number
  balance_transactions: BalanceTransaction[]
  charge: string
  currency: string
  enhanced_eligibility_types: string[]
  evidence: Record<string, unknown>
  evidence_details: {
    due_by: number | null
    has_evidence: boolean
    past_due: boolean
    submission_count: number
    submission_method: 'manual' | 'not_submitted'
  }
  intended_submission_method: string | null
  is_charge_refundable: boolean
  metadata: Metadata
  payment_intent: string
  payment_method_details?: object
  reason: string
  status: DisputeStatus
}
