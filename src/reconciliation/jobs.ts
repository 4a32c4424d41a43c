import type { Id } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import type { GatewayEntry } from '../payments/domain/gateway-entry.ts'
import type { EntryOf, Gateway } from '../payments/gateway.ts'
import { inParallel, openGateway } from '../payments/open-gateway.ts'
import type { GatewayAccount } from '../payments/repository.ts'
import { realNow } from '../platform/clock.ts'
import type { Database } from '../platform/db/client.ts'
import type { Env } from '../platform/env.ts'
import { awaitedOf, keepMatches, oursOf } from './books-repository.ts'
import type { OurPayment, OurRefund } from './domain/books.ts'
import { type Comparison, compare } from './domain/compare.ts'
import { nothingDone, type Reconciled, sumOf } from './domain/run.ts'
import { limitsOf, notApplied, unanswered } from './domain/unanswered.ts'
import { awaitedSince, halfOf, isDue, nextOf, type Window, windowOf } from './domain/window.ts'
import { keepFindings } from './keep.ts'
import { dueLooks, getGatewayAccount, moveReconciledTo, takeOpen } from './repository.ts'
import { waitingOf } from './standing-repository.ts'

/** Who acts where nobody asked for it. */
const ACTOR = 'reconciliation'
/** So much of each is looked up one by one in a run: of what is open, of what is awaited, of what waits. */
const LOOKED_UP = 200
/** A piece of the window with less in it is followed by a longer one. */
const ROOMY = 250

/** What an entry of the gateway's books can show, and what the want of one does. */
const ofEntries = ['unknown_here', 'amount', 'currency', 'not_settled_here', 'without_document'] as const
const ofNone = ['missing_there'] as const

type Run = {
  readonly database: Database
  readonly gateway: Gateway
  readonly gatewayAccount: GatewayAccount
  readonly actor: string
  readonly now: Instant
  /** The entries that were read, and the gateway's payments that they left in doubt. */
  readonly seen: Set<string>
  readonly inDoubt: Set<string>
}

/**
 * Compares the gateway's books with ours, from where it was done last to an hour ago. It can die anywhere and be repeated
 * at any time, by several at once: what was found is the same row. @throws {GatewayUnavailable}
 */
export async function reconcileDaily(
  env: Env,
  database: Database,
  gatewayAccountId: Id<'gateway_account'>,
  actor = ACTOR,
): Promise<Reconciled> {
  const gatewayAccount = await getGatewayAccount(database, gatewayAccountId)
  const gateway = await openGateway(env, gatewayAccount)
  const now = realNow()
  const run: Run = { database, gateway, gatewayAccount, actor, now, seen: new Set(), inDoubt: new Set() }
  const window = windowOf(gatewayAccount.reconciledTo, now)
  const read = await readWindow(run, window)
  const again = await lookAgain(run)
  const sought = await seekAwaited(run)
  await moveReconciledTo(database, gatewayAccount, window.to)
  return sumOf([read, again, sought])
}

/** In pieces that can be read at once; how far it came is kept between them, so that a long one gets on. */
async function readWindow(run: Run, window: Window): Promise<Reconciled> {
  const read: Reconciled[] = []
  let piece = window
  while (piece.from < window.to) {
    const entries = await run.gateway.listEntries(piece)
    if (entries === null) {
      piece = halfOf(piece)
      continue
    }
    const objects = entries.map(({ id }) => id)
    read.push(await keepEntries(run, entries, objects))
    for (const id of objects) run.seen.add(id)
    if (piece.to < window.to) await moveReconciledTo(run.database, run.gatewayAccount, piece.to)
    piece = nextOf(piece, { end: window.to, room: entries.length < ROOMY })
  }
  return sumOf(read)
}

/** What is open is looked at until it is closed, however long ago it happened: in turn, as far as the limit goes. */
async function lookAgain(run: Run): Promise<Reconciled> {
  const open = await takeOpen(run.database, run.gatewayAccount.id, { kinds: ofEntries, now: run.now, limit: LOOKED_UP })
  const wanted = open.filter((entry) => !run.seen.has(entry))
  const entries = await findEntries(
    run.gateway,
    wanted.map((entry) => ({ entry })),
  )
  const { found, vanished } = await keepEntries(run, entries, wanted)
  return { ...nothingDone, found, vanished }
}

/** `objects`: the entries that were looked for, also those that are not there. */
async function keepEntries(
  run: Run,
  entries: readonly GatewayEntry[],
  objects: readonly string[],
): Promise<Reconciled> {
  const ours = await oursOf(run.database, run.gatewayAccount, entries)
  return keepComparison(run, compare(entries, ours, { payments: [], refunds: [] }), {
    entries: entries.length,
    objects,
  })
}

