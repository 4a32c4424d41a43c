import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import { plusMs, toIso } from '../../kernel/instant.ts'
import type { Database } from './client.ts'
import { databaseFault, GUARD_LOST, OutcomeUnknown } from './fault.ts'
import type { Fragment } from './fragment.ts'

/** Version 0 means: this commit makes the row. */
type Guard<K extends 'account' | 'subscription'> = {
  readonly organizationId: Id<'organization'>
  readonly accountId: Id<'account'>
  readonly id: Id<K>
  readonly version: number
}

export type CommitRequest = {
  readonly id: Id<'commit'>
  readonly organizationId: Id<'organization'> | null
  /** What asked for it: a command, a job. Shown in the audit log. */
  readonly cause: string
  readonly accounts: readonly Guard<'account'>[]
  readonly subscriptions: readonly Guard<'subscription'>[]
  readonly fragments: readonly Fragment[]
  /**
   * `every`: all guards hold or nothing is written. `winners`: an account that lost is left out and its neighbours are
   * written; only for several accounts at once, which carry no idempotency key.
   */
  readonly mode: 'every' | 'winners'
  /** Something follows from it that the relay must be told of. */
  readonly follows?: boolean
  readonly idempotency?: IdempotencyRecord | undefined
}

type IdempotencyRecord = {
  readonly key: string
  readonly fingerprint: string
  readonly at: Instant
  readonly answer: Answer | null
  readonly resume: unknown
}

export type Answer = { readonly status: number; readonly body: string }

export type CommitOutcome =
  | { readonly kind: 'committed'; readonly winners: ReadonlySet<Id<'account'>>; readonly late: LateValues }
  /** A guard was lost: someone else wrote first. Read again and decide again. */
  | { readonly kind: 'conflict' }
  /** The idempotency key is taken. */
  | { readonly kind: 'replayed' }
  /** A constraint of the database refused it; nothing was written. */
  | { readonly kind: 'violated'; readonly constraint: string }

/** Placeholder → value, for what only the statement knows: the next number of an organization-wide series. */
export type LateValues = Readonly<Record<string, string>>

const TRIES = 3
/** How long a request that carries an idempotency key may take before a replay may finish its work. */
export const LEASE_MS = 30_000

/**
 * The one door for every fact: one atomic round trip. Repeating it with the same request is safe, because the commit's
 * own row refuses the second application; that is also how a lost reply is told from a lost request.
 */
export async function commit(database: Database, request: CommitRequest): Promise<CommitOutcome> {
  const statements = statementsOf(request)
  for (let attempt = 1; ; attempt++) {
    try {
      const queries = statements.map(([text, parameters]) => database.http.query(text, parameters as unknown[]))
      const results = await database.http.transaction(queries)
      const row = results.at(-1)?.rows[0] as { winners: Id<'account'>[] | null; late: LateValues | null } | undefined
      return { kind: 'committed', winners: new Set(row?.winners ?? []), late: row?.late ?? {} }
    } catch (error) {
      const settled = await outcomeOf(database, request, error)
      if (settled !== 'again') return settled
      if (attempt === TRIES) throw new OutcomeUnknown('the commit got no answer', { cause: error })
    }
  }
}

async function outcomeOf(database: Database, request: CommitRequest, error: unknown): Promise<CommitOutcome | 'again'> {
  const fault = databaseFault(error)
  switch (fault?.kind) {
    case 'unavailable':
    case 'not_applied':
      return 'again'
    case 'raised':
      if (fault.sqlState === GUARD_LOST) return { kind: 'conflict' }
      throw error
    case 'violated':
      if (fault.constraint === 'commits_pkey') return alreadyApplied(database, request.id)
      if (fault.constraint === 'idempotency_keys_pkey') return { kind: 'replayed' }
      return { kind: 'violated', constraint: fault.constraint }
    default:
      throw error
  }
}

/** Every account that won has an event in the commit. */
async function alreadyApplied(database: Database, id: Id<'commit'>): Promise<CommitOutcome> {
  const { rows } = await database.http.query(
    `select c.late, (select json_agg(distinct e.account_id) from events e where e.commit_id = c.id and e.account_id is not null) as winners
       from commits c where c.id = $1`,
    [id],
  )
  const row = rows[0] as { winners: Id<'account'>[] | null; late: LateValues | null } | undefined
  return { kind: 'committed', winners: new Set(row?.winners ?? []), late: row?.late ?? {} }
}

type Statement = readonly [text: string, parameters: readonly unknown[]]

