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

/** Puts ids into a path by the resource before each: `{ accounts: 'acct_…' }`. */
export function pathWith(path: string, ids: Readonly<Record<string, string>>): string {
  return path.replace(/([a-z_]+)\/\{\w+\}/g, (_, resource: string) => {
    const id = ids[resource]
    if (id === undefined) throw new Error(`this test has no ${resource} for ${path}: add one`)
    return `${resource}/${id}`
  })
}
