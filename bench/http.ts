import pg from 'pg'
import { createOrganization } from '../dev/organization.ts'
import { decodeId, encodeId, type Id } from '../src/kernel/id.ts'
import { type Ends, type Result, round, say } from './bench.ts'
import { coresBusy, cpuNow } from './cpu.ts'
import { type Ask, ask, load } from './load.ts'
import { seed, settle } from './seed.ts'
import { databaseName, type Stack, startStack } from './stack.ts'

const CLIENTS = [1, 8, 32]
const SECONDS = 4
const WARM_UP_SECONDS = 2
/** A POST uses one up; where they are over a measurement ends early. */
const ACCOUNTS = 20_000
const INVOICES = 5_000
/** Requests whose round trips are counted one by one. */
const COUNTED = 5
/** Above this the generator's own thread is what limits. */
const GENERATOR_LIMIT = 0.9
const PLAN = 'pro'

export type Scenario = {
  readonly name: string
  readonly charged: boolean
  readonly asks: (world: World) => Generator<Ask, undefined>
  /** Counts something that must not be there, given how many requests were answered. */
  readonly fault: ((answered: number) => string) | null
}

export type World = {
  readonly key: string
  readonly accounts: readonly Id<'account'>[]
  readonly subscriptions: readonly Id<'subscription'>[]
}

/** Requests a second at 1, 8 and 32 clients, and the round trips of one request with warm caches. */
export async function measure(ends: Ends, scenario: Scenario): Promise<readonly Result[]> {
  const stack = await startStack(ends, { stripe: scenario.charged })
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  ends.push(() => client.end())
  const organization = await newOrganization(stack)
  say(`seeding ${ACCOUNTS} accounts`)
  const organizations = [organization.id]
  await seed(client, {
    organizations,
    accounts: ACCOUNTS,
    subscriptions: ACCOUNTS,
    invoices: INVOICES,
    due: false,
  })
  const quiet = await stack.startWorker({ consumers: false })
  await prepare(client, quiet.bareUrl, organization, scenario.charged)
  await settle(client)
  await stack.recycle()

  const asks = scenario.asks(await worldOf(client, organization))
  const trips = await tripsOf(stack, quiet.bareUrl, asks)
  const worker = await stack.startWorker()
  const pid = Number((await client.query('select pg_backend_pid() as pid')).rows[0]?.pid)
  const cpu = () => cpuNow({ backendPid: pid, proxyPid: stack.servicesPid })
  say('warming up')
  const warm = await load(worker.bareUrl, asks, { clients: 8, seconds: WARM_UP_SECONDS })
  let answered = WARM_REQUESTS + COUNTED + warm.answered
  const results: Result[] = []
  for (const clients of CLIENTS) {
    say(`${clients} clients`)
    const before = cpu()
    const { seconds, answered: here, ...latencies } = await load(worker.bareUrl, asks, { clients, seconds: SECONDS })
    const busy = coresBusy(before, cpu(), seconds)
    if (busy !== null && busy.bench > GENERATOR_LIMIT) say('the load generator is what limits')
    answered += here
    results.push({
      ...{ bench: scenario.name, value: round(here / seconds), unit: 'requests/s', clients, ...latencies, trips },
      ...{ answered: here, cores_busy: busy },
    })
  }
  const wrong = scenario.fault && Number((await client.query(scenario.fault(answered))).rows[0]?.wrong)
  if (wrong !== null && wrong !== 0) throw new Error(`${scenario.name}: ${wrong} of ${answered} answers are not true`)
  return results
}

type Organization = { readonly id: string; readonly key: string }

async function newOrganization({ databaseUrl, sealingKey }: Stack): Promise<Organization> {
  const wanted = { name: 'Bench', mode: 'sandbox', stripeKey: 'sk_test_bench', sealingKey, operator: false } as const
  const { id, key } = await createOrganization(databaseUrl, wanted)
  return { id: decodeId('organization', id) ?? '', key }
}

/** A plan that nobody has; for charges one card that works, shared by all, since the emulator does not mind. */
async function prepare(client: pg.Client, url: string, { id, key }: Organization, charged: boolean): Promise<void> {
  const post = async (path: string, body: unknown) =>
    JSON.parse(await ask(url, { method: 'POST', path, key, body: JSON.stringify(body) })) as { readonly id: string }
  const prices = [{ currency: 'USD', interval: 'month', unit_amount: '9900' }]
  await post('/v1/plans', { code: PLAN, name: 'Pro', prices })
  if (!charged) return
  const account = await post('/v1/accounts', { email: 'jane@startup.example', name: 'Jane' })
  await post(`/v1/accounts/${account.id}/payment_methods`, { token: 'pm_card_visa' })
  await client.query(
    `insert into payment_methods (organization_id, id, account_id, gateway_account_id, gateway_customer, gateway_method,
       kind, brand, last4, expiry_month, expiry_year, created_at)
     select a.organization_id, uuidv7(), a.id, m.gateway_account_id, m.gateway_customer, m.gateway_method, m.kind, m.brand,
       m.last4, m.expiry_month, m.expiry_year, m.created_at
     from accounts a, payment_methods m where a.organization_id = $1 and a.default_payment_method_id is null`,
    [id],
  )
  await client.query(
    `update accounts a set collection = 'automatic', default_payment_method_id = m.id from payment_methods m
     where a.organization_id = $1 and m.organization_id = $1 and m.account_id = a.id and a.default_payment_method_id is null`,
    [id],
  )
}

async function worldOf(client: pg.Client, { id, key }: Organization): Promise<World> {
  const subscriptions = await client.query<{ id: Id<'subscription'>; account_id: Id<'account'> }>(
    'select id, account_id from subscriptions where organization_id = $1 order by md5(id::text)',
    [id],
  )
  return {
    key,
    accounts: subscriptions.rows.map((row) => row.account_id),
    subscriptions: subscriptions.rows.map((row) => row.id),
  }
}

const WARM_REQUESTS = 3

/** On a Worker whose queues nobody consumes: what the relay does afterwards is not the request's. The most of a few. */
async function tripsOf(stack: Stack, url: string, asks: Generator<Ask, undefined>): Promise<number> {
  const counted: number[] = []
  for (let n = 1; n <= WARM_REQUESTS + COUNTED; n++) {
    const next = asks.next()
    if (next.done) throw new Error('there is nothing to ask')
    const before = await tripsSoFar(stack)
    await ask(url, next.value)
    if (n > WARM_REQUESTS) counted.push((await tripsSoFar(stack)) - before)
  }
  return Math.max(...counted)
}

async function tripsSoFar({ neon }: Stack): Promise<number> {
  const response = await fetch(`${neon}/_control/trips?database=${databaseName}`)
  return ((await response.json()) as { readonly trips: number }).trips
}

export function* newSubscriptions({ key, accounts }: World): Generator<Ask, undefined> {
  for (const account of accounts) {
    const body = JSON.stringify({ account: encodeId('account', account), plan: PLAN })
    yield { method: 'POST', path: '/v1/subscriptions', key, body }
  }
}

/** Those of the plan that the bench itself sells. */
export const sold = `(select count(*) from subscriptions s join plans p on p.id = s.plan_id where p.code = '${PLAN}')`
