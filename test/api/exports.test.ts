import { beforeAll, describe, expect, test } from 'vitest'
import { operations } from '../support/api-document.ts'
import { body, type Client, clientOf, type Json, organization } from '../support/client.ts'
import { recordsOf, rowsOf } from '../support/csv.ts'
import { contentOf, exported } from '../support/exports.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { sql } from '../support/sql.ts'
import { type Customer, monthly, newWorld, type World } from '../support/world.ts'

let world: World
let jane: Customer
let kenji: Customer

const names = ['invoices', 'credit_notes', 'payments', 'subscriptions', 'credits', 'ledger'] as const
/** 2^53 − 1 minor units: what the tables take. */
const LARGEST = 9007199254740991
const JANE = 'Jane "=J", Doe\nÜnï 🙂'

/** Two customers of two currencies, and one of everything there is to export. */
beforeAll(async () => {
  world = await newWorld('2026-01-01T00:00:00Z')
  const { client } = world
  await world.plan('pro', { prices: [monthly('USD', '4900'), monthly('JPY', '5000')] })
  jane = await world.account({ name: JANE })
  await jane.subscribes('pro', { metadata: { crm: '4,2' }, external_key: '@s_1' })
  const [invoice] = await jane.invoices()
  body(await client.post('/v1/credit_notes', { invoice: invoice.id, reason: '-1 seat', lines: [part(invoice, 700)] }))
  await world.passes('1 month')
  kenji = await world.account({ name: '株式会社', currency: 'JPY', card: null, email: 'kenji@startup.example' })
  await kenji.subscribes('pro')
  await world.passes('1 day')
  await endedCredit('USD', { amount: 300, expired: 300, voided: 0, end: 'expired', at: '2026-01-20' })
  await endedCredit('JPY', { amount: LARGEST, expired: 0, voided: LARGEST, end: 'voided', at: '2026-02-20' })
}, 30_000)

/** A credit of the account in that currency, of which nothing was used. */
function endedCredit(currency: string, about: Json) {
  const now = "lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')"
  return sql(
    `insert into credits (organization_id, id, account_id, version, currency, amount, remaining, expired, voided, reason,
      source, metadata, created_at, ended_at, end_reason)
     select organization_id, (${now} || '70008' || substr(md5(random()::text), 1, 15))::uuid, id, 1, currency, $2, 0, $3, $4,
      'Sorry', 'grant', '{}', $5::timestamptz, $5::timestamptz, $6 from accounts where currency = $1`,
    ...[currency, about.amount, about.expired, about.voided, about.at, about.end],
  )
}

function part(invoice: Json, amount: number) {
  return { line: invoice.lines[0].id, amount }
}

const download = (path: string, { key }: Pick<Client, 'key'> = world.client) => exported(path, key)

async function text(path: string, client?: Pick<Client, 'key'>): Promise<string> {
  const response = await download(path, client)
  const content = await contentOf(response)
  expect(response.status, content).toBe(200)
  return content
}

const sheet = async (path: string) => rowsOf(await text(path))
const objects = async (path: string): Promise<readonly Json[]> =>
  (await text(path))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

/** What the API lists of them, oldest first. */
async function listed(name: (typeof names)[number]): Promise<readonly Json[]> {
  if (name !== 'ledger') return body(await world.client.get(`/v1/${name}?limit=100`)).data.toReversed()
  const entries = await Promise.all(
    [jane, kenji].map(async ({ id }) => body(await world.client.get(`/v1/accounts/${id}/ledger?limit=100`)).data),
  )
  return entries.flat().toSorted((left, right) => (left.id < right.id ? -1 : 1))
}

