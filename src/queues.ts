import type { RelayMessage } from './billing/announce.ts'
import { applyNews } from './billing/gateway-news.ts'
import { billRange, type ChargeMessage, chargeGateway, keepDeadLetters, relay } from './billing/jobs.ts'
import type { BillingRange } from './billing/run-repository.ts'
import { reportUsage } from './billing/usage-reports.ts'
import { applyGatewayEvents, findMissedEvents, type GatewayMessage } from './payments/gateway-events.ts'
import type { Database } from './platform/db/client.ts'
import type { Env } from './platform/env.ts'
import { logError } from './platform/log.ts'
import { type LookMessage, lookAfter } from './reconciliation/jobs.ts'
import type { UsageMessage } from './usage/objects.ts'

type Consume = (env: Env, database: Database, batch: MessageBatch) => Promise<void>

/** Queue → consumer, as wrangler.toml names them. Each is safe to repeat. */
export const consumers: Readonly<Record<string, Consume>> = {
  'perennial-billing': eachMessage(3, (env, database, body) => billRange(env, database, body as BillingRange)),
  'perennial-charges': eachMessage(1, (env, database, body) => chargeGateway(env, database, body as ChargeMessage)),
  'perennial-gateway': (env, database, batch) =>
    applyGatewayEvents(
      env,
      database,
      applyNews(env, database),
      batch.messages.map(({ body }) => body as GatewayMessage),
    ),
  'perennial-reconciliation': eachMessage(1, (env, database, body) =>
    lookAfter(env, database, (body as LookMessage).gatewayAccountId, findMissedEvents),
  ),
  'perennial-relay': (env, database, batch) =>
    relay(
      env,
      database,
      batch.messages.map(({ body }) => body as RelayMessage),
    ),
  'perennial-usage': eachMessage(5, (env, database, body) => reportUsage(env, database, body as UsageMessage)),
  'perennial-billing-dead': keep('perennial-billing'),
  'perennial-charges-dead': keep('perennial-charges'),
  'perennial-gateway-dead': keep('perennial-gateway'),
  'perennial-reconciliation-dead': keep('perennial-reconciliation'),
  'perennial-relay-dead': keep('perennial-relay'),
  'perennial-usage-dead': keep('perennial-usage'),
}

/**
 * `atOnce`: so many messages of a batch are worked on together; while one waits for the database, another decides. One
 * that fails is tried again by the queue, and does not hold up the others of its batch.
 */
function eachMessage(atOnce: number, consume: (env: Env, database: Database, body: unknown) => Promise<void>): Consume {
  return async (env, database, batch) => {
    const messages = batch.messages.values()
    const workers = Array.from({ length: atOnce }, async () => {
      for (const message of messages) {
        try {
          await consume(env, database, message.body)
          message.ack()
        } catch (error) {
          logError('a message failed', error, { queue: batch.queue, message_id: message.id, attempt: message.attempts })
          message.retry()
        }
      }
    })
    await Promise.all(workers)
  }
}

function keep(queue: string): Consume {
  return (_env, database, batch) =>
    keepDeadLetters(
      database,
      batch.messages.map(({ body }) => ({ queue, body })),
    )
}
