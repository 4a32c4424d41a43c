import type { Address } from './objects.ts'
import type { Jurisdiction } from './tax-objects.ts'

// Standard rates as of 2026, in percent: a small table of real ones, not a tax engine.

/** One tax of one jurisdiction; `rate` is a decimal string of percent. */
export type Levy = {
  readonly jurisdiction: Jurisdiction
  readonly name: string
  readonly type: string
  readonly rate: string
}

const vat: Readonly<Record<string, string>> = {
  ...{ AT: '20', BE: '21', BG: '20', CY: '19', CZ: '21', DE: '19', DK: '25', EE: '24', ES: '21', FI: '25.5' },
  ...{ FR: '20', GR: '24', HR: '25', HU: '27', IE: '23', IT: '22', LT: '21', LU: '17', LV: '21', MT: '18' },
  ...{ NL: '21', PL: '23', PT: '23', RO: '21', SE: '25', SI: '22', SK: '23' },
  ...{ CH: '8.1', GB: '20', NO: '25' },
}
const notInTheUnion = ['CH', 'GB', 'NO']
const gst: Readonly<Record<string, string>> = { AU: '10', IN: '18', NZ: '15', SG: '9' }

export function isInTheUnion(country: string): boolean {
  return vat[country] !== undefined && !notInTheUnion.includes(country)
}

/** State taxes alone, but for New York City, where three authorities share one address. */
const unitedStates: Readonly<Record<string, { readonly name: string; readonly rate: string }>> = {
  CA: { name: 'California', rate: '7.25' },
  NY: { name: 'New York', rate: '4' },
  PA: { name: 'Pennsylvania', rate: '6' },
  TX: { name: 'Texas', rate: '6.25' },
  WA: { name: 'Washington', rate: '6.5' },
}
const newYorkCity = /^10[0-4]/

const canada: Readonly<Record<string, readonly (readonly [type: string, rate: string])[]>> = {
  AB: [['gst', '5']],
  BC: [
    ['gst', '5'],
    ['pst', '7'],
  ],
  ON: [['hst', '13']],
  QC: [
    ['gst', '5'],
    ['qst', '9.975'],
  ],
}

/** The taxes on a standard-rated product there; none where the table does not reach. */
export function leviesAt({ country, state, postal_code }: Address): readonly Levy[] {
  if (country === 'US') return inUnitedStates(state ?? '', postal_code ?? '')
  if (country === 'CA') return inCanada(state ?? '')
  const valueAdded = vat[country ?? '']
  const goodsAndServices = gst[country ?? '']
  if (valueAdded) return [national(country ?? '', 'VAT', 'vat', valueAdded)]
  if (goodsAndServices) return [national(country ?? '', 'GST', 'gst', goodsAndServices)]
  return country === 'JP' ? [national('JP', 'JCT', 'jct', '10')] : []
}

function national(country: string, name: string, type: string, rate: string): Levy {
  const display_name = new Intl.DisplayNames('en', { type: 'region' }).of(country) ?? country
  return { jurisdiction: { country, display_name, level: 'country', state: null }, name, type, rate }
}

function inUnitedStates(state: string, postalCode: string): readonly Levy[] {
  const known = unitedStates[state]
  if (!known) return []
  const levy = (level: Jurisdiction['level'], display_name: string, rate: string): Levy => ({
    jurisdiction: { country: 'US', display_name, level, state },
    name: 'Sales Tax',
    type: 'sales_tax',
    rate,
  })
  const ofState = levy('state', known.name, known.rate)
  if (state !== 'NY' || !newYorkCity.test(postalCode)) return [ofState]
  return [
    ofState,
    levy('city', 'New York', '4.5'),
    levy('district', 'Metropolitan Commuter Transportation District', '0.375'),
  ]
}

function inCanada(state: string): readonly Levy[] {
  return (canada[state] ?? []).map(([type, rate]) => ({
    jurisdiction:
      type === 'gst'
        ? { country: 'CA', display_name: 'Canada', level: 'country', state: null }
        : { country: 'CA', display_name: state, level: 'state', state },
    name: type.toUpperCase(),
    type,
    rate,
  }))
}

const nontaxable = 'txcd_00000000'
const digitalBook = 'txcd_10302000'
const bookRates: Readonly<Record<string, string>> = { DE: '7', FR: '5.5', GB: '0', IE: '0', NL: '9' }

/** What a product's tax code makes of a levy. California taxes nothing that is delivered electronically. */
export function rateOf(levy: Levy, taxCode: string): { readonly rate: string; readonly reason: string } {
  const { country, state } = levy.jurisdiction
  if (taxCode === nontaxable) return { rate: '0', reason: 'product_exempt' }
  if (country === 'US' && state === 'CA' && taxCode.startsWith('txcd_10'))
    return { rate: '0', reason: 'product_exempt' }
  const reduced = taxCode === digitalBook ? bookRates[country] : undefined
  if (reduced === '0') return { rate: '0', reason: 'zero_rated' }
  if (reduced) return { rate: reduced, reason: 'reduced_rated' }
  return { rate: levy.rate, reason: 'standard_rated' }
}
