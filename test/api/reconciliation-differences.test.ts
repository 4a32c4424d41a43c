import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { encodeId, type Id } from '../../src/kernel/id.ts'
import { realNow } from '../../src/platform/clock.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import { takeOpen } from '../../src/reconciliation/repository.ts'
import { body, clientOf, type Json, organization } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { type Books, booksOf, disputesAtGateway, rowOf, takesAtGateway } from '../support/reconciliation.ts'
import { storesNothing } from '../support/rows.ts'
import { sql } from '../support/sql.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World
let books: Books

beforeEach(async () => {
  world = await newWorld()
  books = await booksOf(world.client)
})

afterEach(() => {
  vi.useRealTimers()
})

const unknownPayment = (n: number) => encodeId('payment', `01945a3e-7c00-7a10-8000-00000000000${n}` as Id<'payment'>)

/** Differences of these amounts, the newest last. */
async function differ(...amounts: readonly number[]): Promise<readonly Json[]> {
  const found: Json[] = []
  for (const [n, amount] of amounts.entries()) {
    await takesAtGateway(world.client, amount, { perennial_payment: unknownPayment(n + 1) })
    expect(await books.reconciles()).toMatchObject({ found: 1 })
    found.push(...(await books.differences()).filter(({ actual }) => actual === amount))
  }
  return found
}

const at = ({ id }: Json, what = '') => `/v1/reconciliation/differences/${id}${what}`

describe('FR-071 whoever looks into a difference', () => {
  test('takes it, and gives it back', async () => {
    const [difference] = await differ(700)
    const taken = body(await world.client.patch(at(difference), { owner: ' jane ' }))
    expect(taken).toEqual({ ...difference, owner: 'jane' })
    expect(body(await world.client.get(at(difference)))).toEqual(taken)
    expect(body(await world.client.patch(at(difference), { owner: null }))).toEqual(difference)
    const told = await books.events()
    expect(told.slice(1)).toMatchObject([
      { type: 'reconciliation.difference_assigned', data: taken, previous: { owner: null }, sequence: 2 },
      { type: 'reconciliation.difference_assigned', data: difference, previous: { owner: 'jane' }, sequence: 3 },
    ])
    for (const { actor } of told) expect(actor).toMatch(/^key_/)
    // Found again it is the same, and still somebody's.
    await world.client.patch(at(difference), { owner: 'john' })
    expect(await books.reconciles()).toMatchObject({ found: 0, vanished: 0 })
    expect(await books.differences()).toMatchObject([{ id: difference.id, owner: 'john' }])
  })

  test.each([
    ['accepted', 0],
    ['not_ours', 0],
    ['corrected', 1],
  ])('closes it as %s: found again %i times', async (resolution, again) => {
    const [difference] = await differ(700)
    const closed = body(await world.client.post(at(difference, '/close'), { resolution, note: 'A test of the till.' }))
    expect(closed).toEqual({
      ...{ ...difference, status: 'closed', resolution, note: 'A test of the till.' },
      closed_at: expect.stringMatching(/Z$/),
    })
    expect((await books.events()).at(-1)).toMatchObject({
      ...{ type: 'reconciliation.difference_closed', data: closed, sequence: 2 },
      previous: { status: 'open', resolution: null, note: null, closed_at: null },
    })
    expect(await books.reconciles()).toMatchObject({ found: again, vanished: 0 })
    expect(await books.reconciles()).toMatchObject({ found: 0, vanished: 0 })
    expect(await books.differences('status=open')).toHaveLength(again)
  })

  test('closes it once: a repeated request is answered, another one refused', async () => {
    const [difference] = await differ(700)
    const headers = { 'Idempotency-Key': crypto.randomUUID() }
    const given = { resolution: 'accepted' }
    const first = await world.client.post(at(difference, '/close'), given, { headers })
    const again = await world.client.post(at(difference, '/close'), given, { headers })
    expect([again.status, again.text]).toEqual([200, first.text])
    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
    expect(await books.events()).toHaveLength(2)
    await storesNothing(async () => {
      expectProblem(await world.client.post(at(difference, '/close'), given), 409, 'command_not_possible')
      expectProblem(await world.client.patch(at(difference), { owner: 'jane' }), 409, 'command_not_possible')
    })
  })

  test('is one of two who close it at once', async () => {
    const [difference] = await differ(700)
    const close = () => world.client.post(at(difference, '/close'), { resolution: 'accepted' })
    const replies = await Promise.all([close(), close(), close()])
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
    expect(await books.events()).toHaveLength(2)
  })

  test.each([
    ['patch', '', {}, '/owner'],
    ['patch', '', { owner: ' ' }, '/owner'],
    ['patch', '', { owner: 'j'.repeat(201) }, '/owner'],
    ['patch', '', { owner: 'jane', status: 'closed' }, '/status'],
    ['post', '/close', {}, '/resolution'],
    ['post', '/close', { resolution: 'vanished' }, '/resolution'],
    ['post', '/close', { resolution: 'accepted', note: '' }, '/note'],
    ['post', '/close', { resolution: 'accepted', note: 'n'.repeat(2001) }, '/note'],
  ] as const)('is told what is wrong with %s %s %o', async (method, what, given, pointer) => {
    const [difference] = await differ(700)
    expectProblem(await world.client[method](at(difference, what), given), 422, 'invalid_request', pointsAt(pointer))
  })
})

