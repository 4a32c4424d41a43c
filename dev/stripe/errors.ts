// Stripe's error envelope, as https://docs.stripe.com/api/errors documents it.

type ErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error'

export type ErrorBody = {
  readonly type: ErrorType
  readonly message: string
  readonly code?: string
  readonly param?: string
  readonly decline_code?: string
  readonly advice_code?: string
  readonly charge?: string
  readonly payment_intent?: unknown
  readonly payment_method?: unknown
  readonly payment_method_type?: string
  readonly setup_intent?: unknown
}

/** Thrown by an operation to answer with an error; what it changed before throwing stays changed, as at Stripe. */
export class StripeError extends Error {
  readonly status: number
  readonly body: ErrorBody

  constructor(status: number, body: ErrorBody) {
    super(body.message)
    this.status = status
    this.body = body
  }

  toWire(): { error: ErrorBody & { doc_url?: string } } {
    const { code } = this.body
    if (code === undefined) return { error: this.body }
    return { error: { ...this.body, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` } }
  }
}

export function invalidRequest(message: string, detail: { param?: string; code?: string } = {}): StripeError {
  return new StripeError(400, { type: 'invalid_request_error', message, ...detail })
}

export function parameterMissing(param: string): StripeError {
  return invalidRequest(`Missing required param: ${param}.`, { param, code: 'parameter_missing' })
}

/** 404 where the missing thing is the one in the path, 400 where a parameter names it. */
export function resourceMissing(noun: string, id: string, param: string, inPath: boolean): StripeError {
  return new StripeError(inPath ? 404 : 400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${noun}: '${id}'`,
    param,
  })
}

export function unauthorized(message: string): StripeError {
  return new StripeError(401, { type: 'invalid_request_error', message })
}

export function unknownUrl(method: string, path: string): StripeError {
  return new StripeError(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${method}: ${path}). The emulator knows the paths of openapi.json only.`,
  })
}

export function notServed(what: string): StripeError {
  return new StripeError(501, { type: 'api_error', message: `The Stripe emulator does not serve ${what} yet.` })
}

/** An answer that contradicts the document: a bug of the emulator, so it is never quiet. */
export function emulatorBug(operationId: string, details: string): StripeError {
  return new StripeError(500, {
    type: 'api_error',
    code: 'emulator_bug',
    message: `The Stripe emulator answered ${operationId} against its own document: ${details}`,
  })
}
