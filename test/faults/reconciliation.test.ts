import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { decodeId, encodeId, type Id } from '../../src/kernel/id.ts'
import { plusMs } from '../../src/kernel/instant.ts'
import { realNow } from '../../src/platform/clock.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import { lookAfter } from '../../src/reconciliation/jobs.ts'
import { keepFindings } from '../../src/reconciliation/keep.ts'
import { dueLooks } from '../../src/reconciliation/repository.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { type Books, booksOf, DAY_MS, rowOf, takesAtGateway } from '../support/reconciliation.ts'
import { database, sql } from '../support/sql.ts'
import { chargesRun, realTimePasses } from '../support/worker.ts'
import { newWorld, type World } from '../support/world.ts'

const bindings = env as unknown as Env

let world: World
let books: Books

beforeEach(async () => {
  world = await newWorld()
  books = await booksOf(world.client)
  await world.plan('pro')
})

afterEach(() => {
  vi.useRealTimers()
})

const HOUR_MS = 3_600_000
const unknownPayment = encodeId('payment', '01945a3e-7c00-7a10-8000-000000000001' as Id<'payment'>)

/** A payment of ours, and money that names one which we do not know. */
async function differs(): Promise<Json> {
  const jane = await world.account({ test_clock: undefined })
  const { payment } = await jane.subscribes('pro')
  await takesAtGateway(world.client, 700, { perennial_payment: unknownPayment })
  realTimePasses(2 * HOUR_MS)
  return payment
}

const run = () => world.client.post('/v1/reconciliation/runs', { gateway_account: books.gatewayAccount })

async function reconciledTo(): Promise<string | null> {
  return body(await world.client.get('/v1/reconciliation')).data[0].reconciled_to
}

async function expectFoundOnce(payment: Json): Promise<void> {
  expect(await books.differences()).toMatchObject([{ kind: 'unknown_here', actual: 700, status: 'open' }])
  expect(await books.events()).toHaveLength(1)
  const matched = 'select 1 from payments where id = $1 and balance_transaction is not null'
  expect(await sql(matched, rowOf('payment', payment.id))).toHaveLength(1)
  expect(await reconciledTo()).not.toBeNull()
}

describe('FR-071 a difference is found once', () => {
  test('by many who look at once', async () => {
    const payment = await differs()
    const replies = await Promise.all([run(), run(), run(), run()])
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(replies.reduce((sum, { body }) => sum + body.found, 0)).toBe(1)
    await expectFoundOnce(payment)
  })

  test('by many who keep it in the same moment', async () => {
    const organizationId = rowOf('organization', world.client.organization) as Id<'organization'>
    const kinds = ['unknown_here'] as const
    const look = { gatewayAccount: { organizationId, id: gatewayAccountId() }, kinds, objects: [], actor: 'test' }
    const amounts = { expected: null, actual: 700n, currency: null }
    const finding = {
      kind: 'unknown_here',
      gatewayObject: 'txn_1',
      object: null,
      ...amounts,
      detail: 'Of a test.',
    } as const
    const keeps = () => keepFindings(connect(bindings), { ...look, now: realNow() }, [finding])
    const kept = await Promise.all(Array.from({ length: 8 }, keeps))
    expect(kept.reduce((sum, { found }) => sum + found, 0)).toBe(1)
    expect(await books.differences()).toMatchObject([{ gateway_object: 'txn_1', actual: 700, currency: null }])
    expect(await books.events()).toHaveLength(1)
  })

  test('when the answer to its commit is lost', async () => {
    const payment = await differs()
    await database.losesReply('new_reconciliation_differences')
    expect(body(await run())).toMatchObject({ found: 1 })
    await expectFoundOnce(payment)
  })

  test.each([
    ['its commit does not get there', 'new_reconciliation_differences', 3],
    ['what matches does not get there', 'balance_transaction = m.entry', 1],
    ['how far it came is not kept', 'coalesce(reconciled_to', 1],
  ])('by the next run, when %s', async (_, matching, times) => {
    const payment = await differs()
    for (let lost = 0; lost < times; lost++) await database.losesRequest(matching)
    expectProblem(await run(), 503, 'database_unavailable')
    expect(await reconciledTo()).toBeNull()
    expect((await run()).status).toBe(200)
    await expectFoundOnce(payment)
  })

  test('by the next run, when the gateway is down', async () => {
    const payment = await differs()
    await world.gateway.down(true)
    expectProblem(await run(), 503, 'gateway_unavailable')
    expect(await reconciledTo()).toBeNull()
    await world.gateway.down(false)
    expect(body(await run())).toMatchObject({ entries: 2, found: 1 })
    await expectFoundOnce(payment)
  })

  test('when the gateway loses an answer, which is asked for again', async () => {
    const payment = await differs()
    const operation = 'get_balance_transactions'
    await world.gateway.fault({ match: { operation }, times: 2, fault: 'drop_before' })
    expect(body(await run())).toMatchObject({ entries: 2, found: 1 })
    await expectFoundOnce(payment)
  })
})

