import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { refusedBy, sql } from '../support/sql.ts'
import { type Customer, newWorld, type World } from '../support/world.ts'

type Jane = World & { readonly jane: Customer; readonly invoice: string }

/** Jane on the world's clock, with an invoice of 4900. */
async function subscribed(): Promise<Jane> {
  const world = await newWorld('2026-01-01T00:00:00Z')
  await world.plan('pro')
  const jane = await world.account()
  const { latest_invoice } = await jane.subscribes('pro')
  return { ...world, jane, invoice: latest_invoice.id }
}

const uuidIn = `(select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '70008' || substr(md5(random()::text), 1, 15))::uuid)`
const credit = {
  ...{ version: 1, currency: 'USD', amount: 1000, remaining: 1000, expired: 0, voided: 0, reason: 'Sorry' },
  ...{ source: 'grant', source_id: null, expires_at: null, metadata: '{"crm":"42"}', created_at: '2026-01-01' },
  ...{ ended_at: null, end_reason: null },
}

/** A credit of the newest account, stored past the Worker. */
function stored(about: Json): readonly [statement: string, ...values: unknown[]] {
  const row = { ...credit, ...about }
  const names = Object.keys(row)
  const values = names.map((_, index) => `$${index + 1}`)
  return [
    `insert into credits (organization_id, id, account_id, ${names})
     select organization_id, ${uuidIn}, id, ${values} from accounts order by id desc limit 1`,
    ...Object.values(row),
  ]
}

const stores = (about: Json = {}) => sql(...stored(about))

/** A part of the newest credit that pays for the newest invoice. */
const application = `insert into credit_applications (organization_id, id, account_id, version, credit_id, invoice_id, amount, at)
  select c.organization_id, ${uuidIn}, c.account_id, 1, c.id, i.id, $1, '2026-01-01'
  from (select * from credits order by id desc limit 1) c, (select * from invoices order by id desc limit 1) i`

describe('FR-094 a credit', () => {
  test('has its reason, its time, and what became of it', async () => {
    const { client, jane } = await subscribed()
    await stores({ remaining: 300, expired: 100, voided: 200, expires_at: '2027-01-01', reason: 'Ein Ausfall – sorry' })
    const { data } = body(await client.get(`/v1/credits?account=${jane.id}`))
    expect(data).toEqual([
      {
        ...{ id: expect.stringMatching(/^cred_/), account: jane.id, currency: 'USD', status: 'available' },
        ...{ amount: 1000, remaining: 300, applied: 400, expired: 100, voided: 200 },
        ...{ reason: 'Ein Ausfall – sorry', source: 'grant', source_document: null, metadata: { crm: '42' } },
        ...{ expires_at: '2027-01-01T00:00:00Z', created_at: '2026-01-01T00:00:00Z', ended_at: null },
      },
    ])
  })

  test.each<[string, Json]>([
    ['used_up', { remaining: 0 }],
    ['expired', { remaining: 0, expired: 1000, end_reason: 'expired', ended_at: '2026-02-01' }],
    ['voided', { remaining: 0, voided: 400, end_reason: 'voided', ended_at: '2026-02-01' }],
  ])('is %s where nothing is left', async (status, about) => {
    const { client } = await subscribed()
    await stores(about)
    const ended_at = about.ended_at === undefined ? null : '2026-02-01T00:00:00Z'
    expect(body(await client.get('/v1/credits')).data).toMatchObject([{ status, ended_at }])
  })

  test('names the document that it comes from', async () => {
    const { client, invoice } = await subscribed()
    const [row] = await sql('select id from invoices order by id desc limit 1')
    await stores({ source: 'proration', source_id: row?.id })
    expect(body(await client.get('/v1/credits')).data).toMatchObject([{ source_document: invoice }])
  })

  test('shows the invoices it paid for, newest first, and more of them by page', async () => {
    const { client, invoice } = await subscribed()
    await stores({ remaining: 0 })
    for (let amount = 1; amount <= 21; amount++) await sql(application, amount)
    const [{ id }] = body(await client.get('/v1/credits')).data
    const { applications, ...shown } = body(await client.get(`/v1/credits/${id}`))
    expect(shown).toMatchObject({ id, status: 'used_up', applied: 1000 })
    expect([applications.data.length, applications.has_more]).toEqual([20, true])
    expect(applications.data[0]).toEqual({
      ...{ id: expect.stringMatching(/^capp_/), credit: id, invoice, amount: 21 },
      ...{ applied_at: '2026-01-01T00:00:00Z', released_at: null },
    })
    const next = body(await client.get(`/v1/credits/${id}/applications?cursor=${applications.next_cursor}`))
    expect(next).toMatchObject({ data: [{ amount: 1 }], has_more: false, next_cursor: null })
  })

  test('that is not there is not found', async () => {
    const { client } = await subscribed()
    const id = 'cred_01jpd3wz80f448000000000001'
    for (const path of [`/v1/credits/${id}`, `/v1/credits/${id}/applications`]) {
      expectProblem(await client.get(path), 404, 'not_found')
    }
    expectProblem(await client.get('/v1/accounts/acct_01jpd3wz80f448000000000001/credit_balance'), 404, 'not_found')
  })
})

