import { invalidRequest } from './errors.ts'
import type { Customer, PaymentIntent } from './objects.ts'
import type { Context, Handler } from './operation.ts'
import { parseQuery, type Searchable } from './search-query.ts'
import { now } from './world.ts'

export const searchOperations = {
  get_customers_search: (context) =>
    search(context, '/v1/customers/search', context.world.state.customers, customerFields),
  get_payment_intents_search: (context) =>
    search(context, '/v1/payment_intents/search', context.world.state.paymentIntents, intentFields),
} satisfies Record<string, Handler>

// The fields and their kinds of https://docs.stripe.com/search#supported-query-fields-for-each-resource.

const customerFields: Searchable<Customer> = {
  created: { kind: 'number', of: ({ created }) => created },
  email: { kind: 'text', of: ({ email }) => email },
  metadata: { kind: 'metadata', of: ({ metadata }) => metadata },
  name: { kind: 'text', of: ({ name }) => name },
  phone: { kind: 'text', of: ({ phone }) => phone },
}

const intentFields: Searchable<PaymentIntent> = {
  amount: { kind: 'number', of: ({ amount }) => amount },
  created: { kind: 'number', of: ({ created }) => created },
  currency: { kind: 'token', of: ({ currency }) => currency },
  customer: { kind: 'token', of: ({ customer }) => customer },
  metadata: { kind: 'metadata', of: ({ metadata }) => metadata },
  status: { kind: 'token', of: ({ status }) => status },
}

/** "Under normal operating conditions, data is searchable in less than a minute": so never before that. */
const indexLag_s = 60
const defaultLimit = 10
const maxLimit = 100

function search<T extends { created: number }>(
  context: Context,
  url: string,
  from: ReadonlyMap<string, T>,
  fields: Searchable<T>,
): object {
  const {
    query,
    limit = defaultLimit,
    page,
    expand = [],
  } = context.parameters as {
    query: string
    limit?: number
    page?: string
    expand?: string[]
  }
  if (limit < 1 || limit > maxLimit) throw invalidRequest(`limit is from 1 to ${maxLimit}.`, { param: 'limit' })
  const fits = parseQuery(query, fields)
  const indexed = now(context.world) - indexLag_s
  const found = [...from.values()].reverse().filter((item) => item.created <= indexed && fits(item))
  const start = page === undefined ? 0 : startOf(page)
  const has_more = found.length > start + limit
  return {
    object: 'search_result',
    data: found.slice(start, start + limit),
    has_more,
    next_page: has_more ? Buffer.from(String(start + limit)).toString('base64url') : null,
    ...(expand.includes('total_count') && { total_count: found.length }),
    url,
  }
}

function startOf(page: string): number {
  const start = Number(Buffer.from(page, 'base64url').toString())
  if (Number.isSafeInteger(start) && start > 0) return start
  throw invalidRequest('Invalid page: use the `next_page` of an earlier answer.', { param: 'page' })
}
