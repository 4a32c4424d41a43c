/** One JSON line; the error with its stack and causes, for the operator alone. */
export function logError(message: string, error: unknown, context: Readonly<Record<string, unknown>> = {}): void {
  console.error(JSON.stringify({ level: 'error', message, ...context, error: describe(error) }))
}

function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? {} : { cause: describe(error.cause) }
  const { name, message, stack = '' } = error
  return { name, message: withoutValues(message), stack: withoutValues(stack), ...cause }
}

/** drizzle tells the parameters of a query that failed; they are customers' names and addresses. */
export function withoutValues(text: string): string {
  return text.replace(/\nparams: [\s\S]*?(?=\n {4}at |$)/, '')
}
