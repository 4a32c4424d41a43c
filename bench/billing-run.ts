import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createOrganization } from '../dev/organization.ts'
import type { LocalWorker } from '../dev/worker.ts'
import { decodeId } from '../src/kernel/id.ts'
import { bareRate } from './bare.ts'
import { type Bench, round, say } from './bench.ts'
import { coresBusy, cpuNow } from './cpu.ts'
import { seed, settle } from './seed.ts'
import { databaseName, type Stack, startStack } from './stack.ts'

const SUBSCRIPTIONS = 20_000
const ACCOUNTS = 17_000
const OLDER_INVOICES = 5_000
const ORGANIZATIONS = 4
/** An organization of its own is billed first: the isolate is warm, as cron's minute keeps it. */
const WARM_UP = 2_000
const TIMEOUT_MS = 180_000
const POLL_MS = 10

/** Invoices a second of a whole billing run, from cron's call to the last committed page, beside bare SQL. */
export const billingRun: Bench = async (ends) => {
  const stack = await startStack(ends, { stripe: false })
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  let open = true
  const close = async () => {
    if (open) await client.end()
    open = false
  }
  ends.push(close)

  say(`seeding ${ACCOUNTS} accounts that pay by invoice, ${SUBSCRIPTIONS} due subscriptions`)
  const organizations = await newOrganizations(stack, ORGANIZATIONS)
  await seed(client, {
    organizations,
    accounts: ACCOUNTS,
    subscriptions: SUBSCRIPTIONS,
    invoices: OLDER_INVOICES,
    due: true,
  })
  await settle(client)
  await stack.recycle()
  const worker = await stack.startWorker()
  await warmUp(stack, client, worker)
  await settle(client)
  await close()
  await stack.recycle()
  await clone(stack.adminUrl, databaseName, 'before')

  say('the billing run')
  const run = await measure(stack, worker)
  say('the same rows by bare SQL')
  const bare = await bareRate(stack.adminUrl, { before: 'before', finished: databaseName })
  const rate = SUBSCRIPTIONS / run.seconds
  const bareInvoices = SUBSCRIPTIONS / bare.seconds
  return [
    {
      bench: 'billing_run',
      value: round(rate),
      unit: 'invoices/s',
      ratio: round(rate / bareInvoices, 3),
      bare: round(bareInvoices),
      bare_connections: bare.connections,
      seconds: round(run.seconds, 2),
      invoices: SUBSCRIPTIONS,
      pages: bare.pages,
      rows_per_invoice: round(bare.rows / SUBSCRIPTIONS, 1),
      wal_bytes_per_invoice: round(run.walBytes / SUBSCRIPTIONS),
      bare_wal_bytes_per_invoice: round(bare.walBytes / SUBSCRIPTIONS),
      cores_busy: run.coresBusy,
    },
  ]
}

async function newOrganizations(stack: Stack, count: number): Promise<readonly string[]> {
  const ids: string[] = []
  for (let n = 1; n <= count; n++) {
    const wanted = {
      name: `Organization ${n}`,
      mode: 'live',
      stripeKey: null,
      operator: false,
      sealingKey: stack.sealingKey,
    } as const
    const { id } = await createOrganization(stack.databaseUrl, wanted)
    ids.push(decodeId('organization', id) ?? '')
  }
  return ids
}

/** By its own request, so that nobody else's subscriptions are billed. */
async function warmUp(stack: Stack, client: pg.Client, worker: LocalWorker): Promise<void> {
  say(`warming up with ${WARM_UP} others`)
  const wanted = {
    name: 'Warm-up',
    mode: 'live',
    stripeKey: null,
    operator: false,
    sealingKey: stack.sealingKey,
  } as const
  const { id, key } = await createOrganization(stack.databaseUrl, wanted)
  const organizations = [decodeId('organization', id) ?? '']
  await seed(client, { organizations, accounts: WARM_UP, subscriptions: WARM_UP, invoices: 0, due: true })
  const response = await fetch(`${worker.bareUrl}/v1/billing_runs`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: '{}',
  })
  if (response.status !== 202) throw new Error(`the warm-up was refused: ${await response.text()}`)
  await finished(client, 1)
  await relayed(client)
}

type Run = {
  readonly seconds: number
  readonly walBytes: number
  readonly coresBusy: ReturnType<typeof coresBusy>
}

