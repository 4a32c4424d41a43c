import { idsOfCommit } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import { newCommitId } from '../platform/clock.ts'
import type { Database } from '../platform/db/client.ts'
import { commit } from '../platform/db/commit.ts'
import { type EventRow, eventFragments } from '../platform/events/event.ts'
import type { Difference } from './domain/difference.ts'
import type { Finding } from './domain/finding.ts'
import { type Recorded, record } from './domain/record.ts'
import type { Reconciled } from './domain/run.ts'
import { differenceFrom, differenceRows, differencesAbout } from './repository.ts'
import { differenceToWire } from './schemas.ts'

/** Who looked at what of a gateway account. */
export type Look = {
  readonly gatewayAccount: Pick<Difference, 'organizationId'> & { readonly id: Difference['gatewayAccountId'] }
  readonly kinds: readonly Difference['kind'][]
  /** The gateway's ids of all that was looked at: what is open about them and was not found has vanished. */
  readonly objects: readonly string[]
  readonly actor: string
  readonly now: Instant
}

const FOUND_BY_ANOTHER = 'reconciliation_differences_open'
/** Two who look at the same at once find the same; whoever comes second reads again. */
const TRIES = 5

/** Keeps what a look found, each once, and closes what it did not find any more; with the events, in one commit. */
export async function keepFindings(
  database: Database,
  look: Look,
  findings: readonly Finding[],
): Promise<Pick<Reconciled, 'found' | 'vanished'>> {
  const { gatewayAccount, kinds, now } = look
  const objects = [...new Set([...look.objects, ...findings.map(({ gatewayObject }) => gatewayObject)])]
  if (objects.length === 0) return { found: 0, vanished: 0 }
  const about = { organizationId: gatewayAccount.organizationId, gatewayAccountId: gatewayAccount.id }
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const rows = await differencesAbout(database, gatewayAccount, { kinds, objects })
    const id = newCommitId()
    const ids = idsOfCommit(id)
    const recorded = record(findings, rows.map(differenceFrom), about, now, ids)
    const events = eventsOf(recorded, look).map((event): EventRow => ({ ...event, commitId: id, id: ids('event') }))
    const counts = { found: recorded.found.length, vanished: recorded.vanished.length }
    if (events.length === 0) return counts
    const outcome = await commit(database, {
      ...{ id, organizationId: about.organizationId, cause: 'reconciliation', mode: 'every' },
      ...{ accounts: [], subscriptions: [] },
      fragments: [
        differenceRows.created(recorded.found),
        differenceRows.changed(recorded.vanished),
        ...eventFragments(events),
      ],
    })
    if (outcome.kind === 'committed') return counts
    if (outcome.kind === 'violated' && outcome.constraint !== FOUND_BY_ANOTHER) {
      throw new Error(`constraint ${outcome.constraint} refused differences`)
    }
  }
  throw new Error(`differences of gateway account ${gatewayAccount.id} were changed by others ${TRIES} times`)
}

function eventsOf({ found, vanished }: Recorded, { actor, now }: Look): readonly Omit<EventRow, 'id' | 'commitId'>[] {
  return [
    ...found.map((difference) => eventOf('found', difference, { actor, now })),
    ...vanished.map((difference) => eventOf('closed', difference, { actor, now })),
  ]
}

function eventOf(what: 'found' | 'closed', difference: Difference, { actor, now }: Pick<Look, 'actor' | 'now'>) {
  const closed = { status: 'open', resolution: null, note: null, closed_at: null }
  return {
    ...{ organizationId: difference.organizationId, accountId: null, actor, occurredAt: now },
    ...{ type: `reconciliation.difference_${what}`, subjectId: difference.id, sequence: difference.version },
    ...{ data: differenceToWire(difference), previous: what === 'found' ? null : closed },
  }
}
