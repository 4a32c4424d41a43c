import { type Json, request } from './client.ts'

/** One operation of the API's own document. */
export type Operation = {
  /** `GET /v1/accounts/{id}` */
  readonly name: string
  readonly method: string
  readonly path: string
  readonly about: Json
}

export async function operations(): Promise<readonly Operation[]> {
  const { body: document } = await request('/openapi.json')
  return Object.entries(document.paths as Json).flatMap(([path, methods]) =>
    Object.entries(methods as Json).map(([method, about]) => ({
      ...{ path, about, method: method.toUpperCase() },
      name: `${method.toUpperCase()} ${path}`,
    })),
  )
}

/** Those that answer pages. */
export async function listOperations(): Promise<readonly Operation[]> {
  const all = await operations()
  return all.filter(({ method, about }) => method === 'GET' && isList(about))
}

function isList({ responses }: Json): boolean {
  const { schema } = responses[200]?.content?.['application/json'] ?? {}
  return schema?.$ref?.endsWith('List') ?? false
}

/** What a list cannot do without: an event is a subscription's. */
export function requiredQuery({ about }: Operation): readonly string[] {
  const parameters: readonly Json[] = about.parameters ?? []
  return parameters.filter((one) => one.in === 'query' && one.required).map(({ name }) => name)
}

/**
 * Puts ids into a path by the resource before each: `{ accounts: 'acct_…' }`. What is known by two is known by its path to
 * the first: `{ 'events/sub_…': 'evt-1' }`.
 */
export function pathWith(path: string, ids: Readonly<Record<string, string>>): string {
  const known = (resource: string) => {
    const id = ids[resource]
    if (id === undefined) throw new Error(`this test has no ${resource} for ${path}: add one`)
    return id
  }
  return path.replace(/([a-z_]+)\/\{\w+\}(\/\{\w+\})?/g, (_, resource: string, second?: string) => {
    const first = `${resource}/${known(resource)}`
    return second === undefined ? first : `${first}/${known(first)}`
  })
}
