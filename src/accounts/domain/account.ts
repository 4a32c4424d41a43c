import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Zone } from '../../kernel/zone.ts'

export const collections = ['automatic', 'invoice'] as const
/** Where country and zone come from; what is only guessed decides no tax. */
export const locationSources = ['guessed', 'given'] as const

export const overdueStatuses = ['current', 'warning', 'blocked'] as const
/** How far the reminding has come; each step is taken once on the way down. ended: the terminal action was taken. */
export const overdueSteps = ['none', 'past_due', 'reminder', 'warning', 'blocked', 'ended'] as const

/** Someone looks into what the customer disputes: until it is released, days do not count and nothing is retried. */
export type DisputeHold = { readonly since: Instant; readonly reason: string }

export type Overdue = {
  readonly status: (typeof overdueStatuses)[number]
  readonly step: (typeof overdueSteps)[number]
  /** Since when it has this status; null while it never had another. */
  readonly since: Instant | null
}

export type Address = {
  readonly line1: string | null
  readonly line2: string | null
  readonly city: string | null
  readonly region: string | null
  readonly postalCode: string | null
}

export type Account = {
  readonly organizationId: Id<'organization'>
  readonly id: Id<'account'>
  /** Counts commits; what was decided on an older version is refused. */
  readonly version: number
  /** 0–1023, by random bits of the id: how the billing run is divided. */
  readonly bucket: number
  readonly clockId: Id<'test_clock'> | null
  readonly email: string
  readonly name: string
  /** Never changes. */
  readonly currency: Currency
  readonly timezone: Zone
  /** ISO 3166-1 alpha-2; null where nothing told it. */
  readonly country: string | null
  readonly locationSource: (typeof locationSources)[number]
  readonly address: Address | null
  readonly taxExempt: boolean
  readonly externalKey: string | null
  /** automatic: charged when due · invoice: the customer pays on terms. */
  readonly collection: (typeof collections)[number]
  /** Local days from finalisation to the due date, where the customer pays by invoice. */
  readonly paymentTermsDays: number
  readonly defaultPaymentMethodId: Id<'payment_method'> | null
  readonly metadata: Metadata
  /** Unique in the organization: begins the account's invoice numbers. */
  readonly invoicePrefix: string
  /** The last number given in the account's series. */
  readonly invoiceSequence: number
  /** The same of its credit notes. */
  readonly creditNoteSequence: number
  /** When the billing run must look at the account next; null when nothing is ahead. */
  readonly nextBillingAt: Instant | null
  readonly overdue: Overdue
  readonly disputeHold: DisputeHold | null
  /** Payments that the customer's bank has taken back for now. */
  readonly openDisputes: number
  readonly createdAt: Instant
}

export type Metadata = Readonly<Record<string, string>>

/** Beyond this the billing run is not divided finer. */
const BUCKETS = 1024

/** The low bits of the id are random enough: a commit numbers its ids from 1, so take those above its last 16. */
export function bucketOf(id: Id<'account'>): number {
  return Number.parseInt(id.slice(-8, -4), 16) % BUCKETS
}

/**
 * `JANE` for "Jane Doe": the first word's letters and digits, 8 at most. `attempt` > 0, after another account of the
 * organization turned out to have it, adds digits of the account's id.
 */
export function invoicePrefixFor(name: string, id: Id<'account'>, attempt: number): string {
  const plain =
    name
      .normalize('NFKD')
      .toUpperCase()
      .replaceAll(/[^A-Z0-9 ]/g, '')
      .trim()
      .split(' ')[0] ?? ''
  const word = plain.slice(0, 8) || 'ACCT'
  return attempt === 0
    ? word
    : `${word}${id
        .replaceAll('-', '')
        .slice(16, 20 + 4 * attempt)
        .toUpperCase()}`
}
