import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { type Customer, monthly, newWorld, type World, yearly } from '../support/world.ts'

type Sold = World & {
  readonly jane: Customer
  readonly id: string
  readonly post: (path: string, about?: Json) => Promise<Json>
}

/** Jane on Starter for 4900 a month from 1 April, which has 30 days; Pro is 9900. */
async function sold(about: Json = {}): Promise<Sold> {
  const world = await newWorld('2026-04-01T00:00:00Z')
  const { client } = world
  await world.plan('starter', { prices: [monthly('USD', '4900'), yearly('USD', '49000')] })
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  await world.plan('extra', { kind: 'add_on', prices: [monthly('USD', '1000'), yearly('USD', '10000')] })
  const jane = await world.account()
  const { id } = await jane.subscribes('starter', { interval: 'month', ...about })
  const post = async (path: string, asked: Json = {}) =>
    body(await client.post(`/v1/subscriptions/${id}/${path}`, asked))
  return { ...world, jane, id, post }
}

const amounts = (invoice: Json) => invoice.lines.map(({ kind, amount }: Json) => [kind, amount])

describe('a change', () => {
  test('S6 FR-030 halfway through credits 2450 and charges 4950, in a draft until midnight', async () => {
    const { post, until, jane } = await sold()
    await until('2026-04-16T00:00:00Z')
    const changed = await post('change', { plan: 'pro' })
    const draft = changed.latest_invoice
    expect(draft).toMatchObject({
      status: 'draft',
      reason: 'proration',
      awaits: 'day_end',
      number: null,
      subtotal: 2500,
    })
    expect(draft.finalize_at).toBe('2026-04-17T00:00:00Z')
    expect(amounts(draft)).toEqual([
      ['proration_credit', -2450],
      ['proration_charge', 4950],
    ])
    const [first] = await jane.invoices()
    expect(draft.lines).toMatchObject([
      { proration: { numerator: 15, denominator: 30 }, credits_line: first?.lines[0].id },
      { proration: { numerator: 15, denominator: 30 }, credits_line: null, quantity: '1', unit_amount: '9900' },
    ])
    await until('2026-04-17T00:00:00Z')
    expect((await jane.invoices()).at(-1)).toMatchObject({
      id: draft.id,
      status: 'paid',
      awaits: null,
      finalize_at: null,
    })
  })

  test('FR-030 `now` is invoiced and charged with the request', async () => {
    const { post, until } = await sold()
    await until('2026-04-16T00:00:00Z')
    const changed = await post('change', { plan: 'pro', invoice: 'now' })
    expect(changed.latest_invoice).toMatchObject({ status: 'paid', total: 2500, paid: 2500 })
    expect(changed.payment).toMatchObject({ status: 'succeeded', amount: 2500 })
  })

  test('FR-041 seats, a price of its own and add-ons show as items', async () => {
    const { client, post, id } = await sold()
    const changed = await post('change', {
      quantity: 3,
      unit_amount: '4000.5',
      add_ons: [{ plan: 'extra', quantity: 2 }],
    })
    expect(changed).toMatchObject({
      quantity: 3,
      items: [
        { plan: changed.plan, plan_version: changed.plan_version, quantity: 3, unit_amount: '4000.5' },
        { quantity: 2, unit_amount: null },
      ],
    })
    const more = await post('items', { plan: 'extra', quantity: 5, unit_amount: '900' })
    expect(more.items[1]).toMatchObject({ quantity: 5, unit_amount: '900' })
    expect(more.latest_invoice.id).toBe(changed.latest_invoice.id)
    expect((await post('items', { plan: 'extra', quantity: 0 })).items).toHaveLength(1)
    expect((await post('change', { unit_amount: null })).items).toMatchObject([{ quantity: 3, unit_amount: null }])
    const { items, discounts } = body(await client.get(`/v1/subscriptions/${id}`))
    expect([items.length, discounts]).toEqual([1, []])
  })

  test('FR-031 is stored for the period’s end, shown, taken back, or happens', async () => {
    const { client, post, id, until } = await sold()
    const path = `/v1/subscriptions/${id}/scheduled_change`
    expectProblem(await client.get(path), 404, 'not_found')
    expectProblem(await client.delete(path), 404, 'not_found')
    const asked = { plan: 'pro', quantity: 2, effective: 'period_end', proration: 'second', credit: 'refund' }
    const { scheduled_change, latest_invoice } = await post('change', asked)
    expect(latest_invoice).toBeNull()
    expect(scheduled_change).toEqual({
      ...{ effective: 'period_end', quantity: 2, unit_amount: null, proration: 'second', invoice: 'end_of_day' },
      ...{ credit: 'refund', made_at: '2026-04-01T00:00:00Z' },
      plan: expect.stringMatching(/^plan_/),
      plan_version: expect.stringMatching(/^pver_/),
    })
    expect(body(await client.get(path))).toEqual(scheduled_change)
    const later = await post('change', { interval: 'year', effective: '2026-04-20T10:00:00+02:00' })
    expect(later.scheduled_change).toMatchObject({
      effective: '2026-04-20T08:00:00Z',
      interval: 'year',
      interval_count: 1,
    })
    expect(body(await client.delete(path))).toMatchObject({ id, scheduled_change: null, latest_invoice: null })
    await post('change', asked)
    await until('2026-05-01T00:00:00Z')
    expect(body(await client.get(`/v1/subscriptions/${id}`))).toMatchObject({ quantity: 2, scheduled_change: null })
  })

  test('FR-022 `latest` takes the plan’s version on sale; a change of seats keeps the one it has', async () => {
    const { client, post } = await sold()
    body(await client.patch('/v1/plans/starter', { prices: [monthly('USD', '5900'), yearly('USD', '59000')] }))
    const more = await post('change', { quantity: 2, proration: 'none' })
    const latest = await post('change', { plan_version: 'latest', proration: 'none' })
    expect(more.plan).toBe(latest.plan)
    expect(more.plan_version).not.toBe(latest.plan_version)
  })

  test('FR-030 that depends on its payment takes effect once it is paid, and not at all where it is declined', async () => {
    const { post, until, gateway } = await sold()
    await until('2026-04-16T00:00:00Z')
    await gateway.declines('insufficient_funds')
    const declined = await post('change', { plan: 'pro', only_if_paid: true })
    expect(declined).toMatchObject({ pending_change: null, latest_invoice: { status: 'void' } })
    expect(declined.payment).toMatchObject({ status: 'failed' })
    const paid = await post('change', { plan: 'pro', only_if_paid: true })
    expect(paid.plan).not.toBe(declined.plan)
    expect(paid).toMatchObject({ pending_change: null, latest_invoice: { status: 'paid', total: 2500 } })
  })
})

