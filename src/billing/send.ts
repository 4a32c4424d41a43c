import { clockBusy } from '../accounts/routes.ts'
import { encodeId, type Id } from '../kernel/id.ts'
import { instant } from '../kernel/instant.ts'
import type { Rejection } from '../kernel/rejection.ts'
import type { AppContext } from '../platform/http/app.ts'
import { actorOf, changedMeanwhile, missing } from '../platform/http/commit.ts'
import { jsonResponse, keyInUse, replayOf } from '../platform/http/idempotency.ts'
import { databaseUnavailable, Problem, problemOf } from '../platform/http/problem.ts'
import { tellRelay } from './announce.ts'
import { type Dispatched, type DispatchRequest, dispatch } from './dispatch.ts'
import { subscriptionObject } from './objects.ts'

type Sent = Pick<DispatchRequest, 'target' | 'command' | 'previewHash'> & {
  /** Where in the command the body stands, as a JSON pointer: faults are told from there. */
  readonly within?: string
}

/** Through the subscription's object where there is one, so that its commands come one after another. */
export async function send(c: AppContext, { within = '', ...sent }: Sent): Promise<Response> {
  const { target } = sent
  const { organizationId } = c.get('caller')
  const request: DispatchRequest = { ...sent, organizationId, actor: actorOf(c), idempotency: c.get('idempotency') }
  const announce = (commitId: Id<'commit'>) => c.executionCtx.waitUntil(tellRelay(c.env, commitId))
  const done =
    target.kind === 'subscription'
      ? await subscriptionObject(c.env, target.id).dispatch(request)
      : await dispatch(c.env, c.get('database'), request, { announce, inTurn: (work) => work() })
  return answer(c, done, { target, within })
}

function answer(
  c: AppContext,
  done: Dispatched,
  { target, within }: Pick<DispatchRequest, 'target'> & { readonly within: string },
): Response {
  switch (done.kind) {
    case 'answered':
      return jsonResponse(c, done.status, done.body)
    case 'rejected':
      throw problemOf(inBody(done.rejection, within))
    case 'missing':
      throw missing(target.kind.replace('_', ' '), encodeId(target.kind, target.id as Id<typeof target.kind>))
    case 'clock_busy':
      throw clockBusy(done.clockId)
    case 'used': {
      const replay = replayOf(c, { ...done.record, leasedUntil: instant(Number(done.record.leasedUntil)) })
      if (replay.kind === 'answered') return replay.response
      throw keyInUse(1)
    }
    case 'contended':
      throw changedMeanwhile()
    case 'unavailable':
      throw databaseUnavailable()
    case 'busy':
      throw new Problem('too_busy', {
        detail: 'Too many commands wait for this subscription.',
        hint: 'Send fewer at a time, and repeat this one later.',
        retryAfterSeconds: 2,
      })
  }
}

function inBody(rejection: Rejection, within: string): Rejection {
  const { pointer } = rejection
  return pointer?.startsWith(within) ? { ...rejection, pointer: pointer.slice(within.length) } : rejection
}
