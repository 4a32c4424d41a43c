import type { ErrorHandler, NotFoundHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { isUnavailable } from '../db/fault.ts'
import { logError } from '../log.ts'
import type { AppContext, AppEnv } from './app.ts'
import { databaseUnavailable, malformedJson, Problem, problemBody, problems, unsupportedMediaType } from './problem.ts'

export const onError: ErrorHandler<AppEnv> = (error, c) => {
  const problem = problemFrom(error)
  if (problem.code === 'internal_error' || problem.code === 'database_unavailable') {
    logError(problem.code, error, { request_id: c.get('requestId') })
  }
  return respond(c, problem)
}

export const notFound: NotFoundHandler<AppEnv> = (c) =>
  respond(
    c,
    new Problem('route_not_found', {
      detail: `${c.req.method} ${c.req.path} is not part of the API.`,
      hint: 'The addresses and methods are listed in /docs and /openapi.json.',
    }),
  )

function respond(c: AppContext, problem: Problem): Response {
  const { origin } = new URL(c.req.url)
  const body = problemBody(problem, { origin, requestId: c.get('requestId') })
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json' }
  if (problem.retryAfterSeconds !== null) headers['Retry-After'] = String(problem.retryAfterSeconds)
  if (problem.code === 'unauthenticated') headers['WWW-Authenticate'] = 'Bearer'
  return c.body(JSON.stringify(body), problems[problem.code].status, headers)
}

/** What a client is told of an error. Nothing unknown reaches it but the request's id. */
function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof HTTPException && error.status === 400) return malformedJson()
  if (error instanceof HTTPException && error.status === 415) return unsupportedMediaType()
  if (isUnavailable(error)) return databaseUnavailable()
  return new Problem('internal_error', {
    detail: 'The request could not be completed.',
    hint: 'Repeat it; if it fails again, tell support the request_id.',
  })
}
