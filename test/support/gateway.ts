import { inject } from 'vitest'
import type { Json } from './client.ts'

/** The emulator's controls, in the world of one organization. */
export type GatewayControl = {
  /** The next confirmations are declined. */
  readonly declines: (code: string, times?: number) => Promise<void>
  /** Any fault of dev/stripe/README.md. */
  readonly fault: (fault: Json) => Promise<void>
  readonly down: (down: boolean) => Promise<void>
  /** Every debit and refund that is under way arrives, or comes back. */
  readonly settles: () => Promise<void>
  /** Someone gives a payment back there, past us: the whole of it. */
  readonly refunds: (gatewayPayment: string) => Promise<Json>
  /** Its own time goes on: it forgets idempotency keys after 24 hours. */
  readonly passes: (seconds: number) => Promise<void>
  readonly requests: () => Promise<readonly Json[]>
  /** What was really taken: `{ succeeded_count, received: { usd: 1999 }, … }`. */
  readonly taken: () => Promise<Json>
  /** Answers of the emulator that its own document does not allow; always none. */
  readonly bugs: () => Promise<readonly Json[]>
}

const CONFIRM = 'post_payment_intents_intent_confirm'

export function gatewayOf(stripeKey: string): GatewayControl {
  const call = async (method: string, path: string, body?: Json) => {
    const response = await fetch(`${inject('stack').stripe}/_control/${path}`, {
      method,
      headers: { Authorization: `Bearer ${stripeKey}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
  const listOf = (value: Json) => (Array.isArray(value) ? value : (value.data ?? value.requests ?? value.bugs ?? []))
  return {
    declines: async (code, times = 1) => {
      await call('POST', 'faults', { match: { operation: CONFIRM }, times, fault: 'decline', decline_code: code })
    },
    fault: async (fault) => {
      await call('POST', 'faults', { match: { operation: CONFIRM }, times: 1, ...fault })
    },
    down: async (down) => {
      await call('POST', 'down', { down })
    },
    settles: async () => {
      await call('POST', 'settle', {})
    },
    refunds: async (gatewayPayment) => {
      const response = await fetch(`${inject('stack').stripe}/v1/refunds`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${stripeKey}` },
        body: new URLSearchParams({ payment_intent: gatewayPayment }),
      })
      return response.json()
    },
    passes: async (seconds) => {
      await call('POST', 'clock', { advance_s: seconds })
    },
    requests: async () => listOf(await call('GET', 'requests')),
    taken: () => call('GET', 'payments'),
    bugs: async () => listOf(await call('GET', 'bugs')),
  }
}
