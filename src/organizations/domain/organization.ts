import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'

export const organizationModes = ['live', 'sandbox'] as const
export const numberings = ['account', 'organization'] as const
export const taxEngines = ['none', 'rates', 'external'] as const

/** How a change in the middle of a period is divided: by local days, by exact time, or not at all. */
export const granularities = ['day', 'second', 'none'] as const
export type Granularity = (typeof granularities)[number]
/** end_of_day: a day's changes in one invoice · now: at once · next_invoice: together with the next period's. */
export const invoicings = ['end_of_day', 'now', 'next_invoice'] as const
export type Invoicing = (typeof invoicings)[number]

/** A tax on everything sold to one country, or to one region of it. `percent` is a decimal string: "19" or "8.875". */
export type TaxRate = {
  readonly country: string
  readonly region: string | null
  readonly name: string
  readonly percent: string
}

/** What becomes of an open balance that is less than the gateway charges: let go, or left open. */
export const smallBalances = ['write_off', 'hold'] as const
/** What is done about an account that stays blocked: its subscriptions end, nothing, or its invoices are given up. */
export const terminalActions = ['cancel', 'leave', 'uncollectible'] as const

export type Settings = {
  readonly defaultCurrency: Currency
  readonly numbering: {
    /** Whose numbers an invoice takes: a gapless series of each account, or one of the whole organization. */
    readonly series: (typeof numberings)[number]
    /** Begins the organization's numbers: `INV-000001`. */
    readonly prefix: string
  }
  readonly proration: { readonly granularity: Granularity; readonly invoicing: Invoicing }
  readonly invoicing: {
    /** An account's renewals of one local date come in one invoice. */
    readonly consolidate: boolean
  }
  readonly usage: {
    /** So long after its end a metering period takes what was used in it; then its invoice is final. Minutes. */
    readonly graceMinutes: number
  }
  /** Local days until an invoice is due, of new accounts that pay by invoice. */
  readonly terms: { readonly days: number }
  readonly retries: {
    /** Local days after the first failure on which a payment is tried again; ascending. */
    readonly days: readonly number[]
    /** Where the default method is declined the account's others are tried, newest first. */
    readonly fallbacks: boolean
    readonly smallBalances: (typeof smallBalances)[number]
  }
  /** Local days past due, ascending; `terminalDays` count from when the account was blocked. */
  readonly dunning: {
    readonly reminderDays: number
    readonly warningDays: number
    readonly blockedDays: number
    readonly terminalDays: number
    readonly terminalAction: (typeof terminalActions)[number]
  }
  readonly tax: {
    /** none: no tax. rates: the table below. external: invoices stay drafts until their tax is told. */
    readonly engine: (typeof taxEngines)[number]
    readonly rates: readonly TaxRate[]
  }
}

export type Organization = {
  readonly id: Id<'organization'>
  readonly version: number
  readonly name: string
  readonly mode: (typeof organizationModes)[number]
  readonly settings: Settings
}

/** What an organization that never said otherwise has. */
export const defaultSettings = {
  proration: { granularity: 'day', invoicing: 'end_of_day' },
  invoicing: { consolidate: false },
  usage: { graceMinutes: 60 },
  terms: { days: 30 },
  retries: { days: [3, 5, 7, 10], fallbacks: true, smallBalances: 'write_off' },
  dunning: { reminderDays: 3, warningDays: 7, blockedDays: 14, terminalDays: 30, terminalAction: 'cancel' },
} as const satisfies Partial<Settings>