async function measure(stack: Stack, worker: LocalWorker): Promise<Run> {
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    const pid = await one<number>(client, 'select pg_backend_pid() as value')
    const cpu = () => cpuNow({ backendPid: pid, proxyPid: stack.servicesPid })
    const startedAt = new Date()
    const before = { cpu: cpu(), wal: await walPosition(client), at: performance.now() }
    const cron = worker.scheduled('* * * * *')
    await finished(client, 2)
    const seconds = (performance.now() - before.at) / 1_000
    const after = { cpu: cpu(), wal: await walPosition(client) }
    await cron
    await relayed(client)
    await verify(client, startedAt)
    return { seconds, walBytes: after.wal - before.wal, coresBusy: coresBusy(before.cpu, after.cpu, seconds) }
  } finally {
    await client.end()
  }
}

/** So many runs with every range worked through: the row of a range follows its last page. */
async function finished(client: pg.Client, runs: number): Promise<void> {
  await until(
    client,
    `select (count(*) = ${runs} and sum(ranges) = (select count(*) from billing_run_ranges)) as value from billing_runs`,
  )
}

async function relayed(client: pg.Client): Promise<void> {
  await until(client, 'select not exists (select from commits where relayed_at is null) as value')
}

async function until(client: pg.Client, query: string): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  while (!(await one<boolean>(client, query))) {
    if (performance.now() > deadline) throw new Error(`not so after ${TIMEOUT_MS} ms: ${query}`)
    await sleep(POLL_MS)
  }
}

/** A fast run that bills wrongly is no result. Each of these counts something that must not be there. */
const faults = {
  'new invoices besides one a subscription': `select abs(count(*) - ${SUBSCRIPTIONS}) from made`,
  'subscriptions billed other than once': `select ${SUBSCRIPTIONS} - count(distinct subscription_id) from made`,
  'invoices that share a number': 'select count(*) - count(distinct (organization_id, number)) from invoices',
  'invoices without their line': `select count(*) from made i where (select sum(amount) from invoice_lines l
    where l.organization_id = i.organization_id and l.invoice_id = i.id) is distinct from i.subtotal`,
  'invoices without their claim': `select count(*) from made i where not exists (select from billed b
    where b.organization_id = i.organization_id and b.subscription_id = i.subscription_id and b.invoice_id = i.id)`,
  'invoices not posted': `select count(*) from made i where (select sum(amount) from ledger_entries e
    where e.document_id = i.id and e.ledger_account = 'receivable') is distinct from i.total`,
  'currencies out of balance': `select count(*) from (select from ledger_entries group by organization_id, currency
    having sum(amount) <> 0) as unbalanced`,
  'events besides three an invoice': `select abs(count(*) - ${3 * SUBSCRIPTIONS}) from events where id >= (select id from made order by id limit 1)`,
  'subscriptions that did not move by one period': `select count(*) from subscriptions s
    join made i on i.organization_id = s.organization_id and i.subscription_id = s.id
    where (s.version, s.period_start, s.period_end) is distinct from (2, i.period_start, i.period_end)`,
  'accounts left due': 'select count(*) from accounts where next_billing_at <= now()',
  'subscriptions left due': 'select count(*) from subscriptions where period_end <= now()',
  'accounts left or failed': 'select coalesce(sum("left" + failed), 0) from billing_run_ranges',
} as const

async function verify(client: pg.Client, startedAt: Date): Promise<void> {
  await client.query(
    `create temporary table made as select * from invoices where issued_at >= '${startedAt.toISOString()}'::timestamptz`,
  )
  await client.query('create index on ledger_entries (document_id)')
  const found: string[] = []
  for (const [what, query] of Object.entries(faults)) {
    const count = Number(await one<string>(client, `select (${query})::text as value`))
    if (count !== 0) found.push(`${what}: ${count}`)
  }
  if (found.length > 0) throw new Error(`the run is wrong: ${found.join(' · ')}`)
}

async function walPosition(client: pg.Client): Promise<number> {
  return Number(await one<string>(client, `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as value`))
}

async function one<T>(client: pg.Client, query: string): Promise<T> {
  const { rows } = await client.query<{ value: T }>(query)
  const [row] = rows
  if (row === undefined) throw new Error(`no row: ${query}`)
  return row.value
}

/** Nobody may be connected to the original meanwhile. */
async function clone(adminUrl: string, original: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  await client.query(`create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(original)}`)
  await client.query('checkpoint')
  await client.end()
}
