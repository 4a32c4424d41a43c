import { commitId, type Id, uuidV7 } from '../kernel/id.ts'
import { type Instant, instant } from '../kernel/instant.ts'

/** The edge's clock and randomness: everything inside gets them as arguments. */
export function realNow(): Instant {
  return instant(Date.now())
}

export function newCommitId(): Id<'commit'> {
  return commitId(realNow(), randomBytes())
}

export function newId<
  K extends
    | ('request' | 'billing_run' | 'dead_letter' | 'test_clock' | 'organization' | 'gateway_account')
    | ('reservation' | 'usage_report'),
>(_kind: K): Id<K> {
  return uuidV7(realNow(), randomBytes()) as Id<K>
}

function randomBytes(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(10))
}
