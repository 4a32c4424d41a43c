import { inject } from 'vitest'
import type { Json } from './client.ts'

/** The emulator's controls, in the world of one organization. */
export type GatewayControl = {
  /** The next confirmations are declined, perhaps with the bank's advice. */
  readonly declines: (code: string, times?: number, advice?: string) => Promise<void>
  /** Any fault of dev/stripe/README.md. */
  readonly fault: (fault: Json) => Promise<void>
  readonly down: (down: boolean) => Promise<void>
  /** Every debit and refund that is under way arrives, or comes back. */
  readonly settles: () => Promise<void>
  /** Someone gives a payment back there, past us: the whole of it. */
  readonly refunds: (gatewayPayment: string) => Promise<Json>
  /** The customer's bank takes a payment back for now: `{ kind, amount }` of dev/stripe/README.md. Answers the dispute. */
  readonly disputes: (gatewayPayment: string, about?: Json) => Promise<{ readonly id: string; readonly status: string }>
  /** The bank decides: `won`, `lost`, `warning_closed` or `escalated`. */
  readonly decides: (dispute: string, outcome: string) => Promise<void>
  /** The customer answers the bank's question about a payment or a set-up. */
  readonly authenticates: (intent: string, succeeds?: boolean) => Promise<void>
  /** The customer goes through the gateway's page with a test method. */
  readonly checksOut: (session: string, method: string, succeeds?: boolean) => Promise<Json>
  /** The secret key is rolled: the old one leads there no more. */
  readonly rolls: (key: string) => Promise<void>
  /** More calls than that in a second get 429; null lifts it. */
  readonly limits: (perSecond: number | null, perOperation?: number) => Promise<void>
  readonly webhooks: {
    /** `{ copies, late_ms, lose }`: each event so often, every second one late, so many never. */
    readonly plan: (plan: Json) => Promise<void>
    readonly hold: () => Promise<void>
    /** `{ order: 'newest_first', copies }`: answers when what was held is sent. */
    readonly release: (how?: Json) => Promise<void>
    /** Answers when nothing is on its way any more. */
    readonly settle: () => Promise<void>
  }
  /** All that happened there, oldest first. */
  readonly events: () => Promise<readonly Json[]>
  /** Its own time goes on: it forgets idempotency keys after 24 hours. */
  readonly passes: (seconds: number) => Promise<void>
  readonly requests: () => Promise<readonly Json[]>
  /** Every try to take money that arrived there, oldest first. */
  readonly confirmations: () => Promise<readonly Json[]>
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
  const requests = async () => listOf(await call('GET', 'requests'))
  return {
    declines: async (decline_code, times = 1, advice_code) => {
      const decline = { fault: 'decline', decline_code, ...(advice_code !== undefined && { advice_code }) }
      await call('POST', 'faults', { match: { operation: CONFIRM }, times, ...decline })
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
    disputes: (gatewayPayment, about = {}) => call('POST', 'dispute', { payment_intent: gatewayPayment, ...about }),
    decides: async (dispute, outcome) => {
      await call('POST', 'dispute', { dispute, outcome })
    },
    authenticates: async (intent, succeeds = true) => {
      await call('POST', 'authenticate', { intent, succeeds })
    },
    checksOut: (session, method, succeeds = true) =>
      call('POST', 'checkout', { session, payment_method: method, succeeds }),
    rolls: async (key) => {
      await call('POST', 'roll', { key })
    },
    limits: async (perSecond, perOperation) => {
      await call('POST', 'limit', { per_second: perSecond, ...(perOperation && { per_operation: perOperation }) })
    },
    webhooks: {
      plan: async (plan) => {
        await call('POST', 'webhooks/plan', plan)
      },
      hold: async () => {
        await call('POST', 'webhooks/hold', {})
      },
      release: async (how = {}) => {
        await call('POST', 'webhooks/release', how)
      },
      settle: async () => {
        await call('POST', 'webhooks/settle', {})
      },
    },
    events: async () => {
      const found: Json[] = []
      for (let more = true; more; ) {
        const after = found[0] === undefined ? '' : `&starting_after=${found[0].id}`
        const response = await fetch(`${inject('stack').stripe}/v1/events?limit=100${after}`, {
          headers: { Authorization: `Bearer ${stripeKey}` },
        })
        const page: Json = await response.json()
        found.unshift(...page.data.toReversed())
        more = page.has_more
      }
      return found
    },
    passes: async (seconds) => {
      await call('POST', 'clock', { advance_s: seconds })
    },
    requests,
    confirmations: async () => (await requests()).filter(({ operation }: Json) => operation === CONFIRM),
    taken: () => call('GET', 'payments'),
    bugs: async () => listOf(await call('GET', 'bugs')),
  }
}
