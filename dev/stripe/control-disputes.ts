import { conclude, isDisputeKind, isDisputeOutcome, openDispute } from './dispute-cases.ts'
import type { Dispute } from './dispute-objects.ts'
import { invalidRequest } from './errors.ts'
import type { Charge } from './objects.ts'
import type { World } from './world.ts'

type Body = Readonly<Record<string, unknown>>

/** The customer complains at the bank about a payment, or the bank decides a dispute. */
export function controlDispute(world: World, body: Body): object {
  const dispute = body.dispute === undefined ? complain(world, body) : decide(world, body)
  return { id: dispute.id, status: dispute.status }
}

function complain(world: World, { payment_intent, kind = 'fraudulent', amount }: Body): Dispute {
  const { paymentIntents, charges } = world.state
  const charge = charges.get(paymentIntents.get(String(payment_intent))?.latest_charge ?? '')
  if (!charge || charge.amount_captured === 0) throw invalidRequest(`${payment_intent} has taken no money`)
  if (typeof kind !== 'string' || !isDisputeKind(kind)) throw invalidRequest(`There is no dispute of kind ${kind}`)
  return openDispute(world, charge, kind, partOf(charge, amount))
}

function partOf({ amount_captured }: Charge, amount: unknown = amount_captured): number {
  if (Number.isInteger(amount) && Number(amount) > 0 && Number(amount) <= amount_captured) return Number(amount)
  throw invalidRequest(`amount is from 1 to ${amount_captured}`)
}

function decide(world: World, { dispute: id, outcome }: Body): Dispute {
  const dispute = world.state.disputes.get(String(id))
  if (!dispute) throw invalidRequest(`No dispute ${id}`)
  if (typeof outcome !== 'string' || !isDisputeOutcome(outcome)) throw invalidRequest(`There is no outcome ${outcome}`)
  if (conclude(world, null, dispute, outcome)) return dispute
  throw invalidRequest(`A dispute that is ${dispute.status} cannot be ${outcome}`)
}