test('FR-071 more than can be read at once is read in pieces, each entry once', async () => {
  const MANY = 1_100
  const begun = Date.now()
  for (let made = 0; made < MANY; made += 50) {
    if (made === MANY / 2) await world.gateway.passes(60)
    await Promise.all(Array.from({ length: 50 }, () => takesAtGateway(world.client, 100)))
  }
  const payment = await differs()
  // A window that is not much longer than what happened in it: a day of overlap before, an hour that is left after.
  vi.setSystemTime(Date.now() - HOUR_MS + 90_000)
  const readTo = new Date(begun + DAY_MS - 1_000).toISOString()
  await sql('update gateway_accounts set reconciled_to = $1 where id = $2', readTo, gatewayAccountId())
  expect(body(await run())).toEqual({ entries: MANY + 2, matched: 1, not_ours: MANY, found: 1, vanished: 0 })
  await expectFoundOnce(payment)
})

test('FR-071 more differences than a run looks at are looked at in turn, so that what is mended vanishes', async () => {
  const MANY = 200
  for (let made = 0; made < MANY; made += 50) {
    const wrong = () => takesAtGateway(world.client, 700, { perennial_payment: unknownPayment })
    await Promise.all(Array.from({ length: 50 }, wrong))
  }
  await world.gateway.passes(60)
  const payment = await differs()
  await sql('update payments set amount = 5000 where id = $1', rowOf('payment', payment.id))
  expect(body(await run())).toMatchObject({ entries: MANY + 2, found: MANY + 2 })
  realTimePasses(9 * DAY_MS)
  expect(body(await run())).toMatchObject({ found: 0, vanished: 0 })
  await sql('update payments set amount = 4900 where id = $1', rowOf('payment', payment.id))
  const runs = [body(await run()), body(await run())]
  expect(runs.map(({ found, vanished }) => [found, vanished])).toContainEqual([0, 1])
  expect(await books.differences('status=closed')).toMatchObject([{ kind: 'amount', resolution: 'vanished' }])
})

const noEvents = async () => {}

function gatewayAccountId(): Id<'gateway_account'> {
  return rowOf('gateway_account', books.gatewayAccount) as Id<'gateway_account'>
}

/** The hour of the organization's gateway account. */
function isLookedAfter(findMissedEvents: Parameters<typeof lookAfter>[3] = noEvents): Promise<void> {
  return lookAfter(bindings, connect(bindings), gatewayAccountId(), findMissedEvents)
}

