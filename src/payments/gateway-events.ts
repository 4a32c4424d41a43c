import type { Id } from '../kernel/id.ts'
import { MINUTE_MS, plusMs } from '../kernel/instant.ts'
import { invariant } from '../kernel/invariant.ts'
import { realNow } from '../platform/clock.ts'
import type { Database } from '../platform/db/client.ts'
import type { Env } from '../platform/env.ts'
import { logError, withoutValues } from '../platform/log.ts'
import { errorText } from './domain/gateway-event.ts'
import type { GatewayNews, NewsApplied } from './domain/gateway-news.ts'
import type { GatewayEvents } from './gateway.ts'
import {
  claimEvents,
  dueEvents,
  eventsRead,
  forgetEvents,
  type GatewayEvent,
  type GatewayEventKey,
  keepEvents,
  settleEvents,
  type Tried,
} from './gateway-event-repository.ts'
import { gatewayAccountsBy } from './gateway-repository.ts'
import { inParallel, openEvents } from './open-gateway.ts'
import type { GatewayAccount } from './repository.ts'

/** A message says only which event waits. */
export type GatewayMessage = GatewayEventKey

/** Makes news true here. It may be told the same twice, or late: then it answers `applied` or `ignored` all the same. */
export type ApplyNews = (news: GatewayNews) => Promise<NewsApplied>

/**
 * Looks up how the objects of some events stand now, and has it applied. Of two who do it at once one gets each event;
 * what fails, or comes too early, is put off. Never throws for the gateway or for `apply`.
 */
export async function applyGatewayEvents(
  env: Env,
  database: Database,
  apply: ApplyNews,
  messages: readonly GatewayMessage[],
): Promise<void> {
  const ids = [...new Set(messages.map(({ gatewayAccountId }) => gatewayAccountId))]
  const [claimed, accounts] = await database.orm.batch([
    claimEvents(database, messages, realNow()),
    gatewayAccountsBy(database, ids),
  ])
  if (claimed.length === 0) return
  const gateways = opened(env, accounts)
  const tried: Tried[] = []
  await inParallel([...byObject(claimed).values()], async ([event, ...same]) => {
    const error = await tellOf(event, { gateways, apply })
    for (const one of [event, ...same]) tried.push({ event: one, error })
  })
  await settleEvents(database, tried, realNow())
}

type Some<T> = readonly [T, ...T[]]

/** Several events speak of one object, such as `created` and `updated`: it is looked up once. */
function byObject(events: readonly GatewayEvent[]): ReadonlyMap<string, Some<GatewayEvent>> {
  const found = new Map<string, Some<GatewayEvent>>()
  for (const event of events) {
    const name = `${event.gatewayAccountId} ${event.objectId}`
    found.set(name, [event, ...(found.get(name) ?? [])])
  }
  return found
}

type Means = {
  readonly gateways: ReadonlyMap<Id<'gateway_account'>, Promise<GatewayEvents>>
  readonly apply: ApplyNews
}

/** Null once it is applied; else why it was not. */
async function tellOf(event: GatewayEvent, { gateways, apply }: Means): Promise<string | null> {
  const { organizationId, gatewayAccountId, eventId, type } = event
  try {
    const gateway = await gateways.get(gatewayAccountId)
    invariant(gateway !== undefined, `${gatewayAccountId} of an event must be there`)
    const news = await gateway.newsOf(event)
    const applied = news === null ? 'ignored' : await apply({ ...news, organizationId, gatewayAccountId })
    return applied === 'later' ? 'What it is about is not here yet.' : null
  } catch (error) {
    logError('a gateway event was not applied', error, { event: eventId, type })
    return errorText(withoutValues(error instanceof Error ? `${error.name}: ${error.message}` : String(error)))
  }
}

/** Opened once each; one whose secret cannot be opened fails where it is used. */
function opened(env: Env, accounts: readonly GatewayAccount[]): Means['gateways'] {
  const gateways = accounts.map((account) => {
    const opening = openEvents(env, account)
    opening.catch(() => undefined)
    return [account.id, opening] as const
  })
  return new Map(gateways)
}

const SWEEP_SIZE = 500
/** A queue takes so many messages in one call. */
const MESSAGES_A_BATCH = 100

/** Announces what waits and is due: what a lost message, a failed try or the list of events left. */
export async function sweepGatewayEvents(env: Env, database: Database): Promise<void> {
  const due: readonly GatewayMessage[] = await dueEvents(database, realNow(), SWEEP_SIZE)
  for (let start = 0; start < due.length; start += MESSAGES_A_BATCH) {
    await env.GATEWAY_QUEUE.sendBatch(due.slice(start, start + MESSAGES_A_BATCH).map((body) => ({ body })))
  }
}

/** Events are listed a little later than they happen, and not quite in order. */
const OVERLAP_MS = 10 * MINUTE_MS
/** In an hour; what is left is dropped in the next. */
const FORGOTTEN_AT_ONCE = 10_000
/** 50,000 events; the next look goes on where this one ended. */
const MAX_PAGES = 500

/**
 * Finds what webhooks lost, or nobody sent: reads the gateway's own list of events from where it was read to, and keeps
 * what is not known. Answers how many these were; the sweep has them applied. What is long over is dropped. @throws where
 * the gateway does not answer.
 */
export async function findMissedEvents(env: Env, database: Database, gatewayAccount: GatewayAccount): Promise<number> {
  const gateway = await openEvents(env, gatewayAccount)
  const since = plusMs(gatewayAccount.eventsReadTo ?? gatewayAccount.createdAt, -OVERLAP_MS)
  let found = 0
  let pages = 0
  for await (const page of gateway.eventsSince(since)) {
    const last = page.at(-1)
    if (last === undefined) break
    const heard = { gatewayAccount, source: 'list', now: realNow() } as const
    const [fresh] = await database.orm.batch([
      keepEvents(database, page, heard),
      eventsRead(database, gatewayAccount.id, last.createdAt),
    ])
    found += fresh.length
    pages += 1
    if (pages === MAX_PAGES) break
  }
  await forgetEvents(database, gatewayAccount.id, realNow(), FORGOTTEN_AT_ONCE)
  return found
}
