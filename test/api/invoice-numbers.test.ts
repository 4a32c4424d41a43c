import { expect, test } from 'vitest'
import { body, type Client, type Json, type Reply } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { sql } from '../support/sql.ts'
import { type Customer, newWorld, type World } from '../support/world.ts'

const series = (prefix: string, digits: number, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index + 1).padStart(digits, '0')}`)

/** Every number of the organization's invoices, sorted. */
async function numbersOf(client: Client): Promise<readonly string[]> {
  const rows = await sql(
    'select number from invoices i join organizations o on o.id = i.organization_id and o.name = $1 order by number',
    body(await client.get('/v1/settings')).name,
  )
  return rows.map(({ number }) => number)
}

/** As clients are told to: again while others write to the same account. */
async function insists(ask: () => Promise<Reply>): Promise<Json> {
  for (;;) {
    const reply = await ask()
    if (reply.status !== 409) return body(reply)
    expectProblem(reply, 409, 'changed_meanwhile')
    expect(reply.headers.get('Retry-After')).toBe('1')
  }
}

async function customers(world: World, count: number): Promise<readonly Customer[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => world.account({ name: `Customer${index}` })))
}

async function organizationSeries(world: World, prefix: string): Promise<void> {
  body(await world.client.patch('/v1/settings', { numbering: { series: 'organization', prefix } }))
}

test('FR-042 an account’s numbers have neither gap nor repeat when many commands come at once', async () => {
  const world = await newWorld()
  const codes = Array.from({ length: 12 }, (_, index) => `plan${index}`)
  for (const code of codes) await world.plan(code)
  const jane = await world.account()
  const made = await Promise.all(codes.map((code) => insists(() => jane.asksToSubscribe(code))))
  expect(made.map(({ latest_invoice }) => latest_invoice.number).toSorted()).toEqual(series('JANE', 4, 12))
  expect(await numbersOf(world.client)).toEqual(series('JANE', 4, 12))
  expect((await world.gateway.taken()).received).toEqual({ usd: 12 * 4900 })
  await world.isBalanced()
})

test('FR-042 accounts of the same name have prefixes of their own', async () => {
  const world = await newWorld()
  await world.plan('pro')
  const janes = [await world.account(), await world.account(), await world.account()]
  const made = await Promise.all(janes.map((jane) => jane.subscribes('pro')))
  const numbers = made.map(({ latest_invoice }) => latest_invoice.number)
  expect(new Set(numbers).size).toBe(3)
  expect(numbers[0]).toBe('JANE-0001')
  for (const number of numbers) expect(number).toMatch(/^JANE[0-9A-F]*-0001$/)
})

test('FR-042 an organization’s numbers have neither gap nor repeat with dozens of subscriptions at once', async () => {
  const world = await newWorld()
  await organizationSeries(world, 'ACME')
  await world.plan('pro')
  const all = await customers(world, 40)
  const made = await Promise.all(all.map((customer) => customer.subscribes('pro')))
  const numbers = made.map(({ latest_invoice }) => latest_invoice.number)
  expect(numbers.toSorted()).toEqual(series('ACME', 6, 40))
  expect(await numbersOf(world.client)).toEqual(series('ACME', 6, 40))
  const stored = await Promise.all(
    made.map(async ({ latest_invoice: { id } }) => body(await world.client.get(`/v1/invoices/${id}`)).number),
  )
  expect(stored).toEqual(numbers)
})

test('FR-042 the number is the same in the invoice, its events, the payment’s text and the stored answer', async () => {
  const world = await newWorld()
  await organizationSeries(world, 'INV')
  await world.plan('pro')
  const all = await customers(world, 6)
  const ask = (customer: Customer) =>
    world.client.post(
      '/v1/subscriptions',
      { account: customer.id, plan: 'pro' },
      { headers: { 'Idempotency-Key': customer.id } },
    )
  const first = await Promise.all(all.map(ask))
  const again = await Promise.all(all.map(ask))
  for (const [index, reply] of first.entries()) {
    const { latest_invoice: invoice } = body(reply)
    expect(again[index]?.body).toEqual(reply.body)
    expect(again[index]?.headers.get('Idempotent-Replayed')).toBe('true')
    expect(body(await world.client.get(`/v1/invoices/${invoice.id}`))).toMatchObject({ number: invoice.number })
    const events = await sql(
      `select type, data ->> 'number' as number from events where data ->> 'id' = $1 order by id`,
      invoice.id,
    )
    expect(events).toEqual([
      { type: 'invoice.created', number: null },
      { type: 'invoice.finalized', number: invoice.number },
      { type: 'invoice.paid', number: invoice.number },
    ])
  }
  expect(await numbersOf(world.client)).toEqual(series('INV', 6, 6))
  expect(
    await sql(`select 1 from events where data::text like '%number:%' or previous::text like '%number:%'`),
  ).toEqual([])
  expect(await sql(`select 1 from idempotency_keys where body like '%number:%'`)).toEqual([])
})

test('FR-042 where nothing is charged the first answer and its replay carry the number too', async () => {
  const world = await newWorld()
  await organizationSeries(world, 'INV')
  await world.plan('pro')
  const jane = await world.account({ card: null })
  const key = { headers: { 'Idempotency-Key': 'only-once' } }
  const ask = () => world.client.post('/v1/subscriptions', { account: jane.id, plan: 'pro' }, key)
  const [first, again] = [await ask(), await ask()]
  expect(body(first).latest_invoice).toMatchObject({ number: 'INV-000001', status: 'open' })
  expect(again.body).toEqual(first.body)
})

test('FR-042 of many missed periods the answer and its replay carry the newest number, and each event its own', async () => {
  const world = await newWorld('2026-06-15T00:00:00Z')
  await organizationSeries(world, 'INV')
  await world.plan('pro')
  const jane = await world.account({ card: null, timezone: 'UTC' })
  const asked = { account: jane.id, plan: 'pro', start: '2026-01-31T00:00:00Z' }
  const ask = () => world.client.post('/v1/subscriptions', asked, { headers: { 'Idempotency-Key': 'missed' } })
  const [first, again] = [await ask(), await ask()]
  expect(body(first).latest_invoice).toMatchObject({ number: 'INV-000005', period: { start: '2026-05-31T00:00:00Z' } })
  expect(again.body).toEqual(first.body)
  const invoices = await jane.invoices()
  expect(invoices.map(({ number }) => number)).toEqual(series('INV', 6, 5))
  const events = await sql(
    `select data ->> 'id' as id, data ->> 'number' as number from events
     where type = 'invoice.finalized' and data ->> 'account' = $1 order by id`,
    jane.id,
  )
  expect(events).toEqual(invoices.map(({ id, number }) => ({ id, number })))
})

test('FR-042 pages of the billing run and requests share an organization’s series without gap or repeat', async () => {
  const world = await newWorld('2026-01-01T00:00:00Z')
  await organizationSeries(world, 'INV')
  await world.plan('pro')
  const all = await customers(world, 30)
  await Promise.all(all.map((customer) => customer.subscribes('pro')))
  // Others, in real time, while the clock's accounts renew three times.
  const others = await Promise.all(
    Array.from({ length: 20 }, (_, index) => world.account({ name: `Other${index}`, test_clock: undefined })),
  )
  await Promise.all([world.until('2026-04-01T00:00:00Z'), ...others.map((customer) => customer.subscribes('pro'))])
  expect(await numbersOf(world.client)).toEqual(series('INV', 6, 30 * 4 + 20))
  const events = await sql(
    `select count(*) filter (where i.number = e.data ->> 'number') as same, count(*) as all
     from events e join invoices i on i.id = e.subject_id and i.organization_id = e.organization_id
     join organizations o on o.id = i.organization_id and o.name = $1 where e.type = 'invoice.finalized'`,
    body(await world.client.get('/v1/settings')).name,
  )
  expect(events).toEqual([{ same: '140', all: '140' }])
})

test('FR-042 what is refused, and what is only previewed, takes no number', async () => {
  const world = await newWorld()
  await organizationSeries(world, 'INV')
  await world.plan('pro')
  const jane = await world.account({ card: null })
  const asked = { account: jane.id, plan: 'pro' }
  body(await world.client.post('/v1/invoices/preview', { new_subscription: asked }))
  const key = 'x'.repeat(256)
  expectProblem(
    await jane.asksToSubscribe('pro', { external_key: key }),
    422,
    'invalid_request',
    pointsAt('/external_key'),
  )
  await jane.subscribes('pro', { external_key: 'taken' })
  const john = await world.account({ card: null, name: 'John' })
  expectProblem(await john.asksToSubscribe('pro', { external_key: 'taken' }), 409, 'external_key_taken')
  expect((await john.subscribes('pro')).latest_invoice.number).toBe('INV-000002')
})
