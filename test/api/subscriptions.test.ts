import { describe, expect, test } from 'vitest'
import { body } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { sql } from '../support/sql.ts'
import { monthly, newWorld, yearly } from '../support/world.ts'

const NOW = '2026-01-31T10:00:00Z'

describe('one POST', () => {
  test('FR-026 subscription, invoice and payment attempt are one commit, and its outcome a second', async () => {
    const { account, plan, gateway } = await newWorld(NOW)
    await plan('pro', { prices: [monthly('USD', '9900')] })
    const jane = await account({ timezone: 'UTC' })
    const made = await jane.subscribes('pro')
    const period = { start: NOW, end: '2026-02-28T10:00:00Z' }
    expect(made).toMatchObject({ status: 'active', quantity: 1, currency: 'USD', anchor: NOW, current_period: period })
    expect(made.latest_invoice).toMatchObject({ number: 'JANE-0001', status: 'paid', total: 9900, balance: 0, period })
    expect(made.payment).toMatchObject({ status: 'succeeded', amount: 9900, invoice: made.latest_invoice.id })
    const commits = await sql(
      `select c.cause, json_agg(e.type order by e.id) as events from commits c join events e on e.commit_id = c.id
       where e.data ->> 'account' = $1 group by c.id, c.cause order by c.id`,
      jane.id,
    )
    const first = ['subscription.created', 'subscription.activated', 'invoice.created', 'invoice.finalized']
    expect(commits).toEqual([
      { cause: 'create_subscription', events: [...first, 'payment.created'] },
      { cause: 'record_outcomes', events: ['payment.succeeded', 'invoice.paid'] },
    ])
    expect((await gateway.taken()).received).toEqual({ usd: 9900 })
  })

  test('FR-026 what is refused leaves nothing behind: no invoice, no number, no charge', async () => {
    const { account, plan, gateway } = await newWorld(NOW)
    await plan('pro')
    await plan('starter')
    const jane = await account()
    const taken = await jane.subscribes('pro', { external_key: 'taken' })
    const refused = await jane.asksToSubscribe('starter', { external_key: 'taken' })
    expectProblem(refused, 409, 'external_key_taken', pointsAt('/external_key'))
    expect(await jane.subscriptions()).toHaveLength(1)
    const next = await jane.subscribes('starter')
    expect([taken, next].map(({ latest_invoice }) => latest_invoice.number)).toEqual(['JANE-0001', 'JANE-0002'])
    expect((await gateway.taken()).succeeded_count).toBe(2)
  })

  test('S3 a trial makes no charge; renewal and cancellation need no further call', async () => {
    const world = await newWorld('2026-01-01T00:00:00Z')
    await world.plan('pro', { trial_days: 14 })
    const jane = await world.account({ timezone: 'UTC' })
    const made = await jane.subscribes('pro')
    expect(made).toMatchObject({ status: 'trial', latest_invoice: null, payment: null })
    expect((await world.gateway.taken()).received).toEqual({})
    await world.until('2026-02-20T00:00:00Z')
    expect((await jane.invoices()).map(({ reason, period, status }) => [reason, period.start, status])).toEqual([
      ['subscription', '2026-01-15T00:00:00Z', 'paid'],
      ['renewal', '2026-02-15T00:00:00Z', 'paid'],
    ])
    body(await world.client.post(`/v1/subscriptions/${made.id}/cancel`, {}))
    await world.passes('6 months')
    expect(await jane.subscriptions()).toMatchObject([{ status: 'cancelled', ended_at: '2026-03-15T00:00:00Z' }])
    expect(await jane.invoices()).toHaveLength(2)
    expect((await world.gateway.taken()).received).toEqual({ usd: 2 * 4900 })
    await world.isBalanced()
  })
})

describe('who may subscribe to what', () => {
  test('FR-035 a second live subscription of an account to a plan is refused until the first has ended', async () => {
    const { account, plan, client } = await newWorld(NOW)
    await plan('pro')
    const jane = await account()
    const first = await jane.subscribes('pro')
    const refused = await jane.asksToSubscribe('pro')
    expectProblem(refused, 409, 'already_subscribed', pointsAt('/plan'))
    expect(refused.body.detail).toBe('The account already has a subscription to pro (active).')
    body(await client.post(`/v1/subscriptions/${first.id}/cancel`, { when: 'now' }))
    expect(await jane.subscribes('pro')).toMatchObject({ status: 'active' })
  })

  test('FR-035 of many at the same instant one is sold, and one charge is made', async () => {
    const { account, plan, gateway } = await newWorld(NOW)
    await plan('pro')
    const jane = await account()
    const replies = await Promise.all(Array.from({ length: 8 }, () => jane.asksToSubscribe('pro')))
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
    const codes = new Set(replies.filter(({ status }) => status === 409).map((reply) => reply.body.code))
    expect([...codes]).toEqual(['already_subscribed'])
    expect(await jane.invoices()).toHaveLength(1)
    expect((await gateway.taken()).received).toEqual({ usd: 4900 })
  })

  test('FR-023 an archived plan takes nobody, names its successor and goes on billing whom it has', async () => {
    const world = await newWorld(NOW)
    await world.plan('old')
    await world.plan('new')
    const [jane, john] = [await world.account(), await world.account({ name: 'John' })]
    await jane.subscribes('old')
    body(await world.client.delete('/v1/plans/old?replaced_by=new'))
    const refused = await john.asksToSubscribe('old')
    expectProblem(refused, 422, 'plan_archived', { hint: 'Subscribe to plan new instead.', ...pointsAt('/plan') })
    await world.passes('1 month')
    expect(await jane.invoices()).toMatchObject([{ total: 4900 }, { total: 4900, reason: 'renewal' }])
  })

  test.each([
    [{ currency: 'EUR' }, {}, 'Plan pro has no price in EUR.'],
    [{}, { interval: 'week' }, 'Plan pro has no price in USD per week.'],
    [{}, { interval: 'month', interval_count: 3 }, 'Plan pro has no price in USD per 3 months.'],
    [{}, {}, 'Plan pro has several prices in USD.'],
  ])('an account %o that asks for %o is told which prices there are', async (about, asked, detail) => {
    const { account, plan } = await newWorld(NOW)
    await plan('pro', { prices: [monthly('USD', '9900'), yearly('USD', '99900')] })
    const refused = await (await account({ card: null, ...about })).asksToSubscribe('pro', asked)
    const hint = 'Choose one of: USD per month, USD per year.'
    expectProblem(refused, 422, 'price_not_found', { detail, hint, ...pointsAt('/interval') })
  })

  test('an unknown plan and an unknown account are not found', async () => {
    const { account, plan, client } = await newWorld(NOW)
    await plan('pro')
    const jane = await account({ card: null })
    expectProblem(await jane.asksToSubscribe('prö'), 404, 'not_found', { detail: 'There is no plan prö.' })
    const nobody = `acct_${jane.id.slice(5, -1)}${jane.id.endsWith('0') ? '1' : '0'}`
    const refused = await client.post('/v1/subscriptions', { account: nobody, plan: 'pro' })
    expectProblem(refused, 404, 'not_found', { detail: `There is no account ${nobody}.` })
  })
})

