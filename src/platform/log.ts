/** One JSON line; the error with its stack and causes, for the operator alone. */
export function logError(message: string, error: unknown, context: Readonly<Record<string, unknown>> = {}): void {
  console.error(JSON.stringify({ level: 'error', message, ...context, error: describe(error) }))
}

function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? {} : { cause: describe(error.cause) }
  return { name: error.name, message: error.message, stack: error.stack, ...cause }
}