describe('FR-071 differences are listed', () => {
  test('newest first, by status, kind, owner and gateway account, in pages', async () => {
    const [first, second] = await differ(700, 800)
    const ids = async (query: string) => (await books.differences(query)).map(({ id }) => id)
    expect(await ids('')).toEqual([second.id, first.id])
    const page = body(await world.client.get('/v1/reconciliation/differences?limit=1'))
    expect([page.data[0].id, page.has_more]).toEqual([second.id, true])
    expect(await ids(`limit=1&cursor=${page.next_cursor}`)).toEqual([first.id])
    body(await world.client.patch(at(first), { owner: 'jane' }))
    body(await world.client.post(at(second, '/close'), { resolution: 'accepted' }))
    expect(await ids('owner=jane')).toEqual([first.id])
    expect(await ids('status=open')).toEqual([first.id])
    expect(await ids('status=closed')).toEqual([second.id])
    expect(await ids('kind=unknown_here')).toEqual([second.id, first.id])
    expect(await ids('kind=amount')).toEqual([])
    expect(await ids(`gateway_account=${books.gatewayAccount}`)).toEqual([second.id, first.id])
    const other = encodeId('gateway_account', '01945a3e-7c00-7a10-8000-000000000001' as Id<'gateway_account'>)
    expect(await ids(`gateway_account=${other}`)).toEqual([])
    expectProblem(await world.client.get('/v1/reconciliation/differences?kind=other'), 422, 'invalid_request')
  })

  test('with how each gateway account stands', async () => {
    const { data } = body(await world.client.get('/v1/reconciliation'))
    const standing = {
      gateway_account: books.gatewayAccount,
      name: 'Stripe',
      reconciled_to: null,
      events_read_to: null,
    }
    expect(data).toEqual([{ ...standing, open_differences: {}, unanswered: 0, events_waiting: 0 }])
    await differ(700, 800)
    const after = body(await world.client.get('/v1/reconciliation')).data
    expect(after).toEqual([
      {
        ...{ ...standing, reconciled_to: expect.stringMatching(/:\d\dZ$/) },
        ...{ open_differences: { unknown_here: 2 }, unanswered: 0, events_waiting: 0 },
      },
    ])
    const ago = Date.now() - Date.parse(after[0].reconciled_to)
    expect(ago).toBeGreaterThan(3_500_000)
    expect(ago).toBeLessThan(3_700_000)
  })
})