/** Ours the other way: what no entry was of is asked for by itself, before it is said to be missing. */
async function seekAwaited(run: Run): Promise<Reconciled> {
  const { database, gateway, gatewayAccount, now } = run
  const open = await takeOpen(database, gatewayAccount.id, { kinds: ofNone, now, limit: LOOKED_UP })
  const again = [...open, ...run.inDoubt]
  const awaited = await awaitedOf(database, gatewayAccount, { since: awaitedSince(now), again, limit: LOOKED_UP })
  const entries = await findEntries(gateway, [
    ...awaited.payments.flatMap(byPayment),
    ...awaited.refunds.flatMap(byRefund),
  ])
  const comparison = compare(entries, { ...awaited, disputes: [] }, awaited)
  const { found, vanished } = await keepComparison(run, comparison, { entries: 0, objects: open })
  return { ...nothingDone, found, vanished }
}

async function keepComparison(
  run: Run,
  { matches, findings, inDoubt, agreed, notOurs }: Comparison,
  { entries, objects }: { readonly entries: number; readonly objects: readonly string[] },
): Promise<Reconciled> {
  for (const gatewayPayment of inDoubt) run.inDoubt.add(gatewayPayment)
  await keepMatches(run.database, run.gatewayAccount, matches)
  const counts = await keepFindings(run.database, { ...run, kinds: [...ofEntries, ...ofNone], objects }, findings)
  return { ...counts, entries, matched: agreed, notOurs }
}

function byPayment({ gatewayPayment }: OurPayment): readonly EntryOf[] {
  return gatewayPayment === null ? [] : [{ payment: gatewayPayment }]
}

function byRefund({ gatewayRefund }: OurRefund): readonly EntryOf[] {
  return gatewayRefund === null ? [] : [{ refund: gatewayRefund }]
}

async function findEntries(gateway: Gateway, wanted: readonly EntryOf[]): Promise<readonly GatewayEntry[]> {
  const found: GatewayEntry[] = []
  await inParallel(wanted, async (of) => {
    const entry = await gateway.findEntry(of)
    if (entry !== null) found.push(entry)
  })
  return found
}

/** What was asked and never answered, and what was told and could not be applied: by the hour. */
async function checkUnanswered(
  database: Database,
  gatewayAccount: GatewayAccount,
): Promise<Pick<Reconciled, 'found' | 'vanished'>> {
  const now = realNow()
  const kinds = ['unanswered', 'not_applied'] as const
  const objects = await takeOpen(database, gatewayAccount.id, { kinds, now, limit: LOOKED_UP })
  const waiting = await waitingOf(database, gatewayAccount, limitsOf(now), { again: objects, limit: LOOKED_UP })
  const findings = [...waiting.unanswered.map(unanswered), ...waiting.notApplied.map(notApplied)]
  return keepFindings(database, { gatewayAccount, kinds, objects, actor: ACTOR, now }, findings)
}

export type LookMessage = { readonly gatewayAccountId: Id<'gateway_account'> }

/** A queue takes so many in one call; who is left comes next minute. */
const LOOKS_A_MINUTE = 100

/** Cron's minute: whose hour has come is looked after by the queue. A message that is lost is sent again in an hour. */
export async function sendLooks(env: Env, database: Database): Promise<void> {
  const due = await dueLooks(database, realNow(), LOOKS_A_MINUTE)
  if (due.length === 0) return
  await env.RECONCILIATION_QUEUE.sendBatch(due.map((gatewayAccountId) => ({ body: { gatewayAccountId } })))
}

/** Finds the events that no webhook brought. */
export type FindMissedEvents = (env: Env, database: Database, gatewayAccount: GatewayAccount) => Promise<unknown>

/** The hour of a gateway account, and once a day its books. A part that fails does not hold up the others. */
export async function lookAfter(
  env: Env,
  database: Database,
  gatewayAccountId: Id<'gateway_account'>,
  findMissedEvents: FindMissedEvents,
): Promise<void> {
  const gatewayAccount = await getGatewayAccount(database, gatewayAccountId)
  const parts: Promise<unknown>[] = [
    findMissedEvents(env, database, gatewayAccount),
    checkUnanswered(database, gatewayAccount),
  ]
  if (isDue(gatewayAccount.reconciledTo, realNow())) parts.push(reconcileDaily(env, database, gatewayAccountId))
  const done = await Promise.allSettled(parts)
  const errors = done.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (errors.length > 0) throw new AggregateError(errors, 'a part of the look failed; the next one takes it up')
}
