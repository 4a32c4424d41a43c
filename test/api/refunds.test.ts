import { beforeAll, describe, expect, test } from 'vitest'
import { body, type Json, organization } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { owesBack } from '../support/refund.ts'
import { refusedBy, sql } from '../support/sql.ts'
import { chargesRun } from '../support/worker.ts'
import { type Customer, newWorld, type World } from '../support/world.ts'

let world: World
let jane: Customer
let payment: Json
let unrefunded: Json
let first: string
let second: string

// 4900 are paid. 1000 have gone back, 500 are on their way.
beforeAll(async () => {
  world = await newWorld()
  await world.plan('pro')
  jane = await world.account({ test_clock: undefined })
  const john = await world.account({ test_clock: undefined, email: 'john@startup.example', name: 'John' })
  unrefunded = (await john.subscribes('pro')).payment
  payment = (await jane.subscribes('pro')).payment
  first = await owesBack(world.client.organization, payment, 1000)
  await chargesRun()
  second = await owesBack(world.client.organization, payment, 500)
})

const ids = (list: Json) => list.data.map(({ id }: Json) => id)
const listed = async (query: string) => ids(body(await world.client.get(`/v1/refunds?${query}`)))

describe('FR-063 refunds', () => {
  test('are shown, with what the gateway says of them', async () => {
    expect(body(await world.client.get(`/v1/refunds/${first}`))).toEqual({
      ...{ id: first, account: jane.id, payment: payment.id, credit_note: null, status: 'succeeded' },
      ...{ amount: 1000, written_off: 0, currency: 'USD', reason: 'broken', outcome: 'succeeded', failure: null },
      resolution: null,
      gateway_refund: expect.stringMatching(/^re_/),
      due_at: expect.stringMatching(/Z$/),
      created_at: expect.stringMatching(/Z$/),
      ended_at: expect.stringMatching(/Z$/),
    })
    expect(body(await world.client.get(`/v1/refunds/${second}`))).toMatchObject({
      ...{ status: 'pending', outcome: null, gateway_refund: null, ended_at: null },
    })
  })

  test('are listed by account, payment and status, newest first, in pages', async () => {
    expect(await listed('')).toEqual([second, first])
    expect(await listed(`account=${jane.id}&payment=${payment.id}`)).toEqual([second, first])
    expect(await listed('status=pending')).toEqual([second])
    expect(await listed('status=succeeded')).toEqual([first])
    expect(await listed(`account=${unrefunded.account}`)).toEqual([])
    expect(await listed(`payment=${unrefunded.id}`)).toEqual([])
    const page = body(await world.client.get('/v1/refunds?limit=1'))
    expect([ids(page), page.has_more]).toEqual([[second], true])
    expect(await listed(`limit=1&cursor=${page.next_cursor}`)).toEqual([first])
  })

  test('that are none, or another organization’s, are not found', async () => {
    const stranger = await organization('sandbox')
    expectProblem(await stranger.get(`/v1/refunds/${first}`), 404, 'not_found')
    expect(body(await stranger.get('/v1/refunds')).data).toEqual([])
    expectProblem(await world.client.get(`/v1/refunds/${payment.id}`), 422, 'invalid_request')
  })

  test('count on their payment from the start', async () => {
    expect(body(await world.client.get(`/v1/payments/${payment.id}`))).toMatchObject({ amount: 4900, refunded: 1500 })
    expect(body(await world.client.get(`/v1/payments/${unrefunded.id}`)).refunded).toBe(0)
    const { data } = body(await world.client.get('/v1/payments'))
    expect(data.map(({ refunded }: Json) => refunded)).toEqual([1500, 0])
  })

  test('are of a payment of their organization, and once at the gateway', async () => {
    const copy = `insert into refunds select (r).* from (select json_populate_record(r, $1::json) as r
      from refunds r where status = 'succeeded') r`
    const fresh = { id: crypto.randomUUID() }
    expect(await refusedBy(copy, JSON.stringify(fresh))).toBe('refunds_gateway_refund')
    const moved = { ...fresh, gateway_refund: null, payment_id: crypto.randomUUID() }
    expect(await refusedBy(copy, JSON.stringify(moved))).toBe('refunds_payment')
    expect(await refusedBy(copy, JSON.stringify({ ...fresh, gateway_refund: null, amount: 0 }))).toBe('refunds_amount')
    expect(await refusedBy(copy, JSON.stringify({ ...fresh, gateway_refund: null, status: 'pending' }))).toBe(
      'refunds_ended',
    )
    expect(await sql('select 1 from refunds')).toHaveLength(2)
  })
})
