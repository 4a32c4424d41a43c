/** The answer, or after so long the error: nobody waits for ever. What was asked for goes on all the same. */
export async function inTime<T>(answer: Promise<T>, waitMs: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), waitMs)
  })
  return Promise.race([answer, timeout]).finally(() => clearTimeout(timer))
}
