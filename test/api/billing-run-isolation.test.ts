import { describe, expect, test } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { body, type Json } from '../support/client.ts'
import { id } from '../support/given.ts'
import { expectProblem } from '../support/problem.ts'
import { sql } from '../support/sql.ts'
import { deliver, rangesOfRun } from '../support/worker.ts'
import { type Customer, later, newWorld, type World } from '../support/world.ts'

const nextMonth = () => later(new Date().toISOString(), '40 days')

/** Five customers in real time on a plan each, all due within the month. */
async function neighbours(): Promise<World & { readonly all: readonly Customer[]; readonly run: () => Promise<Json> }> {
  const world = await newWorld()
  const all: Customer[] = []
  for (const name of ['Ann', 'Bob', 'Cy', 'Dee', 'Eve']) {
    const customer = await world.account({ card: null, test_clock: undefined, name })
    await world.plan(name.toLowerCase())
    await customer.subscribes(name.toLowerCase())
    all.push(customer)
  }
  const run = async () => {
    await deliver('perennial-billing', ...(await rangesOfRun(world.client.organization, nextMonth())))
    return body(await world.client.get('/v1/billing_runs')).data[0]
  }
  return { ...world, all, run }
}

const renewalsOf = (all: readonly Customer[]) =>
  Promise.all(all.map(async (one) => (await one.invoices()).filter(({ reason }) => reason === 'renewal').length))

/** The subscription’s rows in SQL’s own ids. */
async function rowsOf(customer: Customer): Promise<Json> {
  const [{ id }] = await customer.subscriptions()
  const [row] = await sql(
    `select s.* from subscriptions s join events e on e.subject_id = s.id where e.data ->> 'id' = $1 limit 1`,
    id,
  )
  return row
}

/** Until it has done so `times` times, someone else writes to the account just as a page that holds it is committed. */
async function isWrittenMeanwhile(customer: Customer, times: number): Promise<() => Promise<unknown>> {
  const { account_id } = await rowsOf(customer)
  await sql(`create sequence meanwhile`)
  await sql(`create function meanwhile() returns trigger language plpgsql as $$ begin
      if new.cause = 'billing_run' and nextval('meanwhile') <= ${times} then
        update accounts set version = version + 1 where id = '${account_id}';
      end if;
      return new;
    end $$`)
  await sql(`create trigger meanwhile before insert on commits for each row execute function meanwhile()`)
  return async () => {
    await sql('drop function meanwhile() cascade')
    await sql('drop sequence meanwhile')
  }
}

describe('an account that others write to while its page is committed', () => {
  test.each([1, 2])(
    '%s times is decided again by the same consumer, once, and its neighbours do not wait',
    async (times) => {
      const { all, run, isBalanced } = await neighbours()
      const undo = await isWrittenMeanwhile(all[2] as Customer, times)
      expect(await run()).toMatchObject({ accounts: 5, subscriptions: 5, invoices: 5, left: 0, failed: 0 })
      await undo()
      expect(await renewalsOf(all)).toEqual([1, 1, 1, 1, 1])
      await isBalanced()
    },
  )

  test('again and again stays due for the next run', async () => {
    const { all, run } = await neighbours()
    const undo = await isWrittenMeanwhile(all[2] as Customer, 100)
    expect(await run()).toMatchObject({ accounts: 4, subscriptions: 4, invoices: 4, left: 1, failed: 0 })
    await undo()
    expect(await renewalsOf(all)).toEqual([1, 1, 0, 1, 1])
    expect(await run()).toMatchObject({ accounts: 1, invoices: 1, left: 0, failed: 0 })
    expect(await renewalsOf(all)).toEqual([1, 1, 1, 1, 1])
    expect((await all[2]?.invoices())?.map(({ number }) => number)).toEqual(['CY-0001', 'CY-0002'])
  })
})