describe('FR-095 the credit balance', () => {
  test('of an account without credits is nothing', async () => {
    const { client, jane } = await subscribed()
    expect(body(await client.get(`/v1/accounts/${jane.id}/credit_balance`))).toEqual({
      ...{ account: jane.id, at: '2026-01-01T00:00:00Z', currency: 'USD', available: 0 },
      ...{ granted: 0, applied: 0, expired: 0, voided: 0, next_expiry_at: null },
    })
  })

  test('is by the account’s own time, to the instant of an expiry, and its parts add up', async () => {
    const world = await subscribed()
    const balance = async () => body(await world.client.get(`/v1/accounts/${world.jane.id}/credit_balance`))
    await stores({ remaining: 600, voided: 400, end_reason: null })
    await stores({ amount: 50, remaining: 50, expires_at: '2026-01-10' })
    await stores({ amount: 7, remaining: 5, expires_at: '2026-02-10' })
    const granted = { granted: 1057, applied: 2, voided: 400 }
    expect(await balance()).toMatchObject({ ...granted, available: 655, next_expiry_at: '2026-01-10T00:00:00Z' })
    await world.until('2026-01-09T23:59:59Z')
    expect(await balance()).toMatchObject({ ...granted, available: 655, expired: 0 })
    await world.until('2026-01-10T00:00:00Z')
    expect(await balance()).toMatchObject({ ...granted, available: 605, expired: 50, at: '2026-01-10T00:00:00Z' })
    expect((await balance()).next_expiry_at).toBe('2026-02-10T00:00:00Z')
  })

  test('without a test clock is by the real time', async () => {
    const { client, account } = await newWorld()
    const john = await account({ test_clock: undefined, card: null })
    await stores({ expires_at: '2026-01-10' })
    await stores({ amount: 3, remaining: 3, expires_at: '2999-01-01' })
    const balance = body(await client.get(`/v1/accounts/${john.id}/credit_balance`))
    expect(balance).toMatchObject({ available: 3, expired: 1000, next_expiry_at: '2999-01-01T00:00:00Z' })
    expect(Math.abs(Date.parse(balance.at) - Date.now())).toBeLessThan(60_000)
  })
})

describe('the database refuses', () => {
  test.each<[string, Json, string]>([
    ['less than nothing left', { remaining: -1 }, 'credits_parts'],
    ['parts that are more than the whole', { remaining: 999, expired: 1, voided: 1 }, 'credits_parts'],
    ['a credit of nothing', { amount: 0, remaining: 0 }, 'credits_amount'],
    ['no reason', { reason: '' }, 'credits_reason'],
    ['a source that is none', { source: 'luck' }, 'credits_source'],
    ['an end without its time', { remaining: 0, end_reason: 'voided' }, 'credits_ended'],
    ['an end with something left', { end_reason: 'voided', ended_at: '2026-01-01' }, 'credits_ended'],
  ])('%s', async (_, about, constraint) => {
    await subscribed()
    expect(await refusedBy(...stored(about))).toBe(constraint)
  })

  test('an application of nothing, or of another account’s credit', async () => {
    const { account } = await subscribed()
    await stores()
    expect(await refusedBy(application, 0)).toBe('credit_applications_amount')
    expect(await refusedBy(application, 1)).toBeNull()
    await account({ name: 'John' })
    const moved = `update credit_applications c set account_id = a.id
      from (select * from accounts order by id desc limit 1) a where c.organization_id = a.organization_id`
    expect(await refusedBy(moved)).toBe('credit_applications_credit')
  })
})
