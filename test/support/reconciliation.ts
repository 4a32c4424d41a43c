import { inject } from 'vitest'
import { decodeId, type IdKind } from '../../src/kernel/id.ts'
import { body, type Client, type Json } from './client.ts'
import { sql } from './sql.ts'
import { realTimePasses } from './worker.ts'

/** What the last hour brought is left for the next run. */
const TOO_RECENT_MS = 2 * 3_600_000
export const DAY_MS = 24 * 3_600_000

/** The books of an organization's first gateway account. */
export type Books = {
  readonly gatewayAccount: string
  /** Real time goes on until all that happened is old enough, then the books are compared. */
  readonly reconciles: () => Promise<Json>
  readonly differences: (query?: string) => Promise<readonly Json[]>
  /** The events of differences, oldest first. */
  readonly events: () => Promise<readonly Json[]>
}

export async function booksOf(client: Client): Promise<Books> {
  const { data } = body(await client.get('/v1/gateway_accounts?limit=100'))
  const gatewayAccount = data.at(-1).id
  return {
    gatewayAccount,
    reconciles: async () => {
      realTimePasses(TOO_RECENT_MS)
      return body(await client.post('/v1/reconciliation/runs', { gateway_account: gatewayAccount }))
    },
    differences: async (query = '') => body(await client.get(`/v1/reconciliation/differences?${query}`)).data,
    events: () =>
      sql(
        `select type, data, previous, actor, sequence from events
         where organization_id = $1 and type like 'reconciliation.%' order by xid, id`,
        decodeId('organization', client.organization),
      ),
  }
}

/** The UUID of an id on the wire, as SQL has it. */
export function rowOf(kind: IdKind, id: string): string {
  const row = decodeId(kind, id)
  if (row === null) throw new Error(`${id} is no id of a ${kind}`)
  return row
}

async function atGateway(client: Client, path: string, given: URLSearchParams | string): Promise<Json> {
  const response = await fetch(`${inject('stack').stripe}${path}`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${client.stripeKey}`,
      ...(typeof given === 'string' && { 'Content-Type': 'application/json' }),
    },
    body: given,
  })
  const answer: Json = await response.json()
  if (!response.ok) throw new Error(JSON.stringify(answer))
  return answer
}

/** The seller takes money there past us, with metadata or without. */
export function takesAtGateway(client: Client, amount: number, metadata: Readonly<Record<string, string>> = {}) {
  const named = Object.entries(metadata).map(([key, value]) => [`metadata[${key}]`, value])
  const given = {
    ...{ amount: String(amount), currency: 'usd', payment_method: 'pm_card_visa', confirm: 'true' },
    'allowed_payment_method_types[0]': 'card',
    ...Object.fromEntries(named),
  }
  return atGateway(client, '/v1/payment_intents', new URLSearchParams(given))
}

/** The customer's bank takes a payment back. */
export function disputesAtGateway(client: Client, gatewayPayment: string): Promise<Json> {
  return atGateway(client, '/_control/dispute', JSON.stringify({ payment_intent: gatewayPayment }))
}
