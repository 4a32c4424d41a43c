import { Problem } from '../platform/http/problem.ts'
import { GatewayUnavailable } from './gateway.ts'

/** What a gateway answers, where nothing is stored before it does. @throws {Problem} that says so; `hint`: what to do. */
export async function answered<T>(asked: Promise<T>, hint: string): Promise<T> {
  return asked.catch((error: unknown) => {
    if (!(error instanceof GatewayUnavailable)) throw error
    throw new Problem('gateway_unavailable', {
      detail: 'The payment gateway gave no answer, so nothing was stored.',
      hint,
      retryAfterSeconds: 10,
    })
  })
}
