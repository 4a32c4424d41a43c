import { type Instant, toIso } from '../kernel/instant.ts'
import type { Rejection } from '../kernel/rejection.ts'
import { type LocalDate, localDateOf } from '../kernel/zone.ts'
import { sha256 } from '../platform/hash.ts'
import type { Command } from './domain/command.ts'
import type { Snapshot } from './domain/snapshot.ts'

/**
 * What a preview rests on, in 64 hex digits: the command, the account and the subscription as they stand, the versions on
 * sale that it names, the settings, and the local date. The ways to be charged move the account's version. A command sent with it makes what its
 * preview showed, or nothing.
 */
export function previewHashOf(snapshot: Snapshot, command: Command, now: Instant): Promise<string> {
  const { account, subscriptions, plans, settings } = snapshot
  const subscription = 'id' in command ? subscriptions.find(({ id }) => id === command.id) : undefined
  const date: LocalDate = localDateOf(now, subscription?.timezone ?? account.timezone)
  return sha256(
    canonical({
      ...{ command, settings, date },
      account: [account.id, account.version],
      subscription: subscription?.version ?? null,
      onSale: plans.map(({ current }) => current.id).toSorted(),
    }),
  )
}

export function outdated(now: Instant): Rejection {
  return {
    code: 'preview_outdated',
    detail: `Something that the preview rested on has changed by ${toIso(now)}.`,
    hint: 'Preview it again, look at what it comes to now, and send that preview’s `hash`; or leave `preview_hash` out.',
    pointer: '/preview_hash',
  }
}

/** JSON whose members are in the order of their names; what is undefined is left out. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one) => {
    if (typeof one === 'bigint') return String(one)
    if (one === null || typeof one !== 'object' || Array.isArray(one)) return one
    return Object.fromEntries(Object.entries(one).toSorted(([left], [right]) => (left < right ? -1 : 1)))
  })
}
