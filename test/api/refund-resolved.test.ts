import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, test } from 'vitest'
import { applyNews } from '../../src/billing/gateway-news.ts'
import { applyGatewayEvents } from '../../src/payments/gateway-events.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json, organization } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { type Selling, sellingTo } from '../support/selling.ts'
import { announced, deliverWebhook, listening } from '../support/webhook.ts'
import { chargesRun } from '../support/worker.ts'

const queue = announced()
const bindings = env as unknown as Env
let world: Selling
let failed: Json

// All that was paid is given back, and days later the bank sends it back: the card is gone.
beforeEach(async () => {
  world = await sellingTo({ card: 'pm_card_refundFail', test_clock: undefined })
  const { client, gateway, jane } = world
  const gatewayAccount = await listening(client)
  const { latest_invoice: invoice } = await jane.subscribes('pro')
  body(await client.post('/v1/credit_notes', { invoice: invoice.id, reason: 'Wrong plan', refund: 9900 }))
  await untilNewest('succeeded')
  await gateway.settles()
  for (const event of await gateway.events()) {
    if (event.type === 'refund.failed') await deliverWebhook(gatewayAccount, event)
  }
  const told = queue.messages.splice(0) as never
  await applyGatewayEvents(bindings, connect(bindings), applyNews(bindings, connect(bindings)), told)
  failed = (await refunds())[0]
})

const refunds = async () => body(await world.client.get('/v1/refunds')).data
const resolve = (resolution: unknown, id = failed.id) => world.client.post(`/v1/refunds/${id}/resolve`, { resolution })
/** The queue may send it before the test does. */
const untilNewest = async (status: string) => {
  await chargesRun()
  await expect.poll(async () => (await refunds())[0].status).toBe(status)
}
const owed = async () => {
  const { currencies } = body(await world.client.get('/v1/ledger/trial_balance'))
  const accounts = currencies.flatMap((one: Json) => one.accounts)
  return accounts.find(({ ledger_account }: Json) => ledger_account === 'refund')?.balance ?? 0
}

describe('FR-063 what a credit note gave back, where the refund failed,', () => {
  test('is owed until somebody says how it is given', async () => {
    expect(failed).toMatchObject({ status: 'failed', failure: 'expired_or_canceled_card', resolution: null })
    expect(await owed()).toBe(-9900)
    await expectSoundBooks(world)
  })

  test('is given as credit, which pays what comes next', async () => {
    expect(body(await resolve('credit'))).toEqual({ ...failed, resolution: 'credit' })
    const { data } = body(await world.client.get(`/v1/credits?account=${world.jane.id}`))
    expect(data).toMatchObject([{ source: 'refund', source_document: failed.id, remaining: 9900 }])
    expect(await owed()).toBe(0)
    expect(await eventsOf(failed.id)).toEqual([
      'refund.created',
      'refund.succeeded',
      'refund.failed',
      'refund.resolved',
    ])
    await expectSoundBooks(world)
    const lines = [{ description: 'Set-up', quantity: '1', unit_amount: '9900' }]
    const next = body(await world.client.post('/v1/invoices', { account: world.jane.id, lines }))
    expect(next).toMatchObject({ status: 'paid', credits_applied: 9900 })
  })

  test('was paid past us', async () => {
    expect(body(await resolve('out_of_band'))).toMatchObject({ status: 'failed', resolution: 'out_of_band' })
    expect(await owed()).toBe(0)
    await expectSoundBooks(world)
    const { payment } = failed
    expectProblem(await world.client.post('/v1/refunds', { payment, reason: 'Twice' }), 422, 'refund_too_large')
    expect(body(await world.client.get(`/v1/payments/${payment}`)).refunded).toBe(9900)
  })

  test('is sent again, once, by a refund of its own', async () => {
    expect(body(await resolve('refund'))).toMatchObject({ id: failed.id, resolution: 'refund' })
    const [again, ...others] = await refunds()
    expect(others.map(({ id }: Json) => id)).toEqual([failed.id])
    expect(again).toMatchObject({ status: 'pending', amount: 9900, credit_note: failed.credit_note, resolution: null })
    await untilNewest('succeeded')
    expect(await owed()).toBe(0)
    await expectSoundBooks(world)
  })

  test('is not resolved twice: a repetition is the same answer, another request is refused', async () => {
    const path = `/v1/refunds/${failed.id}/resolve`
    const key = { headers: { 'Idempotency-Key': crypto.randomUUID() } }
    const first = await world.client.post(path, { resolution: 'credit' }, key)
    const replay = await world.client.post(path, { resolution: 'credit' }, key)
    expect([replay.status, body(replay)]).toEqual([200, body(first)])
    expectProblem(await resolve('out_of_band'), 409, 'command_not_possible')
    expect(body(await world.client.get('/v1/credits')).data).toHaveLength(1)
    await expectSoundBooks(world)
  })

  test('is resolved once, by whoever comes first', async () => {
    const answers = await Promise.all(['credit', 'out_of_band', 'refund', 'credit'].map((how) => resolve(how)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409])
    await expectSoundBooks(world)
  })

  test('is a refund of this organization, resolved in a way there is', async () => {
    expectProblem(await resolve('cash'), 422, 'invalid_request')
    expectProblem(await resolve('credit', failed.payment), 422, 'invalid_request')
    const stranger = await organization('sandbox')
    const unknown = await stranger.post(`/v1/refunds/${failed.id}/resolve`, { resolution: 'credit' })
    expectProblem(unknown, 404, 'not_found')
    expect(await owed()).toBe(-9900)
  })
})
