import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NeonQueryFunction, neon, neonConfig } from '@neondatabase/serverless'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase } from '../../dev/database.ts'
import { type NeonProxy, startNeonProxy } from '../../dev/neon-proxy.ts'
import { type Postgres, startPostgres } from '../../dev/postgres.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'perennial-proxy-'))
let postgres: Postgres
let proxy: NeonProxy
let url: string
let sql: NeonQueryFunction<false, false>

beforeAll(async () => {
  postgres = await startPostgres({ dataDir, fsync: false, quiet: true })
  proxy = await startNeonProxy({ postgres: { host: '127.0.0.1', port: postgres.port } })
  url = await createDatabase(postgres.url, 'proxied')
  neonConfig.fetchEndpoint = `${proxy.url}/sql`
  sql = neon(url)
}, 60_000)

afterAll(async () => {
  await proxy?.stop()
  await postgres?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

beforeEach(async () => {
  await sql`drop table if exists coins`
  await sql`create table coins (id int constraint coins_pkey primary key, amount bigint constraint positive check (amount > 0))`
})

const insert = (id: number, amount: string | number) => sql`insert into coins values (${id}, ${amount})`
const ids = async () => (await sql`select id from coins order by id`).map(({ id }) => id)
const control = (path: string) => fetch(`${proxy.url}/_control/${path}`, { method: 'POST' })
const failure = (query: PromiseLike<unknown>) =>
  Promise.resolve(query).then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error,
  )

describe('a single query', () => {
  it('takes parameters and answers rows with the types of the driver', async () => {
    const rows =
      await sql`select ${'7'}::int as n, ${null}::text as nothing, true as yes, 'a"ü'::text as text, array[1,2] as list`
    expect(rows).toEqual([{ n: 7, nothing: null, yes: true, text: 'a"ü', list: [1, 2] }])
  })

  it('answers a bigint beyond 2^53 exactly', async () => {
    await insert(1, '9007199254740993')
    expect(await sql`select amount from coins`).toEqual([{ amount: '9007199254740993' }])
  })

  it('answers command and row count', async () => {
    const result = await sql.query('insert into coins values (1, 1), (2, 2)', [], { fullResults: true })
    expect(result).toMatchObject({ command: 'INSERT', rowCount: 2 })
  })

  it('is refused when it is two statements', async () => {
    expect(await failure(sql.query('select 1; select 2'))).toMatchObject({ code: '42601' })
  })
})

describe('a batch', () => {
  it('answers each statement', async () => {
    const [, , rows] = await sql.transaction([insert(1, 1), insert(2, 2), sql`select count(*)::int as n from coins`])
    expect(rows).toEqual([{ n: 2 }])
  })

  it('rolls everything back when a later statement fails, and says which error was first', async () => {
    const error = await failure(sql.transaction([insert(1, 1), insert(1, 2), insert(3, 3)]))
    expect(error).toMatchObject({ code: '23505', constraint: 'coins_pkey' })
    expect(await ids()).toEqual([])
  })

  it('reports an error that only COMMIT finds', async () => {
    await sql`create table if not exists twins (id bigint primary key)`
    await sql`alter table coins add constraint late foreign key (amount) references twins deferrable initially deferred`
    expect(await failure(sql.transaction([insert(1, 1)]))).toMatchObject({ code: '23503', constraint: 'late' })
    expect(await ids()).toEqual([])
  })

  it('runs in the isolation and mode asked for', async () => {
    const show = [sql`show transaction_isolation`, sql`show transaction_read_only`, sql`show transaction_deferrable`]
    const options = { isolationLevel: 'Serializable', readOnly: true, deferrable: true } as const
    const values = (await sql.transaction(show, options)).map((rows) => Object.values(rows[0] ?? {})[0])
    expect(values).toEqual(['serializable', 'on', 'on'])
  })

  it('is one trip', async () => {
    const before = proxy.trips('proxied')
    await sql.transaction([insert(1, 1), insert(2, 2)])
    expect(proxy.trips('proxied') - before).toBe(1)
  })
})

describe('errors', () => {
  it("carry PostgreSQL's fields", async () => {
    expect(await failure(insert(1, -1))).toMatchObject({
      message: 'new row for relation "coins" violates check constraint "positive"',
      severity: 'ERROR',
      code: '23514',
      schema: 'public',
      table: 'coins',
      constraint: 'positive',
      detail: 'Failing row contains (1, -1).',
    })
  })

  it('leave the connection they happened on usable, and it is used again', async () => {
    const backend = async () => (await sql`select pg_backend_pid() as pid`)[0]?.pid
    const before = await backend()
    for (let i = 0; i < 5; i++) {
      await failure(sql`select 1 / 0`)
      await failure(sql.transaction([insert(1, 1), sql`select 1 / 0`]))
    }
    expect(await ids()).toEqual([])
    expect(await backend()).toBe(before)
  })

  it('in a transaction somebody left open concern nobody else', async () => {
    await sql`begin`
    await failure(sql`select 1 / 0`)
    expect(await ids()).toEqual([])
  })
})

describe('faults', () => {
  it('a dropped reply has been executed, and only once', async () => {
    await control('drop_reply?database=proxied&matching=into+coins')
    expect(await ids()).toEqual([]) // does not match: untouched
    expect(String(await failure(insert(1, 1)))).toContain('Error connecting to database')
    await insert(2, 2)
    expect(await ids()).toEqual([1, 2])
  })

  it('a dropped request has not been executed', async () => {
    await control('drop_request')
    expect(String(await failure(insert(1, 1)))).toContain('Error connecting to database')
    expect(await ids()).toEqual([])
  })

  it('while down everything fails, also what was under way; another database is not concerned', async () => {
    const sleeping = failure(sql`select pg_sleep(1)`)
    const started = sql`select count(*)::int as n from pg_stat_activity where query like '%pg_sleep(1)%' and state = 'active'`
    await expect.poll(async () => (await started)[0]?.n).toBeGreaterThan(0)
    await control('down?database=proxied')
    expect(String(await sleeping)).toContain('Error connecting to database')
    expect(String(await failure(sql`select 1`))).toContain('Error connecting to database')
    expect(await neon(postgres.url)`select 1 as one`).toEqual([{ one: 1 }])
    await control('down?database=proxied&on=false')
    expect(await ids()).toEqual([])
  })

  it('released connections are closed, so that the database can be dropped', async () => {
    const spare = await createDatabase(postgres.url, 'spare')
    await neon(spare)`select 1`
    await control('release?database=spare')
    await neon(postgres.url)`drop database spare`
    expect(await failure(neon(spare)`select 1`)).toMatchObject({ code: '3D000' })
  })
})
