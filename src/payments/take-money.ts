import type { PaymentMethod } from '../accounts/domain/payment-method.ts'
import type { FinalInvoice } from '../invoices/domain/invoice.ts'
import { encodeId, type Id, madeAt } from '../kernel/id.ts'
import { HOUR_MS } from '../kernel/instant.ts'
import { realNow } from '../platform/clock.ts'
import type { Database } from '../platform/db/client.ts'
import { isUnavailable } from '../platform/db/fault.ts'
import type { Env } from '../platform/env.ts'
import { logError } from '../platform/log.ts'
import type { Charge } from './domain/charge.ts'
import { type ChargeOutcome, isUnderWayThere, type PaymentNews } from './domain/outcome.ts'
import { type Gateway, GatewayUnavailable, type Unconfirmed } from './gateway.ts'
import { inParallel, openGateways } from './open-gateway.ts'
import { type GatewayAccount, keepGatewayPayments } from './repository.ts'

/** A charge with all that the gateway must be told. */
export type ChargeTask = Charge & {
  readonly invoice: FinalInvoice
  readonly method: PaymentMethod
  readonly gatewayAccount: GatewayAccount
}

/** What the gateway said, and the ids that it gave to payments. */
export type Taken = {
  readonly news: readonly PaymentNews[]
  readonly gatewayPayments: ReadonlyMap<Id<'payment'>, string>
}

const MAX_TRIES = 3
/** Stripe forgets a key after 24 hours; from an hour before only how the payment stands tells what became of a try. */
const KEY_HOLDS_MS = 23 * HOUR_MS
/** Who has not come back from their bank by then has given up. */
const AUTHENTICATION_MS = HOUR_MS

/**
 * Takes the money for charges whose attempts are committed and claimed: the gateway's payment is made or brought to the
 * amount, its id is kept, a last look says that the invoice still wants it, and only then it is confirmed. Repeating it
 * after a crash sends the same keys. Never throws for the gateway: no answer is `unknown`.
 */
export async function takeMoney(env: Env, database: Database, tasks: readonly ChargeTask[]): Promise<Taken> {
  const gateways = await openGateways(
    env,
    tasks.map(({ gatewayAccount }) => gatewayAccount),
  )
  const news: PaymentNews[] = []
  const say = ({ payment, attempt }: ChargeTask, outcome: ChargeOutcome) =>
    void news.push({ paymentId: payment.id, attemptId: attempt.id, outcome })
  const ready: { task: ChargeTask; gateway: Gateway; gatewayPayment: string }[] = []
  await inParallel(tasks, async (task) => {
    const gateway = gateways.get(task.gatewayAccount.id)
    // A secret that cannot be opened is the operator's to mend; the payment waits for it.
    const made = gateway ? await prepare(gateway, task) : ({ kind: 'unknown' } as const)
    if (gateway === undefined || typeof made !== 'string') say(task, made as ChargeOutcome)
    else ready.push({ task, gateway, gatewayPayment: made })
  })
  const gatewayPayments = new Map(ready.map(({ task, gatewayPayment }) => [task.payment.id, gatewayPayment]))
  if (ready.length === 0) return { news, gatewayPayments }
  const kept = ready.map(({ task, gatewayPayment }) => ({ payment: task.payment, gatewayPayment }))
  const wanted = await patiently(() => keepGatewayPayments(database, kept))
  const confirmed = ready.filter(({ task }) => wanted.has(task.payment.id))
  // Nothing was sent for it, and nothing will be.
  for (const { task } of ready) if (!wanted.has(task.payment.id)) say(task, { kind: 'canceled' })
  await inParallel(confirmed, async ({ task, gateway, gatewayPayment }) => {
    say(task, await confirm(gateway, task, gatewayPayment))
  })
  return { news, gatewayPayments }
}

