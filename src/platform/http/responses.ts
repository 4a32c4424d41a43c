import { z } from '@hono/zod-openapi'

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    hint: z.string().openapi({ description: 'What to do about it.' }),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })),
    request_id: z.string(),
  })
  .openapi('Problem')

/**
 * The answers of a route for the OpenAPI document: its own, and the problem document for everything else. `media` is what
 * its own is written in.
 */
export function answers<T extends z.ZodType>(
  status: 200 | 201 | 202,
  schema: T,
  description: string,
  media = 'application/json',
) {
  return {
    [status]: { description, content: { [media]: { schema } } },
    default: {
      description: 'A problem document (RFC 9457)',
      content: { 'application/problem+json': { schema: problemSchema } },
    },
  }
}

export function jsonBody<T extends z.ZodType>(schema: T) {
  return { content: { 'application/json': { schema } }, required: true } as const
}