/** Ways to make an account that cannot be billed, each with its cure. */
const poisons: readonly [
  name: string,
  poison: (row: Json) => Promise<unknown>,
  cure: (row: Json) => Promise<unknown>,
][] = [
  [
    'its plan version lost its price, so that no decision can be made',
    ({ plan_version_id }) => withoutTriggers('plan_versions', `prices = '[]'`, plan_version_id),
    ({ plan_version_id }) =>
      withoutTriggers(
        'plan_versions',
        `prices = (select prices from plan_versions v where prices <> '[]' limit 1)`,
        plan_version_id,
      ),
  ],
  [
    'the database refuses what is decided',
    ({ account_id, id, period_end, organization_id }) =>
      sql(
        `insert into billed select $1, $2, 'base:' || (extract(epoch from $3::timestamptz) * 1000)::bigint, $4, i.id, null
         from invoices i where i.account_id = $4`,
        ...[organization_id, id, period_end, account_id],
      ),
    ({ id }) =>
      sql(
        `delete from billed where subscription_id = $1 and billing_key not in (select billing_key from invoice_lines where subscription_id = $1)`,
        id,
      ),
  ],
]

async function withoutTriggers(table: string, change: string, id: string): Promise<void> {
  await sql(`alter table ${table} disable trigger user`)
  await sql(`update ${table} set ${change} where id = $1`, id)
  await sql(`alter table ${table} enable trigger user`)
}

describe('an account that cannot be billed, because', () => {
  test.each(poisons)('%s, fails alone, is counted, and is billed once it is cured', async (_, poison, cure) => {
    const { all, run, isBalanced } = await neighbours()
    const row = await rowsOf(all[3] as Customer)
    await poison(row)
    expect(await run()).toMatchObject({
      status: 'finished',
      accounts: 4,
      subscriptions: 4,
      invoices: 4,
      left: 0,
      failed: 1,
    })
    expect(await renewalsOf(all)).toEqual([1, 1, 1, 0, 1])
    expect(await run()).toMatchObject({ accounts: 0, invoices: 0, left: 0, failed: 1 })
    await cure(row)
    expect(await run()).toMatchObject({ accounts: 1, invoices: 1, left: 0, failed: 0 })
    expect(await renewalsOf(all)).toEqual([1, 1, 1, 1, 1])
    await isBalanced()
  })
})

describe('a message that was given up', () => {
  test('is seen, sent again, and does its work then', async () => {
    const { all, client } = await neighbours()
    const [range] = await rangesOfRun(client.organization, nextMonth())
    await deliver('perennial-billing-dead', range)
    const { data } = body(await client.get('/v1/dead_letters'))
    expect(data).toMatchObject([{ queue: 'perennial-billing', body: range, replayed_at: null }])
    expect(await renewalsOf(all)).toEqual([0, 0, 0, 0, 0])
    const replay = () => client.post(`/v1/dead_letters/${data[0].id}/replay`, {})
    expect(body(await replay())).toMatchObject({ id: data[0].id, replayed_at: expect.stringMatching(/Z$/) })
    await expect.poll(() => renewalsOf(all), { timeout: 10_000 }).toEqual([1, 1, 1, 1, 1])
    expect(body(await client.get('/v1/dead_letters')).data[0].replayed_at).not.toBeNull()
    expectProblem(await client.post('/v1/dead_letters/dead_01h455vb4pex5vsknk084sn02q/replay', {}), 404, 'not_found')
  })

  test('by usage is sent again to its queue', async () => {
    const { client } = await newWorld()
    const [organizationId, subscriptionId] = [decodeId('organization', client.organization), id('subscription', 1)]
    await deliver('perennial-usage-dead', { organizationId, subscriptionId })
    const { data } = body(await client.get('/v1/dead_letters?limit=1'))
    expect(data).toMatchObject([{ queue: 'perennial-usage', replayed_at: null }])
    const replayed = body(await client.post(`/v1/dead_letters/${data[0].id}/replay`, {}))
    expect(replayed).toMatchObject({ replayed_at: expect.stringMatching(/Z$/) })
  })

  test.each(['perennial-charges', 'perennial-relay'] as const)('by %s is kept with its queue’s name', async (queue) => {
    const { client } = await newWorld()
    await deliver(`${queue}-dead`, { some: 'message' }, { some: 'other' })
    const { data } = body(await client.get('/v1/dead_letters?limit=2'))
    expect(data.map(({ queue }: Json) => queue)).toEqual([queue, queue])
    expect(data.map(({ body }: Json) => body.some).toSorted()).toEqual(['message', 'other'])
  })

  test('is for those who operate the system', async () => {
    const { client } = await newWorld()
    const { key } = body(await client.post('/v1/api_keys', { name: 'Reader', scopes: ['read', 'write'] }))
    const asReader = { headers: { Authorization: `Bearer ${key}` } }
    expectProblem(await client.get('/v1/dead_letters', asReader), 403, 'forbidden')
  })
})
