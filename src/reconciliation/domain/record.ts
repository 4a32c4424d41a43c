import type { Id, IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import { close, type Difference } from './difference.ts'
import { type Finding, keyOf } from './finding.ts'

export type Recorded = { readonly found: readonly Difference[]; readonly vanished: readonly Difference[] }

type About = {
  readonly organizationId: Id<'organization'>
  readonly gatewayAccountId: Id<'gateway_account'>
}

/**
 * What a look makes of its findings. `known` are the differences of all that was looked at: those that are open, and
 * those that somebody closed. Found again, an open one stays, and what was accepted as it is stays closed; an open one
 * that was not found any more has vanished.
 */
export function record(
  findings: readonly Finding[],
  known: readonly Difference[],
  about: About,
  now: Instant,
  ids: IdSource,
): Recorded {
  const keys = new Set(findings.map(keyOf))
  const open = known.filter(({ status }) => status === 'open')
  const openKeys = new Set(open.map(keyOf))
  const settled = new Set(known.filter(isSettled).map(textOf))
  return {
    found: findings
      .filter((finding) => !openKeys.has(keyOf(finding)) && !settled.has(textOf(finding)))
      .map((finding) => opened(finding, about, now, ids)),
    vanished: open.filter((difference) => !keys.has(keyOf(difference))).map((difference) => vanished(difference, now)),
  }
}

/** Somebody said that it may stay as it is. */
function isSettled({ resolution }: Difference): boolean {
  return resolution === 'accepted' || resolution === 'not_ours'
}

/** What was accepted: with other amounts it is another difference. */
function textOf(finding: Finding): string {
  return [keyOf(finding), finding.expected, finding.actual, finding.currency].join(' ')
}

function opened(finding: Finding, about: About, now: Instant, ids: IdSource): Difference {
  return {
    ...about,
    ...finding,
    id: ids('difference'),
    version: 1,
    foundAt: now,
    owner: null,
    status: 'open',
    ...{ resolution: null, note: null, closedAt: null },
  }
}

function vanished(difference: Difference, now: Instant): Difference {
  const closed = close(difference, { resolution: 'vanished', note: null }, now)
  invariant(closed.ok, `${difference.id} must be open to vanish`)
  return closed.value
}
