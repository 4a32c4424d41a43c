import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { Zone } from '../../kernel/zone.ts'
import { type Account, bucketOf, invoicePrefixFor } from './account.ts'

/** Where the edge believes a request to come from. */
export type Location = { readonly country: string | null; readonly timezone: Zone | null }

type Made =
  | 'id'
  | 'version'
  | 'bucket'
  | 'locationSource'
  | 'invoicePrefix'
  | 'invoiceSequence'
  | 'creditNoteSequence'
  | 'defaultPaymentMethodId'
  | 'nextBillingAt'
  | 'overdue'
  | 'disputeHold'
  | 'openDisputes'
  | 'createdAt'

/** What the caller says of a new account; null where it says nothing. */
export type NewAccount = Omit<Account, Made | 'timezone'> & { readonly timezone: Zone | null }

const UTC = 'UTC' as Zone

/**
 * Country and zone are guessed from the location where they were not given; an address confirms the guess.
 * `prefixAttempt`: see invoicePrefixFor.
 */
export function createAccount(
  given: NewAccount,
  {
    id,
    location,
    prefixAttempt,
  }: { readonly id: Id<'account'>; readonly location: Location; readonly prefixAttempt: number },
  now: Instant,
): Account {
  return {
    ...given,
    id,
    version: 1,
    bucket: bucketOf(id),
    timezone: given.timezone ?? location.timezone ?? UTC,
    country: given.country ?? location.country,
    locationSource: given.country === null && given.address === null ? 'guessed' : 'given',
    invoicePrefix: invoicePrefixFor(given.name, id, prefixAttempt),
    invoiceSequence: 0,
    creditNoteSequence: 0,
    defaultPaymentMethodId: null,
    nextBillingAt: null,
    overdue: { status: 'current', step: 'none', since: null },
    disputeHold: null,
    openDisputes: 0,
    createdAt: now,
  }
}

type Changeable =
  | 'email'
  | 'name'
  | 'timezone'
  | 'country'
  | 'address'
  | 'taxExempt'
  | 'externalKey'
  | 'collection'
  | 'paymentTermsDays'
  | 'metadata'
  | 'currency'
export type AccountPatch = { readonly [K in Changeable]?: Account[K] | undefined }

/** The same version of it. A country or an address given by hand is no guess any more. The currency never changes. */
export function changeAccount(account: Account, patch: AccountPatch): Result<Account, Rejection> {
  if (patch.currency !== undefined && patch.currency !== account.currency) {
    return err({
      code: 'currency_mismatch',
      detail: `The account is in ${account.currency}, and an account's currency never changes.`,
      hint: `Create another account in ${patch.currency}.`,
      pointer: '/currency',
    })
  }
  const changes = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
  const located = patch.country !== undefined || patch.address != null
  return ok({
    ...account,
    ...changes,
    locationSource: located ? 'given' : account.locationSource,
  })
}
