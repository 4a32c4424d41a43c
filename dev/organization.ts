import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { findCurrency } from '../src/kernel/currency.ts'
import { encodeId, type Id, uuidV7 } from '../src/kernel/id.ts'
import { instant } from '../src/kernel/instant.ts'
import { apiKeyText, scopes } from '../src/organizations/domain/api-key.ts'
import { defaultSettings, type Settings } from '../src/organizations/domain/organization.ts'
import { sha256 } from '../src/platform/hash.ts'
import { seal } from '../src/platform/seal.ts'

export type NewOrganization = {
  readonly name: string
  readonly mode: 'live' | 'sandbox'
  /** The gateway's secret key; null leaves the organization without one. */
  readonly stripeKey: string | null
  readonly sealingKey: string
  /** Its key may also see and replay what is not any one organization's. */
  readonly operator: boolean
}

export type Created = { readonly id: string; readonly key: string }

/**
 * The first step of every installation, which no API key could take: an organization with a key that may do everything
 * in it, and its gateway. The key is answered here and kept nowhere.
 */
export async function createOrganization(url: string, wanted: NewOrganization): Promise<Created> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    if (wanted.stripeKey !== null && wanted.stripeKey.includes('_live_') !== (wanted.mode === 'live')) {
      throw new Error(`${wanted.mode} organizations do not take this Stripe key: a test would charge real cards`)
    }
    const id = newId<'organization'>()
    const key = apiKeyText(wanted.mode, randomBytes(24))
    const settings: Settings = {
      ...defaultSettings,
      defaultCurrency: usd(),
      numbering: { series: 'account', prefix: 'INV' },
      tax: { engine: 'none', rates: [] },
    }
    await client.query('begin')
    await client.query(
      'insert into organizations (id, version, name, mode, settings, created_at) values ($1, 1, $2, $3, $4, now())',
      [id, wanted.name, wanted.mode, JSON.stringify(settings)],
    )
    await client.query('insert into invoice_series (organization_id, prefix, next_number) values ($1, $2, 1)', [
      id,
      'INV',
    ])
    await client.query(
      `insert into api_keys (organization_id, id, version, name, hash, ending, scopes, created_at)
       values ($1, $2, 1, 'First key', $3, $4, $5, now())`,
      [
        id,
        newId<'api_key'>(),
        await sha256(key),
        key.slice(-4),
        scopes.filter((scope) => scope !== 'operate' || wanted.operator),
      ],
    )
    if (wanted.stripeKey !== null) {
      const gatewayId = newId<'gateway_account'>()
      await client.query(
        `insert into gateway_accounts (organization_id, id, kind, name, secret, created_at, look_at)
         values ($1, $2, 'stripe', 'Stripe', $3, now(), now() + interval '1 hour')`,
        [id, gatewayId, JSON.stringify(await seal(wanted.stripeKey, wanted.sealingKey, gatewayId))],
      )
    }
    await client.query('commit')
    return { id: encodeId('organization', id), key }
  } finally {
    await client.end()
  }
}

function newId<K extends 'organization' | 'api_key' | 'gateway_account'>(): Id<K> {
  return uuidV7(instant(Date.now()), randomBytes(10)) as Id<K>
}

function usd() {
  const currency = findCurrency('USD')
  if (currency === null) throw new Error('USD is a currency')
  return currency
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      name: { type: 'string' },
      mode: { type: 'string', default: 'sandbox' },
      'stripe-key': { type: 'string' },
      operator: { type: 'boolean', default: false },
    },
  })
  const { DATABASE_URL: url, SEALING_KEY: sealingKey } = process.env
  if (!values.name || !url || !sealingKey || (values.mode !== 'live' && values.mode !== 'sandbox')) {
    console.error(
      'usage: DATABASE_URL=… SEALING_KEY=… node dev/organization.ts --name NAME [--mode live|sandbox] [--stripe-key sk_…] [--operator]',
    )
    process.exit(2)
  }
  const stripeKey = values['stripe-key'] ?? null
  const { id, key } = await createOrganization(url, {
    ...{ name: values.name, mode: values.mode, operator: values.operator, stripeKey, sealingKey },
  })
  console.log(`${id}\n${key}`)
}