function statementsOf(request: CommitRequest): readonly Statement[] {
  const { id, organizationId, cause, idempotency, accounts, follows = false } = request
  const statements: Statement[] = [
    [
      'insert into commits (id, organization_id, cause, relayed_at) values ($1, $2, $3, case when $4 then null else now() end)',
      [id, organizationId, cause, follows],
    ],
  ]
  if (idempotency) {
    const { key, fingerprint, at, answer, resume } = idempotency
    statements.push([
      `insert into idempotency_keys (organization_id, key, fingerprint, commit_id, status, body, resume, leased_until, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        organizationId,
        key,
        fingerprint,
        id,
        answer?.status ?? null,
        answer?.body ?? null,
        resume === null ? null : JSON.stringify(resume),
        toIso(plusMs(at, LEASE_MS)),
        toIso(at),
      ],
    ])
  }
  // Lock order everywhere: accounts by id first. Two pages in opposite order would deadlock.
  if (accounts.length > 0) {
    statements.push([
      `select id from accounts where (organization_id, id) in
         (select organization_id, id from json_to_recordset($1::json) as g(organization_id uuid, id uuid))
       order by id for update`,
      [JSON.stringify(accounts.map(({ organizationId, id }) => ({ organization_id: organizationId, id })))],
    ])
  }
  statements.push(writes(request))
  return statements
}

/** One statement of CTEs: the guards, then every feature's fragment joined to the accounts that won. */
function writes(request: CommitRequest): Statement {
  const parameters: unknown[] = []
  const bind = (value: unknown) => `$${parameters.push(value)}`
  const fragments = request.fragments.filter((fragment) => fragment.rows.length > 0)
  const ctes: string[] = []
  if (request.accounts.length > 0) ctes.push(winners(bind, request))
  let late = false
  const bound = fragments.map(({ name, rows, statement }): BoundFragment => {
    const parameter = bind(JSON.stringify(rows))
    ctes.push(`${name} as (${statement(parameter, late)})`)
    late ||= name === 'late'
    return { name, rows: rows.length, parameter }
  })
  if (late) {
    ctes.push(`kept_late as (update commits set late = (select json_object_agg(placeholder, value) from late)
      where id = ${bind(request.id)})`)
    if (request.idempotency?.answer) ctes.push(lateAnswer(bind, request, request.idempotency.key))
  }
  const select = [
    request.accounts.length > 0 ? '(select json_agg(id) from winners) as winners' : 'null::json as winners',
    late ? '(select json_object_agg(placeholder, value) from late) as late' : 'null::json as late',
  ]
  select.push(mustWin(request, bound))
  return [
    `with ${ctes.length > 0 ? ctes.join(',\n') : 'nothing as (select 1)'}\nselect ${select.join(', ')}`,
    parameters,
  ]
}

function winners(bind: (value: unknown) => string, { accounts, subscriptions }: CommitRequest): string {
  const json = (guards: readonly Guard<'account' | 'subscription'>[]) =>
    bind(
      JSON.stringify(
        guards.map(({ organizationId, accountId, id, version }) => ({
          organization_id: organizationId,
          account_id: accountId,
          id,
          version,
        })),
      ),
    )
  const shape = 'g(organization_id uuid, account_id uuid, id uuid, version integer)'
  const existing = subscriptions.filter(({ version }) => version > 0)
  const lost =
    existing.length === 0
      ? ''
      : ` and g.id not in (select g.account_id from json_to_recordset(${json(existing)}::json) as ${shape}
           left join subscriptions s on s.organization_id = g.organization_id and s.id = g.id and s.version = g.version
           where s.id is null)`
  return `winners as materialized (select g.id from json_to_recordset(${json(accounts)}::json) as ${shape}
    left join accounts a on a.organization_id = g.organization_id and a.id = g.id
    where (g.version = 0 or a.version = g.version)${lost})`
}

/** The stored answer names the late number too. */
function lateAnswer(bind: (value: unknown) => string, request: CommitRequest, key: string): string {
  return `late_answer as (update idempotency_keys k set body = replace(k.body, late.placeholder, late.value) from late
    where k.organization_id = ${bind(request.organizationId)} and k.key = ${bind(key)}
      and position(late.placeholder in k.body) > 0)`
}

type BoundFragment = { readonly name: string; readonly rows: number; readonly parameter: string }

/** Rows of these are changed by the winners for certain: their versions are the guards. */
const guarded = ['changed_accounts', 'changed_standings', 'changed_subscriptions', 'changed_periods']

/**
 * Raises GUARD_LOST, which undoes the whole transaction with its idempotency key: where every guard must hold and one was
 * lost, and where a row of a winner, such as a payment, is not as it was read.
 */
function mustWin({ accounts, mode }: CommitRequest, fragments: readonly BoundFragment[]): string {
  const counted = fragments.filter(({ name }) => name.startsWith('changed_') && !guarded.includes(name))
  const found = counted.map(({ name }) => `(select count(*) from ${name})`)
  if (mode === 'every') {
    const expected = accounts.length + counted.reduce((sum, { rows }) => sum + rows, 0)
    const won = accounts.length > 0 ? '(select count(*) from winners)' : '0'
    return `commit_must_win(${expected}, (${[won, ...found].join(' + ')})::integer)`
  }
  if (counted.length === 0) return 'true'
  const expected = counted.map(
    ({ parameter }) =>
      `(select count(*) from json_to_recordset(${parameter}::json) as r(account_id uuid) join winners w on w.id = r.account_id)`,
  )
  return `commit_must_win((${expected.join(' + ')})::integer, (${found.join(' + ')})::integer)`
}
