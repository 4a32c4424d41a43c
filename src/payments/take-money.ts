import type { PaymentMethod } from '../accounts/domain/payment-method.ts'
import type { FinalInvoice } from '../invoices/domain/invoice.ts'
import { encodeId, type Id } from '../kernel/id.ts'
import type { Database } from '../platform/db/client.ts'
import { isUnavailable } from '../platform/db/fault.ts'
import type { Env } from '../platform/env.ts'
import type { ChargeOutcome } from './domain/outcome.ts'
import type { ChargeOf } from './domain/payment.ts'
import { type Gateway, GatewayUnavailable } from './gateway.ts'
import { inParallel, openGateways } from './open-gateway.ts'
import { type GatewayAccount, keepGatewayPayments } from './repository.ts'

/** A charge with all that the gateway must be told. */
export type ChargeTask = ChargeOf & {
  readonly method: PaymentMethod
  readonly gatewayAccount: GatewayAccount
}

export type Outcomes = ReadonlyMap<Id<'attempt'>, ChargeOutcome>

/** What the gateway said, and the charges with the ids it gave their payments. */
export type Taken = { readonly outcomes: Outcomes; readonly tasks: readonly ChargeTask[] }

const MAX_TRIES = 3

/**
 * Takes the money for charges whose attempts are committed and claimed: the gateway's payment is made, its id is kept, a
 * last look says that the invoice still wants it, and only then it is confirmed. Repeating it after a crash sends the
 * same keys. Never throws for the gateway: no answer is `unknown`.
 */
export async function takeMoney(env: Env, database: Database, tasks: readonly ChargeTask[]): Promise<Taken> {
  const gateways = await openGateways(
    env,
    tasks.map(({ gatewayAccount }) => gatewayAccount),
  )
  const outcomes = new Map<Id<'attempt'>, ChargeOutcome>()
  const made: { task: ChargeTask; gateway: Gateway; gatewayPayment: string }[] = []
  await inParallel(tasks, async (task) => {
    const gateway = gateways.get(task.gatewayAccount.id)
    // A secret that cannot be opened is the operator's to mend; the payment waits for it.
    const created = gateway ? await create(gateway, task) : ({ kind: 'unknown' } as const)
    if (gateway === undefined || typeof created !== 'string')
      outcomes.set(task.charge.attempt.id, created as ChargeOutcome)
    else made.push({ task, gateway, gatewayPayment: created })
  })
  if (made.length === 0) return { outcomes, tasks }
  const kept = made.map(({ task, gatewayPayment }) => ({ payment: task.charge.payment, gatewayPayment }))
  const wanted = await patiently(() => keepGatewayPayments(database, kept))
  const confirmed = made.filter(({ task }) => wanted.has(task.charge.payment.id))
  await inParallel(confirmed, async ({ task, gateway, gatewayPayment }) => {
    outcomes.set(task.charge.attempt.id, await confirm(gateway, task, gatewayPayment))
  })
  const idOf = new Map(made.map(({ task, gatewayPayment }) => [task.charge.payment.id, gatewayPayment]))
  return { outcomes, tasks: tasks.map((task) => named(task, idOf.get(task.charge.payment.id))) }
}

function named(task: ChargeTask, gatewayPayment = task.charge.payment.gatewayPayment): ChargeTask {
  const { payment, attempt } = task.charge
  return { ...task, charge: { attempt, payment: { ...payment, gatewayPayment } } }
}

/** The id of the gateway's payment, made now or before. */
async function create(gateway: Gateway, { charge, method, invoice }: ChargeTask): Promise<string | ChargeOutcome> {
  if (charge.payment.gatewayPayment !== null) return charge.payment.gatewayPayment
  try {
    const created = await gateway.createPayment(charge.payment, method, descriptionOf(invoice))
    return created.ok ? created.value : created.error
  } catch (error) {
    if (error instanceof GatewayUnavailable) return { kind: 'unknown' }
    throw error
  }
}

/** An attempt that was processing is looked up; any other is confirmed, under the same key where it was before. */
async function confirm(
  gateway: Gateway,
  { charge, method }: ChargeTask,
  gatewayPayment: string,
): Promise<ChargeOutcome> {
  const { attempt } = charge
  if (attempt.outcome === 'processing') {
    const standing = await lookUp(gateway, gatewayPayment, 'processing')
    return standing.kind === 'unconfirmed' ? { kind: 'unknown' } : standing
  }
  const outcome = await gateway.confirm(gatewayPayment, method, encodeId('attempt', attempt.id))
  if (outcome.kind !== 'rejected') return outcome
  // An earlier try whose answer was lost may have taken the money: only how the payment stands proves that it did not.
  const standing = await lookUp(gateway, gatewayPayment, 'unknown')
  return standing.kind === 'unconfirmed' ? outcome : standing
}

async function lookUp<K extends 'processing' | 'unknown'>(gateway: Gateway, gatewayPayment: string, otherwise: K) {
  try {
    return await gateway.retrieve(gatewayPayment)
  } catch (error) {
    if (error instanceof GatewayUnavailable) return { kind: otherwise }
    throw error
  }
}

function descriptionOf({ number }: FinalInvoice): string {
  return `Invoice ${number}`
}

/** For what is safe to repeat: a reply that was lost is asked for again. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isUnavailable(error) || attempt === MAX_TRIES) throw error
    }
  }
}
