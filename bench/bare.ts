import pg from 'pg'
import { cloneDatabase, databaseUrl, dropDatabase } from '../dev/database.ts'

/** The most that these rows allow on this machine, with the same indexes, keys, checks and triggers. */
type Bare = {
  readonly seconds: number
  readonly connections: number
  readonly rows: number
  readonly pages: number
  readonly walBytes: number
}

type Row = Readonly<Record<string, string | null>>
type Column = { readonly name: string; readonly type: string }
type Statement = { readonly name: string; readonly text: string; readonly values: readonly string[] }
type Page = { readonly rows: number; readonly statements: readonly Statement[] }

/** Two cores: a third connection would only take turns. */
const connectionCounts = [1, 2]

/**
 * The rows that a run wrote are read back from its database and written once more into clones of what it started from:
 * one transaction a page, one statement a table, everything prepared before the clock starts. The faster way counts.
 */
export async function bareRate(adminUrl: string, names: { readonly before: string; readonly finished: string }) {
  const { pages, run } = await pagesOf(databaseUrl(adminUrl, names.finished))
  const rows = pages.reduce((sum, page) => sum + page.rows, 0)
  const rates: Bare[] = []
  for (const connections of connectionCounts) {
    const name = `bare_${connections}`
    const url = await cloneDatabase(adminUrl, { template: names.before, name })
    rates.push({ ...(await write(url, { pages, run }, connections)), connections, rows, pages: pages.length })
    await dropDatabase(adminUrl, name)
  }
  return rates.reduce((best, rate) => (rate.seconds < best.seconds ? rate : best))
}

type Written = { readonly pages: readonly Page[]; readonly run: string }

async function write(url: string, { pages, run }: Written, connections: number) {
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: url, pipeline: true }))
  await Promise.all(clients.map((client) => client.connect()))
  const [first] = clients
  if (first === undefined) throw new Error('bare SQL needs a connection')
  await first.query('insert into billing_runs select * from json_populate_record(null::billing_runs, $1)', [run])
  await first.query('checkpoint')
  const wal = await first.query('select pg_current_wal_lsn()::text as at')
  const startMs = performance.now()
  const queue = pages.values()
  await Promise.all(
    clients.map(async (client) => {
      for (const page of queue) await writePage(client, page)
    }),
  )
  const seconds = (performance.now() - startMs) / 1_000
  const written = await first.query('select pg_wal_lsn_diff(pg_current_wal_lsn(), $1)::text as bytes', [
    wal.rows[0]?.at,
  ])
  await Promise.all(clients.map((client) => client.end()))
  return { seconds, walBytes: Number(written.rows[0]?.bytes) }
}

/** On the wire at once, as the proxy does with a batch; statements are planned once a connection. */
async function writePage(client: pg.Client, { statements }: Page): Promise<void> {
  await Promise.all([
    client.query('begin'),
    ...statements.map(({ name, text, values }) => client.query({ name, text, values: [...values] })),
    client.query('commit'),
  ])
}

/** In the order of their foreign keys. `of`: which rows a commit c made. */
const inserts = [
  { table: 'commits', of: 't.id = c.id', omit: ['relayed_at', 'late'] },
  { table: 'invoices', of: made('t.id'), omit: [] },
  { table: 'invoice_lines', of: made('t.id'), omit: [] },
  { table: 'billed', of: made('t.invoice_id'), omit: [] },
  { table: 'ledger_entries', of: made('t.id'), omit: [] },
  { table: 'events', of: 't.commit_id = c.id', omit: ['xid'] },
  { table: 'billing_run_pages', of: 't.commit_id = c.id', omit: [] },
] as const

/** The accounts and subscriptions that a commit told events of. */
const updates = [
  { table: 'accounts', by: 'account_id', changing: ['version', 'invoice_sequence', 'next_billing_at'] },
  { table: 'subscriptions', by: 'subject_id', changing: ['version', 'period_start', 'period_end'] },
] as const

/** Every id that a commit makes is its own but for the low 16 bits. */
function made(id: string): string {
  return `left(${id}::text, 32) = left(c.id::text, 32)`
}

async function pagesOf(url: string): Promise<Written> {
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: () => (text: string) => text } })
  await client.connect()
  try {
    const lastRun = '(select id from billing_runs order by id desc limit 1)'
    await client.query(
      `create temporary table run_commits as select distinct commit_id as id from billing_run_pages where run_id = ${lastRun}`,
    )
    await client.query('analyze run_commits')
    const statementsOf = new Map<string, { rows: number; statements: Statement[] }>()
    const add = async (query: string, statement: (rows: readonly Row[]) => Statement) => {
      const { rows } = await client.query<Row>(query)
      for (const [id, group] of Map.groupBy(rows, (row) => String(row.page))) {
        const page = statementsOf.get(id) ?? { rows: 0, statements: [] }
        page.rows += group.length
        page.statements.push(statement(group))
        statementsOf.set(id, page)
      }
    }
    for (const { table, of, omit } of inserts) {
      const columns = (await columnsOf(client, table)).filter(({ name }) => !omit.some((left) => left === name))
      await add(`select c.id as page, t.* from ${table} t join run_commits c on ${of}`, (rows) =>
        insertOf(table, columns, rows),
      )
    }
    for (const { table, by, changing } of updates) {
      const isKey = (name: string) => name === 'organization_id' || name === 'id'
      const columns = (await columnsOf(client, table)).filter(
        ({ name }) => isKey(name) || changing.some((changed) => changed === name),
      )
      const touched = `select distinct commit_id, organization_id, ${by} as id from events where commit_id in (select id from run_commits)`
      await add(
        `select e.commit_id as page, t.* from ${table} t join (${touched}) e using (organization_id, id) order by t.id`,
        (rows) => updateOf(table, columns, rows),
      )
    }
    const { rows } = await client.query<{ run: string }>(
      `select row_to_json(r)::text as run from billing_runs r where id = ${lastRun}`,
    )
    return { pages: [...statementsOf.values()], run: rows[0]?.run ?? '' }
  } finally {
    await client.end()
  }
}

async function columnsOf(client: pg.Client, table: string): Promise<readonly Column[]> {
  const { rows } = await client.query<Column>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  )
  return rows
}

function insertOf(table: string, columns: readonly Column[], rows: readonly Row[]): Statement {
  const names = columns.map(({ name }) => pg.escapeIdentifier(name)).join(', ')
  return {
    name: `insert_${table}`,
    text: `insert into ${table} (${names}) select * from unnest(${parametersOf(columns)})`,
    values: columns.map(({ name }) => arrayOf(rows, name)),
  }
}

function updateOf(table: string, columns: readonly Column[], rows: readonly Row[]): Statement {
  const names = columns.map(({ name }) => name)
  const sets = names.filter((name) => name !== 'organization_id' && name !== 'id').map((name) => `${name} = r.${name}`)
  return {
    name: `update_${table}`,
    text: `update ${table} t set ${sets.join(', ')} from unnest(${parametersOf(columns)}) as r(${names.join(', ')})
      where t.organization_id = r.organization_id and t.id = r.id`,
    values: columns.map(({ name }) => arrayOf(rows, name)),
  }
}

function parametersOf(columns: readonly Column[]): string {
  return columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')
}

/** Postgres's text of an array, made beforehand: encoding is not what is measured. */
function arrayOf(rows: readonly Row[], name: string): string {
  const element = (value: string | null | undefined) =>
    value == null ? 'NULL' : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  return `{${rows.map((row) => element(row[name])).join(',')}}`
}
