import { encodeId, type Id, idsOfCommit } from '../kernel/id.ts'
import { externalKeyTaken, type Rejection } from '../kernel/rejection.ts'
import { findZone } from '../kernel/zone.ts'
import { getOrganization } from '../organizations/repository.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { changedMeanwhile, commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { keyRecordOf, replayOf } from '../platform/http/idempotency.ts'
import { pageOf, pageSchema } from '../platform/http/pagination.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import type { Account } from './domain/account.ts'
import { createAccount, type Location, type NewAccount } from './domain/create.ts'
import {
  accountById,
  accountFrom,
  accountPage,
  accountRows,
  clockOf,
  findClock,
  methodFrom,
  methodsOf,
} from './repository.ts'
import { accountQuerySchema, accountSchema, accountToWire, addressFromWire, newAccountSchema } from './schemas.ts'

export const accountRoutes = router()

/** More would make an advance of the clock slow. */
const MAX_ACCOUNTS_A_CLOCK = 100

route(
  accountRoutes,
  {
    method: 'post',
    path: '/accounts',
    tags: ['Accounts'],
    summary: 'Create an account',
    description:
      'Email and name suffice. Two accounts may share an email, never an external key. Country and time zone are taken from where the request comes from and marked as guessed unless they are given; a guessed country decides no tax.',
    request: { body: jsonBody(newAccountSchema) },
    responses: answers(201, accountSchema, 'The new account'),
  },
  async (c) => {
    const body = c.req.valid('json')
    const { organizationId } = c.get('caller')
    // Before the clock is asked: it may be full by the account that the first request made.
    const again = body.test_clock === undefined ? null : await replayed(c)
    if (again !== null) return again
    const now = body.test_clock === undefined ? realNow() : await clockNow(c, body.test_clock)
    const { settings } = await getOrganization(c.get('database'), organizationId)
    const given: NewAccount = {
      organizationId,
      clockId: body.test_clock ?? null,
      email: body.email,
      name: body.name,
      currency: body.currency ?? settings.defaultCurrency,
      timezone: body.timezone ?? null,
      country: body.country ?? null,
      address: addressFromWire(body.address),
      taxExempt: body.tax_exempt,
      externalKey: body.external_key,
      collection: body.collection,
      paymentTermsDays: body.payment_terms_days ?? settings.terms.days,
      metadata: body.metadata,
    }
    return createWithPrefix(c, given, now, 0)
  },
)

route(
  accountRoutes,
  {
    method: 'get',
    path: '/accounts',
    tags: ['Accounts'],
    summary: 'List accounts, or look one up by email or external key',
    request: { query: accountQuerySchema },
    responses: answers(200, pageSchema(accountSchema, 'Account'), 'A page of accounts, newest first'),
  },
  async (c) => {
    const { email, external_key, overdue_status, ...page } = c.req.valid('query')
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const rows = await accountPage(database, organizationId, { email, external_key, overdue_status }, page)
    const ids = rows.map(({ id }) => id)
    const methods = ids.length === 0 ? [] : await methodsOf(database, organizationId, ids)
    const ofAccount = (row: Pick<Account, 'id'>) =>
      methods.filter(({ accountId }) => accountId === row.id).map(methodFrom)
    return c.json(pageOf(rows, page, (row) => accountToWire(accountFrom(row), ofAccount(row))))
  },
)

async function createWithPrefix(
  c: AppContext,
  given: NewAccount,
  now: Account['createdAt'],
  attempt: number,
): Promise<Response> {
  if (attempt > MAX_PREFIX_ATTEMPTS) throw changedMeanwhile()
  const commitId = newCommitId()
  const ids = idsOfCommit(commitId)
  const account = createAccount(given, { id: ids('account'), location: locationOf(c), prefixAttempt: attempt }, now)
  const body = accountToWire(account, [])
  const write = {
    id: commitId,
    cause: 'create_account',
    accounts: [{ ...guardOf(account), version: 0 }],
    fragments: [
      accountRows.created([account]),
      ...eventFragments([eventOf(c, commitId, ids, accountEvent(account, 'account.created', body, null))]),
    ],
  }
  try {
    return await commitAndAnswer(
      c,
      write,
      { status: 201, body },
      { accounts_external_key: externalKeyTaken('account', given.externalKey), accounts_invoice_prefix: prefixTaken },
    )
  } catch (error) {
    if (error instanceof Problem && error.code === prefixTaken.code) return createWithPrefix(c, given, now, attempt + 1)
    throw error
  }
}