describe('what it keeps', () => {
  test('FR-036 an external key finds the subscription, is unique, and can be changed', async () => {
    const { account, plan, client } = await newWorld(NOW)
    await plan('pro')
    const [jane, john] = [await account(), await account({ name: 'John' })]
    const { id } = await jane.subscribes('pro', { external_key: 'crm-1' })
    const other = await john.subscribes('pro', { external_key: 'crm-2' })
    const find = async (key: string) =>
      body(await client.get(`/v1/subscriptions?external_key=${key}`)).data.map((one: { id: string }) => one.id)
    expect(await find('crm-1')).toEqual([id])
    const taken = await client.patch(`/v1/subscriptions/${other.id}`, { external_key: 'crm-1' })
    expectProblem(taken, 409, 'external_key_taken', pointsAt('/external_key'))
    body(await client.patch(`/v1/subscriptions/${id}`, { external_key: 'crm-3' }))
    expect([await find('crm-1'), await find('crm-3')]).toEqual([[], [id]])
    body(await client.patch(`/v1/subscriptions/${other.id}`, { external_key: 'crm-1' }))
    expect(await find('crm-1')).toEqual([other.id])
  })

  test('FR-039 metadata is kept, replaced whole, and changes nothing that is billed', async () => {
    const { account, plan, client } = await newWorld(NOW)
    await plan('pro')
    const jane = await account()
    const { id } = await jane.subscribes('pro', { metadata: { team: 'blue', crm: '42' } })
    const patched = body(await client.patch(`/v1/subscriptions/${id}`, { metadata: { team: 'red' } }))
    expect(patched).toMatchObject({ id, metadata: { team: 'red' }, latest_invoice: null, payment: null })
    expect(body(await client.get(`/v1/subscriptions/${id}`)).metadata).toEqual({ team: 'red' })
    const changes = () =>
      sql(`select sequence, previous from events where type = 'subscription.updated' and data ->> 'id' = $1`, id)
    expect(await changes()).toEqual([{ sequence: 2, previous: { metadata: { team: 'blue', crm: '42' } } }])
    body(await client.patch(`/v1/subscriptions/${id}`, { metadata: { team: 'red' } }))
    expect(await changes()).toHaveLength(1)
    expect(await jane.invoices()).toHaveLength(1)
  })

  test.each([
    ['1', '9900', 9900],
    ['5', '9900', 49_500],
    ['3', '100.5', 302],
    ['1000000', '0.000101', 101],
    ['1000000', '4503599627', 4_503_599_627_000_000],
    ['7', '0', 0],
  ])('FR-041 %s seats at %s are %s', async (seats, unit_amount, amount) => {
    const { account, plan } = await newWorld(NOW)
    await plan('pro', { prices: [monthly('USD', unit_amount)] })
    const { quantity, latest_invoice } = await (await account({ card: null })).subscribes('pro', { quantity: +seats })
    expect(quantity).toBe(+seats)
    expect(latest_invoice).toMatchObject({ subtotal: amount, total: amount, status: amount === 0 ? 'paid' : 'open' })
    expect(latest_invoice.lines).toMatchObject([{ kind: 'base', quantity: seats, unit_amount, amount }])
  })

  test.each([0, -1, 1.5, 1_000_001, '5'])('FR-041 %s seats are refused', async (quantity) => {
    const { account, plan } = await newWorld(NOW)
    await plan('pro')
    const jane = await account({ card: null })
    expectProblem(await jane.asksToSubscribe('pro', { quantity }), 422, 'invalid_request', pointsAt('/quantity'))
  })

  test('FR-041 what no JSON number can carry is refused before it is written', async () => {
    const { account, plan } = await newWorld(NOW)
    await plan('pro', { prices: [monthly('USD', '4503599628')] })
    const jane = await account({ card: null })
    const refused = await jane.asksToSubscribe('pro', { quantity: 1_000_000 })
    expectProblem(refused, 422, 'amount_too_large', pointsAt('/quantity'))
    expect(await jane.invoices()).toEqual([])
  })
})