describe('FR-071 by the hour', () => {
  test('each gateway account is taken by one of many, and not again before another hour', async () => {
    await newWorld()
    const mine = connect(bindings)
    const now = plusMs(realNow(), 3 * HOUR_MS)
    const taken = (await Promise.all([dueLooks(mine, now, 100), dueLooks(mine, now, 100)])).flat()
    expect(taken.filter((id) => id === gatewayAccountId())).toHaveLength(1)
    expect(new Set(taken).size).toBe(taken.length)
    expect(await dueLooks(mine, plusMs(now, HOUR_MS - 1), 100)).toEqual([])
    expect(await dueLooks(mine, plusMs(now, HOUR_MS), 1)).toHaveLength(1)
    expect((await dueLooks(mine, plusMs(now, HOUR_MS), 100)).length).toBe(taken.length - 1)
  })

  test('missed events are looked for, and once a day the books are compared', async () => {
    const payment = await differs()
    const asked: string[] = []
    const findMissedEvents: Parameters<typeof lookAfter>[3] = async (_env, _database, { id }) => {
      asked.push(encodeId('gateway_account', id))
    }
    await isLookedAfter(findMissedEvents)
    await expectFoundOnce(payment)
    const to = await reconciledTo()
    realTimePasses(22 * HOUR_MS)
    await isLookedAfter(findMissedEvents)
    expect(await reconciledTo()).toBe(to)
    realTimePasses(HOUR_MS)
    await isLookedAfter(findMissedEvents)
    expect(await reconciledTo()).not.toBe(to)
    expect(asked).toEqual([books.gatewayAccount, books.gatewayAccount, books.gatewayAccount])
    expect(await books.events()).toMatchObject([{ actor: 'reconciliation' }])
  })

  test('a part that fails does not hold up the others', async () => {
    const payment = await differs()
    const failing = async () => {
      throw new Error('the list of events is lost')
    }
    await expect(isLookedAfter(failing)).rejects.toThrow('a part of the look failed')
    await expectFoundOnce(payment)
  })

  test('what has had no answer for a day is a difference, until it has', async () => {
    const jane = await world.account({ test_clock: undefined })
    const confirm = 'post_payment_intents_intent_confirm'
    await world.gateway.fault({ match: { operation: confirm }, fault: 'drop_before', times: 1 })
    const { payment } = await jane.subscribes('pro')
    expect(payment).toMatchObject({ status: 'pending', outcome: 'unknown' })
    const [attempt] = body(await world.client.get(`/v1/payments/${payment.id}/attempts`)).data
    realTimePasses(DAY_MS - HOUR_MS)
    await isLookedAfter()
    expect(await books.differences()).toEqual([])
    expect(body(await world.client.get('/v1/reconciliation')).data).toMatchObject([{ unanswered: 1 }])
    realTimePasses(HOUR_MS)
    await isLookedAfter()
    await isLookedAfter()
    expect(await books.differences()).toMatchObject([
      { kind: 'unanswered', gateway_object: attempt.id, object: attempt.id, expected: 4900, actual: null },
    ])
    await chargesRun()
    await isLookedAfter()
    expect(await books.differences()).toMatchObject([{ kind: 'unanswered', resolution: 'vanished' }])
    expect((await books.events()).map(({ type }) => type)).toEqual([
      'reconciliation.difference_found',
      'reconciliation.difference_closed',
    ])
    expect(body(await world.client.get('/v1/reconciliation')).data).toMatchObject([{ unanswered: 0 }])
  })

  test('a debit on its way for days is not without an answer', async () => {
    const jane = await world.account({ test_clock: undefined, card: 'pm_usBankAccount_success' })
    const { payment } = await jane.subscribes('pro')
    expect(payment).toMatchObject({ status: 'pending', outcome: 'processing' })
    realTimePasses(3 * DAY_MS)
    await isLookedAfter()
    expect(await books.differences()).toEqual([])
  })

  /** So many events have come, one each millisecond from an instant on, and could not be applied. */
  const comeInVain = (count: number, name = 'evt', since = 'now()') =>
    sql(
      `insert into gateway_events (organization_id, gateway_account_id, event_id, type, object_id, source, received_at, next_at, error)
       select $1, $2, $4 || '_' || n, 'refund.created', 're_1', 'webhook', ${since} + n * interval '1 ms', now(), 'Not here yet.'
       from generate_series(1, $3::int) n`,
      ...[decodeId('organization', world.client.organization), gatewayAccountId(), count, name],
    )
  const isApplied = () => sql("update gateway_events set applied_at = now() where event_id = 'evt_1'")
  const standing = async () => body(await world.client.get('/v1/reconciliation')).data[0]

  test('an event that could not be applied for three days is a difference, until it is', async () => {
    await comeInVain(1)
    realTimePasses(3 * DAY_MS - HOUR_MS)
    await isLookedAfter()
    expect(await books.differences()).toEqual([])
    expect(await standing()).toMatchObject({ events_waiting: 1 })
    realTimePasses(HOUR_MS + 1_000)
    await isLookedAfter()
    await isLookedAfter()
    expect(await books.differences()).toMatchObject([
      { kind: 'not_applied', gateway_object: 'evt_1', object: null, detail: expect.stringContaining('Not here yet.') },
    ])
    await isApplied()
    await isLookedAfter()
    expect(await books.differences('status=open')).toEqual([])
    expect(await standing()).toMatchObject({ events_waiting: 0 })
  })

  test('what is applied at last vanishes, and what waits is told, however much waits besides', async () => {
    await comeInVain(200)
    realTimePasses(3 * DAY_MS + 2_000)
    await isLookedAfter()
    await isApplied()
    await comeInVain(401, 'before', "now() - interval '1 minute'")
    await isLookedAfter()
    expect(await books.differences('status=closed')).toMatchObject([
      { gateway_object: 'evt_1', resolution: 'vanished' },
    ])
    expect(await standing()).toMatchObject({ open_differences: { not_applied: 400 } })
  })

  test('what was accepted as it is makes room for what waits behind it', async () => {
    await comeInVain(201)
    realTimePasses(3 * DAY_MS + 2_000)
    await isLookedAfter()
    const accepted = "status = 'closed', resolution = 'accepted', closed_at = now()"
    await sql(`update reconciliation_differences set ${accepted} where gateway_account_id = $1`, gatewayAccountId())
    await isLookedAfter()
    expect(await books.differences('status=open')).toMatchObject([{ gateway_object: 'evt_201' }])
  })
})
