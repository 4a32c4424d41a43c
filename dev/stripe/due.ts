import { makeAvailable } from './balance-transactions.ts'
import { authorizationLasts_s, debitTakes_s } from './charges.ts'
import { expireSession } from './checkout-completion.ts'
import { conclude, decisionOn } from './dispute-cases.ts'
import { finishProcessing } from './payment-attempts.ts'
import { cancelIntent } from './payment-captures.ts'
import { finishRefund } from './refunds.ts'
import { finishVerification } from './tax-ids.ts'
import { behaviourOf } from './test-methods.ts'
import { now, type World } from './world.ts'

/** Something that happens by itself at a second of the world's clock; `finish` says whether anything did. */
type Due = { readonly id: string; readonly at: number; readonly finish: () => boolean }

export type Settled = { readonly id: string; readonly status: unknown }

/** Everything under way arrives now, however many days it would take: debits, refunds, bank decisions, VAT checks. */
export function settle(world: World): readonly Settled[] {
  for (const happen of world.rollingForward.splice(0)) happen()
  return finishAll(world, underWay(world))
}

/** What the clock has reached: the same, and what runs out. */
export function settleDue(world: World): readonly Settled[] {
  makeAvailable(world, now(world))
  return finishAll(
    world,
    [...underWay(world), ...runningOut(world)].filter(({ at }) => at <= now(world)),
  )
}

function finishAll(world: World, due: readonly Due[]): readonly Settled[] {
  return due
    .toSorted((a, b) => a.at - b.at)
    .filter(({ finish }) => finish())
    .map(({ id }) => ({ id, status: statusOf(world, id) }))
}

function statusOf({ state }: World, id: string): unknown {
  const { paymentIntents, refunds, disputes, checkoutSessions, taxIds } = state
  const found = [paymentIntents, refunds, disputes, checkoutSessions].map((place) => place.get(id)).find(Boolean)
  return found?.status ?? taxIds.get(id)?.verification.status
}

const day_s = 24 * 60 * 60

const refundTakes_s = 5 * day_s
const bankDecides_s = 60 * day_s
const verificationTakes_s = 60

function underWay(world: World): readonly Due[] {
  const { refunds, disputes, taxIds } = world.state
  return [
    ...debits(world),
    ...[...refunds.values()].map((refund) => ({
      id: refund.id,
      at: refund.created + refundTakes_s,
      finish: () => finishRefund(world, refund),
    })),
    ...[...disputes.values()].map((dispute) => ({
      id: dispute.id,
      at: dispute.created + bankDecides_s,
      finish: () => {
        const decision = decisionOn(dispute)
        return decision !== undefined && conclude(world, null, dispute, decision)
      },
    })),
    ...[...taxIds.values()].map((taxId) => ({
      id: taxId.id,
      at: taxId.created + verificationTakes_s,
      finish: () => finishVerification(world, taxId),
    })),
  ]
}

function debits(world: World): readonly Due[] {
  const { paymentIntents, paymentMethods, methodFacts, charges } = world.state
  return [...paymentIntents.values()].flatMap((intent) => {
    const method = paymentMethods.get(intent.payment_method ?? '')
    const facts = methodFacts.get(intent.payment_method ?? '')
    if (intent.status !== 'processing' || !method || !facts) return []
    if (behaviourOf(facts.behaviour).delayed?.forever) return []
    const { created } = charges.get(intent.latest_charge ?? '') ?? intent
    const finish = () => {
      finishProcessing({ world, cause: null, intent, method })
      return true
    }
    return [{ id: intent.id, at: created + (debitTakes_s[method.type] ?? 0), finish }]
  })
}

/** An inquiry that nobody takes further is closed by the card network. */
const inquiryLasts_s = 120 * day_s

function runningOut(world: World): readonly Due[] {
  const { paymentIntents, charges, disputes, checkoutSessions } = world.state
  const uncaptured = [...paymentIntents.values()].filter((intent) => intent.status === 'requires_capture')
  const open = [...checkoutSessions.values()].filter((session) => session.status === 'open')
  return [
    ...uncaptured.map((intent) => ({
      id: intent.id,
      at: (charges.get(intent.latest_charge ?? '') ?? intent).created + authorizationLasts_s,
      finish: done(() => cancelIntent(world, null, intent, 'automatic')),
    })),
    ...open.map((session) => ({
      id: session.id,
      at: session.expires_at,
      finish: done(() => expireSession(world, null, session)),
    })),
    ...[...disputes.values()].map((dispute) => ({
      id: dispute.id,
      at: dispute.evidence_details.due_by ?? dispute.created,
      finish: () => {
        if (dispute.status !== 'needs_response') return false
        dispute.evidence_details.past_due = true
        return conclude(world, null, dispute, 'lost')
      },
    })),
    ...[...disputes.values()].map((dispute) => ({
      id: dispute.id,
      at: dispute.created + inquiryLasts_s,
      finish: () => conclude(world, null, dispute, 'warning_closed'),
    })),
  ]
}

function done(change: () => void): () => boolean {
  return () => {
    change()
    return true
  }
}
