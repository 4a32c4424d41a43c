import { createExecutionContext, createMessageBatch, createScheduledController, getQueueResult } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { startRun } from '../../src/billing/jobs.ts'
import type { BillingRange } from '../../src/billing/run-repository.ts'
import worker from '../../src/index.ts'
import { decodeId } from '../../src/kernel/id.ts'
import { parseInstant } from '../../src/kernel/instant.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import type { Json } from './client.ts'
import { sql } from './sql.ts'

export type Queue =
  | 'perennial-billing'
  | 'perennial-charges'
  | 'perennial-gateway'
  | 'perennial-reconciliation'
  | 'perennial-relay'
  | 'perennial-usage'

/** Cron's minute. What it sends to the queues arrives there by itself. */
export async function cronRuns(): Promise<void> {
  await worker.scheduled(createScheduledController({ cron: '* * * * *', scheduledTime: new Date() }), bindings())
}

/** The messages of a billing run of one organization, which are not sent but answered: for `deliver`, or to be lost. */
export async function rangesOfRun(organization: string, asOf: string): Promise<readonly BillingRange[]> {
  const sent: BillingRange[] = []
  const keeping = {
    sendBatch: async (messages: readonly Json[]) => void sent.push(...messages.map(({ body }) => body)),
  }
  const parsed = parseInstant(asOf)
  const organizationId = decodeId('organization', organization)
  if (!parsed.ok || organizationId === null) throw new Error(`a run of ${organization} as of ${asOf}`)
  const lossy = { ...bindings(), BILLING_QUEUE: keeping as unknown as Env['BILLING_QUEUE'] }
  await startRun(lossy, connect(bindings()), { asOf: parsed.value, organizationId })
  return sent
}

/** Delivers messages to a queue's consumer directly, and answers which of them it wants again. */
export async function deliver(queue: `${Queue}${'' | '-dead'}`, ...bodies: readonly unknown[]): Promise<Json> {
  const messages = bodies.map((body, index) => ({ id: `message-${index}`, timestamp: new Date(), attempts: 1, body }))
  const batch = createMessageBatch(queue, messages)
  await worker.queue(batch, bindings())
  return getQueueResult(batch, createExecutionContext())
}

/** What the charge queue does of itself a second later: charges all that is due, and answers when it is done. */
export async function chargesRun(): Promise<void> {
  await sql('update gateway_accounts set charging_until = null')
  const gateways = await sql('select id from gateway_accounts')
  await deliver('perennial-charges', ...gateways.map(({ id }) => ({ gatewayAccountId: id })))
}

/** Real time goes on at once: leases end and sweeps come due. Undone after the test by `vi.useRealTimers()`. */
export function realTimePasses(ms: number): void {
  const now = Date.now() + ms
  vi.useFakeTimers({ toFake: ['Date'], now, shouldAdvanceTime: true })
}

function bindings(): Env {
  return env as unknown as Env
}
