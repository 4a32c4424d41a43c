import { expect } from 'vitest'
import type { Json, Reply } from './client.ts'

/** A refusal as the API words it: a problem document with its code, what to do about it, and the member at fault. */
export function expectProblem(reply: Reply, status: number, code: string, about: Json = {}): void {
  expect({ status: reply.status, code: reply.body.code }, JSON.stringify(reply.body)).toEqual({ status, code })
  expect(reply.headers.get('Content-Type')).toBe('application/problem+json')
  expect(reply.body).toMatchObject({
    hint: expect.stringMatching(/./),
    request_id: expect.stringMatching(/^req_/),
    ...about,
  })
}

/** `errors` of a problem that names one member. */
export function pointsAt(pointer: string): Json {
  return { errors: [expect.objectContaining({ pointer })] }
}
