import { afterEach, describe, expect, test, vi } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { chargesRun, realTimePasses } from '../support/worker.ts'
import { monthly, newWorld } from '../support/world.ts'

afterEach(() => {
  vi.useRealTimers()
})

const MIDDLE = '2026-04-16T00:00:00Z'
const amounts = ({ lines }: Json) => lines.map(({ amount }: Json) => amount)

/** Jane on a plan from 1 April; Starter is 4900 a month, Pro 9900. */
async function on(plan: string, about: Json = {}) {
  const world = await newWorld('2026-04-01T00:00:00Z')
  await world.plan('starter')
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  const jane = await world.account({ timezone: 'UTC', ...about })
  const sub = await jane.buys(plan)
  return { ...world, jane, sub }
}

describe('S6 FR-030 a change that depends on its payment', () => {
  const upgrade = { plan: 'pro', only_if_paid: true }

  test('is not made where the card declines: nothing changed, and nothing is owed', async () => {
    const world = await on('starter')
    const { jane, sub, until, gateway } = world
    await until(MIDDLE)
    await gateway.declines('insufficient_funds')
    const declined = await sub.changes(upgrade)
    expect(declined).toMatchObject({ plan: sub.made.plan, pending_change: null, payment: { status: 'failed' } })
    expect(declined.latest_invoice).toMatchObject({ status: 'void', total: 2500, written_off: 2500, balance: 0 })
    expect(await eventsOf(sub.id)).toEqual([
      ...['subscription.created', 'subscription.activated', 'subscription.change_pending'],
      'subscription.change_abandoned',
    ])
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).map(({ status, total }) => [status, total])).toEqual([
      ...[
        ['paid', 4900],
        ['void', 2500],
        ['paid', 4900],
      ],
    ])
    expect((await gateway.taken()).received).toEqual({ usd: 2 * 4900 })
    await expectSoundBooks(world)
  })

  test('is made as soon as it is paid, and billed on from there', async () => {
    const world = await on('starter')
    const { jane, sub, until } = world
    await until(MIDDLE)
    const paid = await sub.changes(upgrade)
    expect(paid.plan).not.toBe(sub.made.plan)
    expect(paid).toMatchObject({ pending_change: null, latest_invoice: { status: 'paid', total: 2500 } })
    await until('2026-04-26T00:00:00Z')
    const { latest_invoice } = await sub.changes({ plan: 'starter', invoice: 'now' })
    // 4950 were for 15 days, of which 5 are left; Starter’s 5 of 30 days are 816.67.
    expect(amounts(latest_invoice)).toEqual([-1650, 817])
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).at(-1)).toMatchObject({ total: 4900, credits_applied: 833, paid: 4067 })
    await expectSoundBooks(world)
  })

  test('waits while nobody knows whether it was paid, and is made when that is known', async () => {
    const world = await on('starter', { test_clock: undefined })
    const { jane, sub, gateway } = world
    await gateway.fault({ fault: 'execute_then_drop' })
    const waiting = await sub.changes({ ...upgrade, quantity: 3 })
    expect(waiting).toMatchObject({
      plan: sub.made.plan,
      quantity: 1,
      payment: { status: 'pending', outcome: 'unknown' },
    })
    expect(waiting.pending_change.invoice).toBe(waiting.latest_invoice.id)
    for (const [command, about] of Object.entries({ change: { quantity: 2 }, pause: {}, cancel: { when: 'now' } })) {
      expectProblem(await sub.asks(command, about), 409, 'command_not_possible')
    }
    const path = `/v1/invoices/${waiting.latest_invoice.id}`
    expectProblem(await world.client.post(`${path}/void`, { reason: 'No' }), 409, 'payment_under_way')
    realTimePasses(61_000)
    await chargesRun()
    expect(await sub.shown()).toMatchObject({ quantity: 3, pending_change: null })
    const [first, second, ...none] = await jane.invoices()
    expect([first?.status, second?.status, none]).toEqual(['paid', 'paid', []])
    expect((await gateway.taken()).received).toEqual({ usd: first?.total + second?.total })
    await expectSoundBooks(world)
  })

  test('is not possible where there is nothing to charge', async () => {
    const { sub, until } = await on('starter', { card: null })
    await until(MIDDLE)
    expectProblem(await sub.asks('change', upgrade), 422, 'payment_method_missing')
    expect(await sub.shown()).toMatchObject({ plan: sub.made.plan, pending_change: null })
  })
})

