import { NeonDbError } from '@neondatabase/serverless'

/**
 * What a failed call of the database means.
 * unavailable: no answer, so nothing is known about the outcome. · not_applied: Postgres undid it and may be asked again.
 * violated: a constraint refused it. · raised: our own SQLSTATE, from a guard. · bug: everything else.
 */
export type DatabaseFault =
  | { readonly kind: 'unavailable' | 'not_applied' | 'bug' }
  | { readonly kind: 'violated'; readonly constraint: string }
  | { readonly kind: 'raised'; readonly sqlState: string }

/** Raised by `commit_must_win` in the migrations. */
export const GUARD_LOST = 'PB001'

const notApplied = new Set(['40001', '40P01', '55P03'])
const integrity = new Set(['23503', '23505', '23514', '23P01', '23502'])
/** Connection failures, shutdown and exhausted resources: the server cannot serve now. */
const unavailableClasses = new Set(['08', '53', '57', '58'])

export function databaseFault(error: unknown): DatabaseFault | null {
  const cause = neonErrorIn(error)
  if (cause === null) return null
  const state = cause.code
  if (state === undefined || state === '') return { kind: 'unavailable' }
  if (notApplied.has(state)) return { kind: 'not_applied' }
  if (integrity.has(state)) return { kind: 'violated', constraint: cause.constraint ?? cause.column ?? 'unknown' }
  if (state.startsWith('PB')) return { kind: 'raised', sqlState: state }
  return { kind: unavailableClasses.has(state.slice(0, 2)) ? 'unavailable' : 'bug' }
}

/** The database gave no answer in three tries of the same bytes. The outcome is unknown, and a replay is safe. */
export class OutcomeUnknown extends Error {
  override readonly name: string = 'OutcomeUnknown'
}

/** Whether to answer "try again later". */
export function isUnavailable(error: unknown): boolean {
  return error instanceof OutcomeUnknown || databaseFault(error)?.kind === 'unavailable'
}

/** drizzle wraps the error of a single query but not that of a batch. */
function neonErrorIn(error: unknown): NeonDbError | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof NeonDbError) return at
  return null
}

/** The classes of what is wrong with the values of a statement: they do not fit their types, or a constraint. */
const valueClasses = new Set(['22', '23'])

/** Why Postgres refused the values it was given; null where something else went wrong. */
export function refusedValues(error: unknown): string | null {
  const cause = neonErrorIn(error)
  return valueClasses.has(cause?.code?.slice(0, 2) ?? '') ? (cause?.message ?? null) : null
}