describe.each(names)('FR-056 the export of %s', (name) => {
  test('as NDJSON has the very objects of the API, by ascending id', async () => {
    const expected = await listed(name)
    expect(expected.length).toBeGreaterThan(0)
    expect(await objects(`${name}.ndjson`)).toEqual(expected)
  })

  test('as CSV has a row each, with the same values under the same names', async () => {
    const expected = await listed(name)
    const rows = await sheet(`${name}.csv`)
    expect(rows.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
    for (const [index, row] of rows.entries()) {
      const shared = Object.keys(row).filter((column) => column in expected[index] && column !== 'metadata')
      expect(shared.length).toBeGreaterThan(8)
      for (const column of shared) {
        const value = expected[index][column]
        const defused = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? '')
        expect([column, row[column]]).toEqual([column, defused])
      }
    }
  })

  test('says what it is, and is kept by nobody', async () => {
    const today = new Date().toISOString().slice(0, 10)
    const responses = [await download(`${name}.csv`), await download(`${name}.ndjson`)]
    expect(responses.map(({ headers }) => headers.get('Content-Type'))).toEqual([
      'text/csv; charset=utf-8; header=present',
      'application/x-ndjson',
    ])
    expect(responses.map(({ headers }) => headers.get('Content-Disposition'))).toEqual(
      ['csv', 'ndjson'].map((extension) => `attachment; filename=${name}-${today}.${extension}`),
    )
    expect(responses.map(({ headers }) => headers.get('Cache-Control'))).toEqual(['no-store', 'no-store'])
    await Promise.all(responses.map(contentOf))
  })

  test('invariant 10: has none of another organization, and of nothing only the header', async () => {
    const stranger = await organization('sandbox')
    for (const query of ['', `?account=${jane.id}`]) {
      expect(await text(`${name}.ndjson${query}`, stranger)).toBe('')
      const [header, ...rows] = recordsOf(await text(`${name}.csv${query}`, stranger))
      expect([header?.[0], rows]).toEqual(['id', []])
    }
  })

  test('can be of one account, one currency and one span of time', async () => {
    const all = await objects(`${name}.ndjson`)
    const own = all.filter(({ account }) => account === jane.id)
    expect(await objects(`${name}.ndjson?account=${jane.id}`)).toEqual(own)
    expect(await objects(`${name}.ndjson?currency=USD`)).toEqual(own)
    const later = all.filter((one) => timeOf(one) >= '2026-02-01T00:00:00Z')
    expect(await objects(`${name}.ndjson?from=2026-02-01T00:00:00Z`), 'from is inclusive').toEqual(later)
    const earlier = all.filter((one) => timeOf(one) < '2026-02-01T00:00:00Z')
    expect(earlier.length).toBeGreaterThan(0)
    expect(await objects(`${name}.ndjson?to=2026-02-01T00:00:00Z`), 'to is exclusive').toEqual(earlier)
    expect(await sheet(`${name}.csv?to=2026-02-01T00:00:00Z`)).toHaveLength(earlier.length)
  })

  test('needs the scope read', async () => {
    const { key } = body(await world.client.post('/v1/api_keys', { name: 'W', scopes: ['write'] }))
    expectProblem(await clientOf(key).get(`/v1/exports/${name}.csv`), 403, 'forbidden')
  })
})

function timeOf({ issued_at, created_at, at }: Json): string {
  return issued_at ?? created_at ?? at
}

test.each(['invoices', 'credit_notes', 'payments', 'subscriptions', 'credits'])(
  'FR-056 the export of %s can be of one status',
  async (name) => {
    const all = await objects(`${name}.ndjson`)
    const { about } = (await operations()).find(({ path }) => path === `/v1/exports/${name}.ndjson`) ?? {}
    const { schema } = about.parameters.find((one: Json) => one.name === 'status')
    const found: Json[] = []
    for (const status of schema.enum) {
      const some = await objects(`${name}.ndjson?status=${status}`)
      expect([status, some]).toEqual([status, all.filter((one) => one.status === status)])
      found.push(...some)
    }
    expect(found).toHaveLength(all.length)
  },
)

