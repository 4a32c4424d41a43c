import { invalidRequest, resourceMissing } from './errors.ts'
import type { Context } from './operation.ts'

export type List<T> = { object: 'list'; data: T[]; has_more: boolean; url: string }

const defaultLimit = 10
const maxLimit = 100

type CreatedFilter = number | { gt?: number; gte?: number; lt?: number; lte?: number } | undefined

/** Newest first (or as given, where there is no order in time), with Stripe's cursors; `created` is filtered here because every list has it. */
export function listOf<T extends { id: string; created?: number }>(
  context: Context,
  options: { from: ReadonlyMap<string, T>; noun: string; url: string; where?: (item: T) => boolean; asGiven?: true },
): List<T> {
  const {
    limit = defaultLimit,
    starting_after,
    ending_before,
    created,
  } = context.parameters as {
    limit?: number
    starting_after?: string
    ending_before?: string
    created?: CreatedFilter
  }
  if (limit < 1 || limit > maxLimit) throw limitRefused(limit)
  for (const [param, cursor] of Object.entries({ starting_after, ending_before })) {
    if (cursor !== undefined && !options.from.has(cursor)) throw resourceMissing(options.noun, cursor, param, false)
  }
  const items = [...options.from.values()]
  const inOrder = options.asGiven ? items : items.reverse()
  const fits = (item: T) => inRange(item.created ?? 0, created) && (options.where?.(item) ?? true)
  const page = ending_before ? before(inOrder, ending_before, limit, fits) : after(inOrder, starting_after, limit, fits)
  return { object: 'list', ...page, url: options.url }
}

type Page<T> = { data: T[]; has_more: boolean }

function after<T extends { id: string }>(
  items: T[],
  cursor: string | undefined,
  limit: number,
  fits: (item: T) => boolean,
): Page<T> {
  const start = cursor === undefined ? 0 : items.findIndex((item) => item.id === cursor) + 1
  const data: T[] = []
  for (let index = start; index < items.length && data.length <= limit; index += 1) {
    const item = items[index]
    if (item && fits(item)) data.push(item)
  }
  return { data: data.slice(0, limit), has_more: data.length > limit }
}

function before<T extends { id: string }>(
  items: T[],
  cursor: string,
  limit: number,
  fits: (item: T) => boolean,
): Page<T> {
  const page = after([...items].reverse(), cursor, limit, fits)
  return { data: page.data.reverse(), has_more: page.has_more }
}

function inRange(value: number, filter: CreatedFilter): boolean {
  if (filter === undefined) return true
  if (typeof filter === 'number') return value === filter
  const { gt = -1, gte = 0, lt = Number.MAX_SAFE_INTEGER, lte = Number.MAX_SAFE_INTEGER } = filter
  return value > gt && value >= gte && value < lt && value <= lte
}

function limitRefused(limit: number): Error {
  const bound = limit < 1 ? 'greater than or equal to 1' : `less than or equal to ${maxLimit}`
  return invalidRequest(`This value must be ${bound} (it currently is '${limit}').`, {
    param: 'limit',
    code: 'parameter_invalid_integer',
  })
}