describe('other commands', () => {
  test('FR-033 a pause shows when it began and ends, and its period is the one it was in', async () => {
    const { post, until } = await sold()
    await until('2026-04-11T00:00:00Z')
    const paused = await post('pause', { resumes_at: '2026-05-01T00:00:00Z' })
    expect(paused).toMatchObject({
      status: 'paused',
      pause: { paused_at: '2026-04-11T00:00:00Z', resumes_at: '2026-05-01T00:00:00Z' },
      current_period: { start: '2026-04-01T00:00:00Z' },
      anchor: '2026-04-01T00:00:00Z',
    })
    await until('2026-04-16T00:00:00Z')
    const resumed = await post('resume')
    expect(resumed).toMatchObject({ status: 'active', pause: null, current_period: { end: '2026-05-06T00:00:00Z' } })
  })

  test('FR-028 a trial is moved, and ended with the first invoice', async () => {
    const { post } = await sold({ trial_days: 14, trial_end: 'pause' })
    const moved = await post('trial', { end: '2026-04-20T00:00:00Z' })
    expect(moved).toMatchObject({ status: 'trial', trial_ends_at: '2026-04-20T00:00:00Z', trial_end: 'pause' })
    const ended = await post('trial', { end: 'now' })
    expect(ended).toMatchObject({ status: 'active', latest_invoice: { total: 4900, status: 'paid' } })
  })

  test('FR-029 cancelled now, what was not served is credited or refunded', async () => {
    const { client, post, until, jane } = await sold()
    await until('2026-04-16T00:00:00Z')
    const cancelled = await post('cancel', { when: 'now', prorate: true })
    expect(cancelled).toMatchObject({ status: 'cancelled', ended_at: '2026-04-16T00:00:00Z' })
    expect(cancelled.latest_invoice).toMatchObject({ total: -2450, status: 'paid', credits_applied: -2450 })
    expect(body(await client.get(`/v1/accounts/${jane.id}`)).credit_balance).toBe(2450)
  })

  test('FR-038 terms of a subscription are kept and shown', async () => {
    const { client, id } = await sold({
      billing_time: 'calendar',
      ends_at: '2026-12-31T00:00:00Z',
      trial_end: 'cancel',
    })
    expect(body(await client.get(`/v1/subscriptions/${id}`))).toMatchObject({
      ...{ billing_time: 'calendar', ends_at: '2026-12-31T00:00:00Z', trial_end: 'cancel', bill_from: null },
      ...{ pause: null, scheduled_change: null, pending_change: null, cancel_at: null },
    })
  })

  test('FR-038 billing that begins later than the subscription charges nobody twice', async () => {
    const { latest_invoice, bill_from, anchor } = await (await sold()).jane.subscribes('pro', {
      start: '2026-01-15T00:00:00Z',
      bill_from: '2026-04-02T00:00:00Z',
    })
    expect([latest_invoice, bill_from, anchor]).toEqual([null, '2026-04-02T00:00:00Z', '2026-01-15T00:00:00Z'])
  })
})
