import { apiVersion, findRoute, type Operation, type Route, validError } from './document.ts'
import { emulatorBug, invalidRequest, StripeError, unknownUrl } from './errors.ts'
import { expandAnswer } from './expand.ts'
import { declineOf, type Fault, isRefusal, refusalOf, takeFault } from './faults.ts'
import { claimKey, isAnswered, releaseKey, storeAnswer } from './idempotency.ts'
import type { Context } from './operation.ts'
import { handlerOf } from './operations.ts'
import { type Parameters, readParameters } from './parameters.ts'
import { checkRate } from './rate-limits.ts'
import { newId, type SeenRequest, type World } from './world.ts'

export type Answer = { readonly status: number; readonly body: string }

export type Incoming = {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly idempotencyKey: string | null
  readonly version: string | null
  readonly baseUrl: string
}

/** What the server shall put on the wire: an answer, half of one, or nothing at all. */
export type Outcome =
  | { readonly kind: 'answer' | 'truncated'; readonly answer: Answer; readonly headers: Record<string, string> }
  | { readonly kind: 'dropped' }

const maxSeen = 20_000

/** One API request from arrival to outcome, in the order in which Stripe refuses things. */
export async function exchange(world: World, incoming: Incoming): Promise<Outcome> {
  const requestId = newId('req', 14)
  const seen = note(world, incoming, requestId)
  const headers: Record<string, string> = { 'request-id': requestId, 'stripe-version': apiVersion }
  if (incoming.idempotencyKey !== null) headers['idempotency-key'] = incoming.idempotencyKey
  try {
    const route = routeOf(incoming)
    seen.operation = route.operation.id
    checkRate(world, route.operation.id)
    const parameters = readParameters(route.operation, incoming.method === 'GET' ? incoming.query : incoming.body)
    const fault = takeFault(world, route.operation.id, incoming.path, isAnswered(world, incoming.idempotencyKey))
    seen.fault = fault?.fault ?? null
    if (fault?.fault === 'drop_before') return { kind: 'dropped' }
    if (fault && isRefusal(fault.fault)) throw refusalOf(fault.fault, incoming.idempotencyKey ?? '')
    const run: Run = { world, incoming, route, parameters, fault, requestId }
    const { answer, original } = await once(run)
    if (original !== undefined) {
      seen.replayed = true
      headers['idempotent-replayed'] = 'true'
      headers['original-request'] = original
    }
    if (fault?.fault === 'execute_then_drop') return { kind: 'dropped' }
    const outcome = answered(seen, answer, headers)
    return fault?.fault === 'truncate' ? { ...outcome, kind: 'truncated' } : outcome
  } catch (error) {
    if (!(error instanceof StripeError)) throw error
    return answered(seen, errorAnswer(world, seen.operation ?? 'routing', error), headers)
  }
}

type Run = {
  readonly world: World
  readonly incoming: Incoming
  readonly route: Route
  readonly parameters: Parameters
  readonly fault: Fault | undefined
  readonly requestId: string
}

/** Executes a POST with a key at most once in a day; GET and DELETE are repeatable by themselves. */
async function once(run: Run): Promise<{ answer: Answer; original?: string }> {
  const { world, incoming, requestId } = run
  const key = incoming.method === 'POST' ? incoming.idempotencyKey : null
  if (key === null) return { answer: await withDelay(run) }
  const fingerprint = `${incoming.method} ${incoming.path} ${canonical(run.parameters)}`
  const claim = claimKey(world, key, fingerprint, requestId)
  if (claim.kind === 'replay') return claim
  try {
    const answer = await withDelay(run)
    storeAnswer(world, key, answer)
    return { answer }
  } catch (error) {
    releaseKey(world, key)
    throw error
  }
}

async function withDelay(run: Run): Promise<Answer> {
  const { fault } = run
  if (fault?.fault !== 'delay') return execute(run)
  if (fault.executes === 'after') await wait(fault.delay_ms ?? 0)
  const answer = execute(run)
  if (fault.executes !== 'after') await wait(fault.delay_ms ?? 0)
  return answer
}

/** Synchronous from here on: nothing can come between an operation's check and its change. */
function execute(run: Run): Answer {
  const { world, fault, route } = run
  if (fault?.fault === 'stored_500') {
    if (fault.executes === 'before') perform(run)
    if (fault.executes === 'after') world.rollingForward.push(() => perform(run))
    return errorAnswer(world, route.operation.id, brokenInside())
  }
  return perform(run)
}

function perform({ world, incoming, route, parameters, fault, requestId }: Run): Answer {
  const context: Context = {
    world,
    path: route.path,
    parameters,
    requestId,
    idempotencyKey: incoming.idempotencyKey,
    baseUrl: incoming.baseUrl,
    decline: fault?.fault === 'decline' ? declineOf(fault) : undefined,
  }
  try {
    const result = handlerOf(route.operation.id)(context)
    const expand = (parameters.expand as string[] | undefined) ?? []
    return okAnswer(world, route.operation, expandAnswer(world, result, expand))
  } catch (error) {
    if (!(error instanceof StripeError))
      return errorAnswer(world, route.operation.id, crashed(world, route.operation, error))
    return errorAnswer(world, route.operation.id, error)
  }
}

function okAnswer(world: World, operation: Operation, result: object): Answer {
  const [problem] = operation.validAnswer(result)
  if (!problem) return { status: 200, body: JSON.stringify(result) }
  const details = JSON.stringify({ at: problem.instancePath, message: problem.message, params: problem.params })
  world.bugs.push(`${operation.id}: ${details}`)
  return errorAnswer(world, operation.id, emulatorBug(operation.id, details))
}

function errorAnswer(world: World, operationId: string, error: StripeError): Answer {
  const body = error.toWire()
  const [problem] = validError(body)
  if (problem) {
    const details = JSON.stringify({ at: problem.instancePath, message: problem.message, params: problem.params })
    world.bugs.push(`${operationId} (error): ${details}`)
    return { status: 500, body: JSON.stringify(emulatorBug(operationId, details).toWire()) }
  }
  return { status: error.status, body: JSON.stringify(body) }
}

function crashed(world: World, operation: Operation, error: unknown): StripeError {
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error)
  world.bugs.push(`${operation.id}: ${details}`)
  return emulatorBug(operation.id, details)
}

function routeOf(incoming: Incoming): Route {
  const route = findRoute(incoming.method, incoming.path)
  if (!route) throw unknownUrl(incoming.method, incoming.path)
  if (incoming.version !== null && incoming.version !== apiVersion) {
    throw invalidRequest(`The emulator speaks Stripe-Version ${apiVersion} only, not ${incoming.version}.`)
  }
  return route
}

function brokenInside(): StripeError {
  return new StripeError(500, { type: 'api_error', message: 'An unknown error occurred' })
}

function answered(
  seen: SeenRequest,
  answer: Answer,
  headers: Record<string, string>,
): Outcome & { kind: 'answer' | 'truncated' } {
  seen.status = answer.status
  return { kind: 'answer', answer, headers }
}

function note(world: World, incoming: Incoming, request_id: string): SeenRequest {
  const { method, path, idempotencyKey } = incoming
  const seen: SeenRequest = {
    at_ms: Date.now(),
    method,
    path,
    operation: null,
    idempotency_key: idempotencyKey,
    request_id,
    status: null,
    replayed: false,
    fault: null,
  }
  world.requests.push(seen)
  if (world.requests.length > maxSeen) world.requests.shift()
  return seen
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function wait(delay_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay_ms).unref())
}