/** The second try ends in digits of the id and the third in more of them: a fourth is never needed. */
const MAX_PREFIX_ATTEMPTS = 3

const prefixTaken: Rejection = {
  code: 'account_exists',
  detail: 'The invoice prefix is taken.',
  hint: 'Another one is chosen by itself.',
}

/** An account that is to be changed: not while its clock advances. */
export async function getAccountToChange(c: AppContext, id: Id<'account'>) {
  const { organizationId } = c.get('caller')
  const [found, [clock]] = await Promise.all([getAccount(c, id), clockOf(c.get('database'), organizationId, id)])
  if (clock?.target) throw clockBusy(clock.id)
  return found
}

export async function getAccount(c: AppContext, id: Id<'account'>) {
  const database = c.get('database')
  const { organizationId } = c.get('caller')
  const [[row], methods] = await database.orm.batch([
    accountById(database, organizationId, id),
    methodsOf(database, organizationId, [id]),
  ])
  if (row === undefined) throw missing('account', encodeId('account', id))
  return { account: accountFrom(row), methods: methods.map(methodFrom) }
}

/** The first answer, where the request's key was used before. */
async function replayed(c: AppContext): Promise<Response | null> {
  const idempotency = c.get('idempotency')
  if (idempotency === null) return null
  const [record] = await keyRecordOf(c.get('database'), c.get('caller').organizationId, idempotency)
  const replay = record === undefined ? null : replayOf(c, record)
  return replay?.kind === 'answered' ? replay.response : null
}

/** A time on the account's clock, where it has one. */
async function clockNow(c: AppContext, id: Id<'test_clock'>): Promise<Account['createdAt']> {
  const { organizationId, mode } = c.get('caller')
  if (mode !== 'sandbox') {
    throw new Problem('not_a_sandbox', {
      detail: 'Accounts of a live organization live in real time.',
      hint: 'Leave test_clock out, or use a key of a sandbox organization.',
    })
  }
  const clock = await findClock(c.get('database'), organizationId, id)
  if (clock === null) throw missing('test clock', encodeId('test_clock', id))
  if (clock.accounts >= MAX_ACCOUNTS_A_CLOCK) {
    throw new Problem('limit_reached', {
      detail: `A test clock has ${MAX_ACCOUNTS_A_CLOCK} accounts at most.`,
      hint: 'Make another test clock.',
    })
  }
  if (clock.target !== null) throw clockBusy(id)
  return clock.now
}

export function clockBusy(id: Id<'test_clock'>): Problem {
  return new Problem('clock_busy', {
    detail: `Test clock ${encodeId('test_clock', id)} is advancing.`,
    hint: 'Repeat the request once GET /v1/test_clocks/{id} says it is ready.',
    retryAfterSeconds: 1,
  })
}

/** Cloudflare's geolocation of the request; nothing of it is certain. */
function locationOf(c: AppContext): Location {
  const { cf } = c.req.raw as { readonly cf?: { readonly country?: string; readonly timezone?: string } }
  const country = cf?.country !== undefined && isCountry(cf.country) ? cf.country : null
  return { country, timezone: cf?.timezone === undefined ? null : findZone(cf.timezone) }
}

/** `T1` is Tor and `XX` nowhere. */
function isCountry(code: string): boolean {
  return /^[A-Z]{2}$/.test(code) && code !== 'XX'
}

function guardOf({ organizationId, id, version }: Account) {
  return { organizationId, accountId: id, id, version }
}

function accountEvent(account: Account, type: string, data: unknown, previous: Record<string, unknown> | null) {
  return { accountId: account.id, type, subjectId: account.id, sequence: account.version, data, previous }
}