/** The id of the gateway's payment, made now, or before and brought to the present amount. */
async function prepare(gateway: Gateway, { payment, attempt, method, invoice }: ChargeTask) {
  try {
    const { gatewayPayment } = payment
    if (gatewayPayment === null) {
      const created = await gateway.createPayment(payment, method, descriptionOf(invoice))
      return created.ok ? created.value : created.error
    }
    // Where the try is known to be there it was confirmed; else it is not known whether the change has arrived.
    if (isUnderWayThere(attempt)) return gatewayPayment
    const changed = await gateway.changePayment(gatewayPayment, payment, method, encodeId('attempt', attempt.id))
    if (changed === 'refused') return await rejectedUnlessTaken(gateway, gatewayPayment)
    return changed === 'changed' ? gatewayPayment : await stands(gateway, gatewayPayment, 'unknown')
  } catch (error) {
    if (!(error instanceof GatewayUnavailable)) throw error
    logError(error.message, error.cause, { payment: encodeId('payment', payment.id) })
    return { kind: 'unknown' } as const
  }
}

/** What is on its way is looked up; any other try is sent, under the same key where it was before. */
async function confirm(gateway: Gateway, task: ChargeTask, gatewayPayment: string): Promise<ChargeOutcome> {
  const { payment, attempt, method } = task
  if (attempt.outcome === 'processing') return stands(gateway, gatewayPayment, 'processing')
  if (attempt.outcome === 'authenticating') return authenticated(gateway, task, gatewayPayment)
  // A gateway's payment that was made only now has never been confirmed.
  if (payment.gatewayPayment !== null && ageOf(attempt) > KEY_HOLDS_MS) {
    const standing = await lookUp(gateway, gatewayPayment)
    // Nothing was taken, and nobody will ask for it under this key again.
    return standing?.kind === 'unconfirmed' ? { kind: 'rejected' } : (standing ?? { kind: 'unknown' })
  }
  const { returnUrl } = attempt
  const outcome = await gateway.confirm(gatewayPayment, method, { key: encodeId('attempt', attempt.id), returnUrl })
  return outcome.kind === 'rejected' ? rejectedUnlessTaken(gateway, gatewayPayment) : outcome
}

/** An earlier try whose answer was lost may have taken the money: only how the payment stands proves that it did not. */
async function rejectedUnlessTaken(gateway: Gateway, gatewayPayment: string): Promise<ChargeOutcome> {
  const standing = await lookUp(gateway, gatewayPayment)
  if (standing === null) return { kind: 'unknown' }
  return standing.kind === 'unconfirmed' || standing.kind === 'declined' ? { kind: 'rejected' } : standing
}

/** The customer may still come back from the bank's page. Whoever does not for an hour finds the payment closed. */
async function authenticated(
  gateway: Gateway,
  { attempt }: ChargeTask,
  gatewayPayment: string,
): Promise<ChargeOutcome> {
  const standing = await stands(gateway, gatewayPayment, 'unknown')
  if (standing.kind !== 'authenticating' || ageOf(attempt) < AUTHENTICATION_MS) {
    return standing.kind === 'unknown' ? { kind: 'authenticating', url: null } : standing
  }
  return gateway.cancel(gatewayPayment)
}

async function stands(gateway: Gateway, gatewayPayment: string, otherwise: 'processing' | 'unknown') {
  const standing = await lookUp(gateway, gatewayPayment)
  if (standing === null) return { kind: otherwise } as const
  return standing.kind === 'unconfirmed' ? ({ kind: 'unknown' } as const) : standing
}

async function lookUp(gateway: Gateway, gatewayPayment: string): Promise<ChargeOutcome | Unconfirmed | null> {
  try {
    return await gateway.retrieve(gatewayPayment)
  } catch (error) {
    if (!(error instanceof GatewayUnavailable)) throw error
    logError(error.message, error.cause, { gateway_payment: gatewayPayment })
    return null
  }
}

/** In real time, whatever clock the account lives on. */
function ageOf({ id }: ChargeTask['attempt']): number {
  return realNow() - madeAt(id)
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
