import { encodeId, type Id, type IdSource } from '../../kernel/id.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { realNow } from '../clock.ts'
import { type CommitRequest, commit } from '../db/commit.ts'
import type { EventRow } from '../events/event.ts'
import type { AppContext } from './app.ts'
import { jsonResponse, replay } from './idempotency.ts'
import { Problem, problemOf } from './problem.ts'

type Write = Pick<CommitRequest, 'id' | 'cause' | 'fragments'> & Partial<Pick<CommitRequest, 'accounts'>>

/**
 * Commits what a request decided and answers it; a replay answers what the first did. `refused` says what a violated
 * constraint of the database means to the caller.
 */
export async function commitAndAnswer(
  c: AppContext,
  write: Write,
  answer: { readonly status: number; readonly body: unknown },
  refused: Readonly<Record<string, Rejection>> = {},
): Promise<Response> {
  const body = JSON.stringify(answer.body)
  const idempotency = c.get('idempotency')
  const outcome = await commit(c.get('database'), {
    accounts: [],
    subscriptions: [],
    ...write,
    organizationId: c.get('caller').organizationId,
    mode: 'every',
    ...(idempotency && {
      idempotency: { ...idempotency, at: realNow(), answer: { status: answer.status, body }, resume: null },
    }),
  })
  switch (outcome.kind) {
    case 'committed':
      return jsonResponse(c, answer.status, body)
    case 'replayed': {
      const again = await replay(c)
      if (again.kind === 'resume') throw new Error('a request that is answered by its own commit has nothing to resume')
      return again.response
    }
    case 'conflict':
      throw changedMeanwhile()
    case 'violated': {
      const rejection = refused[outcome.constraint]
      if (rejection === undefined) throw new Error(`constraint ${outcome.constraint} refused ${write.cause}`)
      throw problemOf(rejection)
    }
  }
}

export function changedMeanwhile(): Problem {
  return new Problem('changed_meanwhile', {
    detail: 'Another request changed the same thing at the same time; nothing of this one was written.',
    hint: 'Read it again, and repeat the request if it still makes sense.',
    retryAfterSeconds: 1,
  })
}

type What = Pick<EventRow, 'type' | 'subjectId' | 'sequence' | 'data' | 'previous'> & {
  readonly accountId?: Id<'account'>
}

/** An event of what this request does. */
export function eventOf(c: AppContext, commitId: Id<'commit'>, ids: IdSource, what: What): EventRow {
  const { organizationId } = c.get('caller')
  return {
    organizationId,
    id: ids('event'),
    commitId,
    accountId: null,
    actor: actorOf(c),
    occurredAt: realNow(),
    ...what,
  }
}

export function actorOf(c: AppContext): string {
  return encodeId('api_key', c.get('caller').keyId)
}

export function missing(what: string, id: string): Problem {
  return new Problem('not_found', {
    detail: `There is no ${what} ${id}.`,
    hint: `Check the id, and that the key belongs to the ${what}'s organization.`,
  })
}