describe('FR-056 a sheet', () => {
  test('of invoices has stable names, integers and times', async () => {
    const [record] = await sheet(`invoices.csv?account=${jane.id}`)
    const [invoice] = await jane.invoices()
    expect(record).toEqual({
      ...{ id: invoice.id, number: invoice.number, status: 'paid', reason: 'subscription' },
      ...{ account: jane.id, subscription: invoice.subscription, currency: 'USD' },
      ...{ period_start: '2026-01-01T00:00:00Z', period_end: '2026-02-01T00:00:00Z' },
      ...{ issued_at: '2026-01-01T00:00:00Z', finalized_at: '2026-01-01T00:00:00Z', due_at: invoice.due_at },
      ...{ payment_terms_days: '', bill_to_name: JANE, bill_to_email: 'jane@startup.example', bill_to_country: '' },
      ...{ subtotal: '4900', discount: '0', tax: '0', total: '4900' },
      ...{ paid: '4900', credits_applied: '0', credit_notes: '0', written_off: '0', balance: '0' },
      ...{ memo: '', corrects: '', voided_at: '', void_reason: '', awaits: '', finalize_at: '' },
    })
  })

  test('of lines has one each, in the order of the invoice', async () => {
    const all = await objects('invoices.ndjson')
    const rows = await sheet('invoices.csv?lines=true')
    expect(rows.map(({ invoice, line }) => [invoice, line])).toEqual(
      all.flatMap(({ id, lines }) => lines.map((line: Json) => [id, line.id])),
    )
    const [line] = all[0].lines
    expect(rows[0]).toEqual({
      ...{ invoice: all[0].id, number: all[0].number, status: 'paid', account: jane.id, currency: 'USD' },
      ...{ issued_at: all[0].issued_at, finalized_at: all[0].finalized_at, line: line.id, kind: 'base' },
      ...{ description: line.description, subscription: line.subscription, plan_version: line.plan_version },
      ...{ metric: '', quantity: '1', unit_amount: '4900', proration_numerator: '', proration_denominator: '' },
      ...{ amount: '4900', discount: '0', tax: '0', credits_line: '' },
      ...{ period_start: '2026-01-01T00:00:00Z', period_end: '2026-02-01T00:00:00Z' },
    })
  })

  test('keeps what people wrote, and starts no formula', async () => {
    const rows = [...(await sheet('subscriptions.csv')), ...(await sheet('credit_notes.csv'))]
    expect(rows[0]).toMatchObject({ external_key: "'@s_1", metadata: '{"crm":"4,2"}' })
    expect(rows.at(-1)).toMatchObject({ reason: "'-1 seat" })
    const [open] = await sheet('invoices.csv?currency=JPY&status=open')
    expect(open).toMatchObject({ bill_to_name: '株式会社', total: '5000', currency: 'JPY' })
  })

  test('keeps the largest amount to the last digit', async () => {
    const [row] = await sheet('credits.csv?status=voided&from=2026-02-20T00:00:00Z')
    expect(row).toMatchObject({ amount: '9007199254740991', voided: '9007199254740991', remaining: '0' })
    expect(await text('credits.ndjson?status=voided&from=2026-02-20T00:00:00Z')).toContain('"amount":9007199254740991,')
  })
})

describe('FR-056 FR-128 what cannot be exported is refused with what can:', () => {
  test.each(['invoices.xlsx', 'invoices', 'customers.csv', 'invoices.CSV'])('%s', async (file) => {
    const reply = await world.client.get(`/v1/exports/${file}`)
    expectProblem(reply, 404, 'route_not_found', { hint: expect.stringContaining('/v1/exports/invoices.csv') })
    expect(reply.body.detail).toBe(`There is no export ${file}.`)
  })

  test('and another method is none of the API', async () => {
    const reply = await world.client.post('/v1/exports/invoices.csv', {})
    expectProblem(reply, 404, 'route_not_found', { detail: 'POST /v1/exports/invoices.csv is not part of the API.' })
  })

  test.each([
    ['invoices.csv?status=overdue', '/status'],
    ['invoices.csv?lines=yes', '/lines'],
    ['invoices.ndjson?lines=true', '/lines'],
    ['ledger.csv?status=paid', '/status'],
    ['payments.csv?from=2026-01-01', '/from'],
    ['payments.csv?from=2026-02-01T00:00:00Z&to=2026-02-01T00:00:00Z', '/to'],
    ['credits.csv?currency=usd', '/currency'],
    ['credits.ndjson?account=inv_1', '/account'],
    ['subscriptions.csv?format=xlsx', '/format'],
  ])('%s', async (path, pointer) => {
    expectProblem(await world.client.get(`/v1/exports/${path}`), 422, 'invalid_request', pointsAt(pointer))
  })
})
