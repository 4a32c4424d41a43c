import { invalidRequest } from './errors.ts'
import type { World } from './world.ts'

const maxDepth = 4

/** What is left out unless it is asked for: the operation has put it in by itself. */
const included = ['line_items', 'tax_breakdown', 'total_count']

/** Replaces the ids that `expand` names by their objects, in a copy; the stored objects keep their ids. */
export function expandAnswer(world: World, answer: object, expand: readonly string[]): object {
  if (expand.length === 0) return answer
  const copy = structuredClone(answer)
  for (const path of expand) {
    const steps = path.split('.')
    if (steps.length > maxDepth) throw invalidRequest(`You cannot expand more than ${maxDepth} levels: ${path}`)
    expandAt(world, copy, steps, path)
  }
  return copy
}

function expandAt(world: World, at: unknown, steps: readonly string[], path: string): void {
  const [step, ...rest] = steps
  if (step === undefined || at === null) return
  if (Array.isArray(at)) {
    for (const item of at) expandAt(world, item, steps, path)
    return
  }
  const holder = at as Record<string, unknown>
  const value = holder[step]
  if (rest.length === 0 && included.includes(step)) return
  if (value === undefined) throw cannotExpand(path, step)
  if (typeof value === 'string') holder[step] = structuredClone(findAnywhere(world, value) ?? notExpandable(path, step))
  else if (rest.length === 0 && value !== null) throw cannotExpand(path, step)
  expandAt(world, holder[step], rest, path)
}

function findAnywhere(world: World, id: string): object | undefined {
  const { customers, deletedCustomers, paymentMethods, paymentIntents, setupIntents } = world.state
  const { charges, refunds, disputes, balanceTransactions } = world.state
  const places: readonly ReadonlyMap<string, object>[] = [
    customers,
    deletedCustomers,
    paymentMethods,
    paymentIntents,
    setupIntents,
    charges,
    refunds,
    disputes,
    balanceTransactions,
  ]
  return places.find((place) => place.has(id))?.get(id)
}

function notExpandable(path: string, step: string): never {
  throw cannotExpand(path, step)
}

function cannotExpand(path: string, step: string): Error {
  return invalidRequest(`This property cannot be expanded (${step}): ${path}`, { param: 'expand' })
}