describe('S6 what a change gives back', () => {
  const downgrade = { plan: 'starter', invoice: 'now' }

  test('first reduces what the credited invoice still owes, as a credit note', async () => {
    const world = await on('pro', { card: null })
    const { client, jane, sub, until } = world
    await until(MIDDLE)
    const { latest_invoice } = await sub.changes(downgrade)
    expect(latest_invoice).toMatchObject({ status: 'paid', total: -2500, credit_notes: -2500, credits_applied: 0 })
    const [first] = await jane.invoices()
    expect(first).toMatchObject({ status: 'open', total: 9900, credit_notes: 2500, balance: 7400 })
    const { data } = body(await client.get(`/v1/credit_notes?account=${jane.id}`))
    expect(data).toMatchObject([
      { number: 'JANE-CN-0001', total: 2500, reduced: 2500, invoice: first?.id, source_invoice: latest_invoice.id },
    ])
    expectProblem(await client.post(`/v1/credit_notes/${data[0].id}/void`), 409, 'command_not_possible')
    expectProblem(await client.post(`/v1/invoices/${first?.id}/void`, { reason: 'No' }), 409, 'invoice_not_voidable')
    expect(await jane.hasToItsCredit()).toBe(0)
    await expectSoundBooks(world)
  })

  test('then goes to the credit balance, with what the invoice does not take up', async () => {
    const world = await on('pro', { card: null })
    const { client, jane, sub, until } = world
    const [open] = await jane.invoices()
    await jane.isGranted(9000)
    body(await client.post(`/v1/invoices/${open?.id}/apply_credit`, {}))
    await until(MIDDLE)
    const { latest_invoice } = await sub.changes(downgrade)
    expect(latest_invoice).toMatchObject({ total: -2500, credit_notes: -900, credits_applied: -1600 })
    expect((await jane.invoices())[0]).toMatchObject({ status: 'paid', credits_applied: 9000, credit_notes: 900 })
    expect(await jane.hasToItsCredit()).toBe(1600)
    await expectSoundBooks(world)
  })

  test('or back to the card, no more than was paid by it', async () => {
    const world = await on('pro')
    const { client, jane, sub, until, gateway } = world
    await until(MIDDLE)
    const { latest_invoice } = await sub.changes({ ...downgrade, credit: 'refund' })
    expect(latest_invoice).toMatchObject({ status: 'paid', total: -2500, paid: -2500, credits_applied: 0 })
    await until('2026-04-16T00:01:00Z')
    const { data } = body(await client.get(`/v1/refunds?account=${jane.id}`))
    expect(data).toMatchObject([{ status: 'succeeded', amount: 2500, payment: sub.made.payment.id }])
    expect((await gateway.taken()).refunded).toEqual({ usd: 2500 })
    expect(await jane.hasToItsCredit()).toBe(0)
    await expectSoundBooks(world)
  })
})

test('FR-030 twenty changes at once are made one after the other: one draft, of the last one', async () => {
  const world = await on('starter')
  const { sub, until, jane } = world
  await until(MIDDLE)
  const seats = Array.from({ length: 20 }, (_, index) => index + 2)
  const replies = await Promise.all(seats.map((quantity) => sub.asks('change', { quantity })))
  expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200))
  expect(new Set(replies.map((reply) => body(reply).latest_invoice.id)).size).toBe(1)
  const { quantity } = await sub.shown()
  await until('2026-04-17T00:00:00Z')
  expect((await jane.invoices()).map(amounts)).toEqual([[4900], [-2450, quantity * 2450]])
  await expectSoundBooks(world)
})
