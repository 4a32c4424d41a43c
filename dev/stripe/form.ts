import { invalidRequest } from './errors.ts'
import type { Schema } from './schema.ts'

// Stripe's form encoding: deep objects in brackets, arrays as a[0]= or a[]=, every leaf a string.

export type FormNode = string | FormTree
export type FormTree = Map<string, FormNode>
export type Coerced = string | number | boolean | Coerced[] | { [key: string]: Coerced }

const maxDepth = 12

/** Reads a body or query string into a tree of strings; which map is an array is the schema's to say. */
export function parseForm(text: string): FormTree {
  const root: FormTree = new Map()
  for (const [name, value] of new URLSearchParams(text)) insert(root, keysOf(name), value, name)
  return root
}

function keysOf(name: string): string[] {
  const open = name.indexOf('[')
  if (open <= 0) return [name]
  const brackets = name.slice(open)
  if (!/^(\[[^[\]]*\])+$/.test(brackets)) throw invalidRequest(`Invalid parameter name: ${name}`)
  const keys = [name.slice(0, open), ...brackets.slice(1, -1).split('][')]
  if (keys.length > maxDepth) throw invalidRequest(`Parameters may not nest deeper than ${maxDepth}: ${name}`)
  return keys
}

function insert(root: FormTree, keys: readonly string[], value: string, name: string): void {
  let tree = root
  for (const [depth, key] of keys.entries()) {
    const slot = key === '' ? String(tree.size) : key
    if (depth === keys.length - 1) {
      tree.set(slot, value)
      return
    }
    const next = tree.get(slot) ?? new Map<string, FormNode>()
    if (typeof next === 'string') throw invalidRequest(`Parameter given both as a value and as an object: ${name}`)
    tree.set(slot, next)
    tree = next
  }
}

export type Resolve = (schema: Schema) => Schema

/**
 * Gives the strings the types the schema asks for. What does not fit stays a string (or an object), so that the
 * validator finds it and names it.
 */
export function coerce(node: FormNode, schema: Schema | undefined, resolve: Resolve): Coerced {
  const target = schema && branchFor(node, resolve(schema), resolve)
  if (typeof node === 'string') return target ? scalar(node, target) : node
  if (target?.type === 'array' && isList(node)) {
    return [...node.values()].map((item) => coerce(item, target.items, resolve))
  }
  const rest = typeof target?.additionalProperties === 'object' ? target.additionalProperties : undefined
  const entries = [...node].map(([key, value]) => {
    return [key, coerce(value, target?.properties?.[key] ?? rest, resolve)] as const
  })
  return Object.fromEntries(entries)
}

function isList(tree: FormTree): boolean {
  return [...tree.keys()].every((key) => /^\d+$/.test(key))
}

/** Of several possible schemas, the one this text or tree was meant for. */
function branchFor(node: FormNode, schema: Schema, resolve: Resolve): Schema {
  if (schema.anyOf === undefined) return schema
  const branches = schema.anyOf.map(resolve)
  const fits = branches.find((branch) =>
    typeof node === 'string' ? takes(node, branch) : branch.type === 'object' || branch.type === 'array',
  )
  return fits ?? schema
}

function takes(text: string, schema: Schema): boolean {
  if (schema.type === 'object' || schema.type === 'array') return false
  if (schema.enum) return schema.enum.includes(text)
  return schema.type === 'string' || typeof scalar(text, schema) !== 'string'
}

function scalar(text: string, schema: Schema): string | number | boolean {
  if (schema.type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (schema.type === 'number' && text !== '' && Number.isFinite(Number(text))) return Number(text)
  if (schema.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
