import { z } from '@hono/zod-openapi'

/** Lists are newest first and stable under inserts: the cursor is the id of the last row that was seen. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(20)
    .openapi({ type: 'integer', minimum: 1, maximum: 100, default: 20 }),
  cursor: z
    .string()
    .transform((text, context) => {
      const id = decodeCursor(text)
      if (id !== null) return id
      context.addIssue({ code: 'custom', message: 'must be a `next_cursor` that a list gave' })
      return z.NEVER
    })
    .optional()
    .openapi({ type: 'string', description: '`next_cursor` of the page before.' }),
}

export type PageQuery = { readonly limit: number; readonly cursor?: string | undefined }

export type Page<T> = { readonly data: readonly T[]; readonly has_more: boolean; readonly next_cursor: string | null }

export function pageSchema<T extends z.ZodType>(item: T, name: string) {
  return z
    .object({ data: z.array(item), has_more: z.boolean(), next_cursor: z.string().nullable() })
    .openapi(`${name}List`)
}

/** Of `limit + 1` rows read, the first `limit`; the one more only tells that there is more. */
export function pageOf<R extends { readonly id: string }, T>(
  rows: readonly R[],
  { limit }: PageQuery,
  toWire: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const more = rows.length > limit && last !== undefined
  return { data: shown.map(toWire), has_more: more, next_cursor: more ? encodeCursor(last.id) : null }
}

function encodeCursor(id: string): string {
  return btoa(id.replaceAll('-', '')).replaceAll('=', '')
}

function decodeCursor(text: string): string | null {
  if (!/^[A-Za-z0-9+/]{42,43}$/.test(text)) return null
  const hex = atob(text)
  const parts = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(hex)
  return parts === null ? null : parts.slice(1).join('-')
}
