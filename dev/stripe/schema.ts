import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'

/** The part of an OpenAPI 3.0 schema object that the document uses. */
export type Schema = {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly nullable?: boolean
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly $ref?: string
  readonly [keyword: string]: unknown
}

export type Validator = (value: unknown) => readonly ErrorObject[]

const rootId = 'stripe'

/**
 * Validators over the document's components, compiled at first use and kept. Components describe answers except
 * `address_param`; they are closed (an answer may not carry a property the document does not have), so that the
 * emulator cannot invent a field that our code would then come to rely on.
 */
export function createValidators(components: Readonly<Record<string, Schema>>): {
  validatorFor(schema: Schema): Validator
} {
  const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: false })
  const schemas = Object.fromEntries(Object.entries(components).map(([name, schema]) => [name, toJsonSchema(schema)]))
  ajv.addSchema({ $id: rootId, components: { schemas } })
  const compiled = new Map<Schema, ValidateFunction>()
  return {
    validatorFor: (schema) => (value) => {
      const validate = compiled.get(schema) ?? ajv.compile(toJsonSchema(schema))
      compiled.set(schema, validate)
      return validate(value) ? [] : (validate.errors ?? [])
    },
  }
}

/** OpenAPI 3.0 to JSON Schema: `nullable` becomes a null type, objects with named properties become closed. */
function toJsonSchema(schema: Schema): Record<string, unknown> {
  if (schema.nullable === true) {
    const { nullable: _, ...rest } = schema
    return { anyOf: [{ type: 'null' }, toJsonSchema(rest)] }
  }
  if (schema.$ref !== undefined) return { $ref: `${rootId}${schema.$ref}` }
  if (schema.anyOf !== undefined) return { anyOf: schema.anyOf.map(toJsonSchema) }
  const result: Record<string, unknown> = {}
  for (const keyword of ['type', 'enum', 'required', 'maxLength'] as const) {
    if (schema[keyword] !== undefined) result[keyword] = schema[keyword]
  }
  if (schema.items !== undefined) result.items = toJsonSchema(schema.items)
  if (schema.properties !== undefined) {
    result.properties = mapValues(schema.properties, toJsonSchema)
    result.additionalProperties = false
  }
  if (typeof schema.additionalProperties === 'boolean') result.additionalProperties = schema.additionalProperties
  else if (schema.additionalProperties) result.additionalProperties = toJsonSchema(schema.additionalProperties)
  return result
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
