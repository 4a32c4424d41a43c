import type { Currency } from '../../kernel/currency.ts'
import type { Id } from '../../kernel/id.ts'

export const organizationModes = ['live', 'sandbox'] as const
export const numberings = ['account', 'organization'] as const
export const taxEngines = ['none', 'rates', 'external'] as const

/** A tax on everything sold to one country, or to one region of it. `percent` is a decimal string: "19" or "8.875". */
export type TaxRate = {
  readonly country: string
  readonly region: string | null
  readonly name: string
  readonly percent: string
}

export type Settings = {
  readonly defaultCurrency: Currency
  readonly numbering: {
    /** Whose numbers an invoice takes: a gapless series of each account, or one of the whole organization. */
    readonly series: (typeof numberings)[number]
    /** Begins the organization's numbers: `INV-000001`. */
    readonly prefix: string
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