test('FR-071 what was looked at long ago comes before what was found since, and then has to wait', async () => {
  const [first, second] = await differ(700, 800)
  const looked = "update reconciliation_differences set looked_at = '2026-01-01' where id = $1"
  await sql(looked, rowOf('difference', first.id))
  await sql('update reconciliation_differences set looked_at = null where id = $1', rowOf('difference', second.id))
  const gatewayAccount = rowOf('gateway_account', books.gatewayAccount) as Id<'gateway_account'>
  const turn = { kinds: ['unknown_here'] as const, now: realNow(), limit: 1 }
  const next = () => takeOpen(connect(env as unknown as Env), gatewayAccount, turn)
  const taken = [await next(), await next()].flat()
  expect(taken).toEqual([first.gateway_object, second.gateway_object])
})

describe('FR-071 another organization', () => {
  test('sees nothing of it, and finds nothing of it', async () => {
    const [difference] = await differ(700)
    const stranger = await organization('sandbox')
    expect(body(await stranger.get('/v1/reconciliation/differences')).data).toEqual([])
    expect(body(await stranger.get('/v1/reconciliation')).data).toHaveLength(1)
    await storesNothing(async () => {
      const close = { resolution: 'accepted' }
      expectProblem(await stranger.get(at(difference)), 404, 'not_found')
      expectProblem(await stranger.patch(at(difference), { owner: 'eve' }), 404, 'not_found')
      expectProblem(await stranger.post(at(difference, '/close'), close), 404, 'not_found')
      const run = { gateway_account: books.gatewayAccount }
      expectProblem(await stranger.post('/v1/reconciliation/runs', run), 404, 'not_found')
    })
    const theirs = await booksOf(stranger)
    expect(await theirs.reconciles()).toMatchObject({ entries: 0, found: 0 })
    expect(await books.reconciles()).toMatchObject({ found: 0, vanished: 0 })
  })

  test('whose payment is named by money of ours is not looked into', async () => {
    const other = await newWorld()
    await other.plan('pro')
    const john = await other.account({ test_clock: undefined })
    const { payment } = await john.subscribes('pro')
    // Not even where the gateway's payment is not known yet, so that it could be this one.
    await sql('update payments set gateway_payment = null where id = $1', rowOf('payment', payment.id))
    await takesAtGateway(world.client, 4900, { perennial_payment: payment.id })
    expect(await books.reconciles()).toMatchObject({ entries: 1, matched: 0, found: 1 })
    const theirs = await sql('select balance_transaction from payments where id = $1', rowOf('payment', payment.id))
    expect(theirs).toEqual([{ balance_transaction: null }])
  })
})

test('FR-071 a key that only reads sees differences and changes none', async () => {
  const [difference] = await differ(700)
  const key = body(await world.client.post('/v1/api_keys', { name: 'Reader', scopes: ['read'] })).key
  const reader = clientOf(key)
  expect(body(await reader.get(at(difference)))).toEqual(difference)
  expect(body(await reader.get('/v1/reconciliation')).data).toHaveLength(1)
  expectProblem(await reader.patch(at(difference), { owner: 'eve' }), 403, 'forbidden')
  expectProblem(await reader.post(at(difference, '/close'), { resolution: 'accepted' }), 403, 'forbidden')
  const run = { gateway_account: books.gatewayAccount }
  expectProblem(await reader.post('/v1/reconciliation/runs', run), 403, 'forbidden')
})

test('FR-071 a dispute that nobody told of is a difference', async () => {
  await world.plan('pro')
  const jane = await world.account({ test_clock: undefined })
  const { payment } = await jane.subscribes('pro')
  const dispute = await disputesAtGateway(world.client, payment.gateway_payment)
  expect(await books.reconciles()).toMatchObject({ entries: 2, matched: 1, found: 1 })
  const [difference] = await books.differences()
  expect(difference).toMatchObject({ kind: 'unknown_here', object: payment.id, expected: null, actual: 4900 })
  expect(difference.detail).toContain(dispute.id)
})
