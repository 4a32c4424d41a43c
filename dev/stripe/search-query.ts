import { invalidRequest } from './errors.ts'
import type { Metadata } from './objects.ts'

// https://docs.stripe.com/search#search-query-language: clauses joined by AND or by OR, never by both.

type Scalar = string | number | null

export type Searchable<T> = Readonly<Record<string, Field<T>>>

type Field<T> =
  | { readonly kind: 'number' | 'text' | 'token'; readonly of: (item: T) => Scalar }
  | { readonly kind: 'metadata'; readonly of: (item: T) => Metadata }

type Clause = {
  readonly not: boolean
  readonly field: string
  readonly key: string | undefined
  readonly operator: string
  readonly value: Scalar
}

/** What tells whether an item fits the query; throws Stripe's 400 where the query is none. */
export function parseQuery<T>(query: string, fields: Searchable<T>): (item: T) => boolean {
  const { clauses, any } = clausesOf(query)
  const tests = clauses.map((clause) => toTest(clause, fields))
  return (item) => (any ? tests.some((test) => test(item)) : tests.every((test) => test(item)))
}

const maxClauses = 10
const quoted = String.raw`"((?:[^"\\]|\\.)*)"`
const clausePattern = new RegExp(
  String.raw`\s*(?:(AND|OR)\s+)?(-)?([a-z_]+)(?:\[${quoted}\])?\s*(:|~|>=|<=|>|<|=)\s*(?:(null)|(-?\d+)|${quoted})\s*`,
  'iy',
)

function clausesOf(query: string): { clauses: readonly Clause[]; any: boolean } {
  const clauses: Clause[] = []
  const joins = new Set<string>()
  clausePattern.lastIndex = 0
  while (clausePattern.lastIndex < query.length) {
    const match = clausePattern.exec(query)
    if (!match) throw malformed('Invalid search query')
    const [, join, minus, field = '', key, operator = '', none, number, text] = match
    if ((clauses.length === 0) !== (join === undefined) && join !== undefined)
      throw malformed('A query begins with a clause')
    if (clauses.length > 0) joins.add((join ?? 'AND').toUpperCase())
    const value = none ? null : number === undefined ? unescaped(text ?? '') : Number(number)
    clauses.push({ not: minus !== undefined, field, key: key && unescaped(key), operator, value })
  }
  if (clauses.length === 0 || clauses.length > maxClauses) throw malformed(`A query has 1 to ${maxClauses} clauses`)
  if (joins.size > 1) throw malformed('You cannot combine AND and OR in the same query')
  return { clauses, any: joins.has('OR') }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1')
}

function toTest<T>(clause: Clause, fields: Searchable<T>): (item: T) => boolean {
  const field = fields[clause.field]
  if (!field) throw malformed(`Field \`${clause.field}\` is an unsupported search field`)
  const { kind } = field
  if ((kind === 'metadata') !== (clause.key !== undefined)) throw malformed(`${clause.field} needs metadata["key"]`)
  const compare = comparisons[clause.operator]
  if (!compare || !operatorsOf[kind].includes(clause.operator)) {
    throw malformed(`Operator ${clause.operator} is not supported for \`${clause.field}\``)
  }
  if (clause.operator === '~' && String(clause.value).length < shortestSubstring) {
    throw malformed(`A substring has at least ${shortestSubstring} characters`)
  }
  const of = (item: T): Scalar =>
    field.kind === 'metadata' ? (field.of(item)[clause.key ?? ''] ?? null) : field.of(item)
  return (item) => compare(of(item), clause.value) !== clause.not
}

const shortestSubstring = 3

const operatorsOf: Readonly<Record<Field<never>['kind'], readonly string[]>> = {
  number: [':', '=', '>', '<', '>=', '<='],
  text: [':', '~'],
  token: [':'],
  metadata: [':', '~'],
}

const comparisons: Readonly<Record<string, (present: Scalar, wanted: Scalar) => boolean>> = {
  ':': same,
  '=': same,
  '~': (present, wanted) => folded(present).includes(folded(wanted)),
  '>': (present, wanted) => Number(present) > Number(wanted),
  '<': (present, wanted) => Number(present) < Number(wanted),
  '>=': (present, wanted) => Number(present) >= Number(wanted),
  '<=': (present, wanted) => Number(present) <= Number(wanted),
}

function same(present: Scalar, wanted: Scalar): boolean {
  if (wanted === null || present === null) return present === wanted
  return folded(present) === folded(wanted)
}

/** Stripe compares without regard to case. */
function folded(value: Scalar): string {
  return String(value ?? '').toLowerCase()
}

function malformed(message: string): Error {
  return invalidRequest(`${message}.`, { param: 'query' })
}
