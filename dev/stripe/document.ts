import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createValidators, type Schema, type Validator } from './schema.ts'

type Content = Readonly<
  Record<string, { readonly schema: Schema; readonly encoding?: Readonly<Record<string, unknown>> }>
>
type Parameter = { readonly name: string; readonly in: 'path' | 'query'; readonly required?: boolean; schema: Schema }
type OpenApiOperation = {
  readonly operationId: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}
type OpenApiDocument = {
  readonly info: { readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export type Operation = {
  readonly id: string
  readonly method: string
  readonly segments: readonly string[]
  /** Query parameters of a GET, the form body of anything else, as one object schema. */
  readonly parameters: Schema
  /** Names that may carry brackets, from the parameter's style or the body's encoding section. */
  readonly deep: ReadonlySet<string>
  readonly validParameters: Validator
  readonly validAnswer: Validator
}

export type Route = { readonly operation: Operation; readonly path: Readonly<Record<string, string>> }

const formType = 'application/x-www-form-urlencoded'
const jsonType = 'application/json'
const emptyObject: Schema = { type: 'object', properties: {}, additionalProperties: false }

const document: OpenApiDocument = JSON.parse(readFileSync(join(import.meta.dirname, 'openapi.json'), 'utf8'))
const { validatorFor } = createValidators(document.components.schemas)

export const apiVersion = document.info.version
export const validError: Validator = validatorFor({ $ref: '#/components/schemas/error' })

export function resolveSchema(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  const name = schema.$ref.replace('#/components/schemas/', '')
  const found = document.components.schemas[name]
  if (!found) throw new Error(`openapi.json has no schema ${name}`)
  return found
}

export const operationsOfDocument: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => toOperation(method.toUpperCase(), path, operation)),
)

/** A literal segment wins over a parameter: /v1/customers/search is not the customer "search". */
export function findRoute(method: string, path: string): Route | undefined {
  const wanted = path.split('/').slice(1)
  const found = byLiteralsFirst.find((operation) => operation.method === method && matches(operation.segments, wanted))
  if (!found) return undefined
  const pairs = found.segments.flatMap((segment, index) =>
    segment.startsWith('{') ? [[segment.slice(1, -1), decodeURIComponent(wanted[index] ?? '')] as const] : [],
  )
  return { operation: found, path: Object.fromEntries(pairs) }
}

const byLiteralsFirst = operationsOfDocument.toSorted((a, b) => parameterCount(a) - parameterCount(b))

function parameterCount(operation: Operation): number {
  return operation.segments.filter((segment) => segment.startsWith('{')).length
}

function matches(segments: readonly string[], wanted: readonly string[]): boolean {
  if (segments.length !== wanted.length) return false
  return segments.every((segment, index) => segment.startsWith('{') || segment === wanted[index])
}

function toOperation(method: string, path: string, source: OpenApiOperation): Operation {
  const query = (source.parameters ?? []).filter((parameter) => parameter.in === 'query')
  const body = source.requestBody?.content[formType]
  const parameters = body?.schema ?? (query.length > 0 ? querySchema(query) : emptyObject)
  const answer = source.responses['200']?.content?.[jsonType]?.schema
  if (!answer) throw new Error(`openapi.json describes no answer of ${source.operationId}`)
  const deepQuery = query.filter((parameter) => 'style' in parameter).map((parameter) => parameter.name)
  return {
    id: source.operationId,
    method,
    segments: path.split('/').slice(1),
    parameters,
    deep: new Set([...deepQuery, ...Object.keys(body?.encoding ?? {})]),
    validParameters: validatorFor(parameters),
    validAnswer: validatorFor(answer),
  }
}

function querySchema(parameters: readonly Parameter[]): Schema {
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.schema])),
    required: parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name),
    additionalProperties: false,
  }
}
