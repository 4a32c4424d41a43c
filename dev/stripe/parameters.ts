import type { ErrorObject } from 'ajv'
import { type Operation, resolveSchema } from './document.ts'
import { invalidRequest, type StripeError } from './errors.ts'
import { coerce, parseForm } from './form.ts'

/** Parameters as the document types them; an empty string means "unset" and handlers treat it so. */
export type Parameters = Readonly<Record<string, unknown>>

const maxMetadataKeys = 50
const maxMetadataKeyLength = 40

/** Decodes and checks a request; throws Stripe's 400 at the first thing the document does not allow. */
export function readParameters(operation: Operation, text: string): Parameters {
  const tree = parseForm(text)
  for (const [name, node] of tree) {
    if (typeof node !== 'string' && !operation.deep.has(name)) throw notDeep(operation, name)
  }
  const value = coerce(tree, operation.parameters, resolveSchema)
  const error = mostSpecific(operation.validParameters(value))
  if (error) throw refusal(error, value)
  const parameters = value as Parameters
  checkMetadata(parameters.metadata)
  return parameters
}

/** In an `anyOf` every branch complains; the complaint furthest inside is about the branch that was meant. */
function mostSpecific(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const inside = errors.filter((error) => error.keyword !== 'anyOf')
  return inside.toSorted((a, b) => b.instancePath.length - a.instancePath.length)[0] ?? errors[0]
}

type Refusal = { readonly code?: string; readonly message: (name: string, given: string, error: ErrorObject) => string }

// The wording and codes of https://docs.stripe.com/error-codes.
const refusals: Readonly<Record<string, Refusal>> = {
  additionalProperties: { code: 'parameter_unknown', message: (name) => `Received unknown parameter: ${name}` },
  required: { code: 'parameter_missing', message: (name) => `Missing required param: ${name}.` },
  'type:integer': { code: 'parameter_invalid_integer', message: (_, given) => `Invalid integer: ${given}` },
  'type:boolean': { message: (_, given) => `Invalid boolean: ${given}` },
  'type:array': { message: () => 'Invalid array' },
  'type:object': { message: () => 'Invalid object' },
  'type:string': { code: 'parameter_invalid_string', message: (_, given) => `Invalid string: ${given}` },
  enum: { message: (name, _, error) => `Invalid ${name}: must be one of ${error.params.allowedValues.join(', ')}` },
  maxLength: { message: (name, _, error) => `Invalid ${name}: must be at most ${error.params.limit} characters` },
}

function refusal(error: ErrorObject, value: unknown): StripeError {
  const extra = error.params.additionalProperty ?? error.params.missingProperty
  const keys = [...error.instancePath.split('/').slice(1), ...(extra === undefined ? [] : [String(extra)])]
  const param = bracketed(keys)
  const given = valueAt(value, keys)
  if (given === '' && error.keyword !== 'required') return cannotBeUnset(param)
  const kind = error.keyword === 'type' ? `type:${error.params.type}` : error.keyword
  const { code, message } = refusals[kind] ?? { message: () => `Invalid ${param}: ${error.message}` }
  const shown = typeof given === 'object' ? JSON.stringify(given) : String(given)
  return invalidRequest(message(param, shown, error), code === undefined ? { param } : { param, code })
}

function cannotBeUnset(param: string): StripeError {
  const message = `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset.`
  return invalidRequest(message, { param, code: 'parameter_invalid_empty' })
}

function notDeep(operation: Operation, name: string): StripeError {
  if (operation.parameters.properties?.[name] === undefined) {
    return invalidRequest(`Received unknown parameter: ${name}`, { param: name, code: 'parameter_unknown' })
  }
  return invalidRequest(`Invalid string: ${name} takes a single value`, { param: name })
}

function bracketed([first = '', ...rest]: readonly string[]): string {
  return first + rest.map((key) => `[${key}]`).join('')
}

function valueAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value)
}

function checkMetadata(metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null) return
  const keys = Object.keys(metadata)
  if (keys.length > maxMetadataKeys) {
    throw invalidRequest(`Metadata may have at most ${maxMetadataKeys} keys`, { param: 'metadata' })
  }
  const long = keys.find((key) => key.length > maxMetadataKeyLength)
  if (long === undefined) return
  throw invalidRequest(`Metadata keys may have at most ${maxMetadataKeyLength} characters: ${long}`, {
    param: 'metadata',
  })
}
