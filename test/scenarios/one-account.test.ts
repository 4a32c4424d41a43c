import { describe, expect, test } from 'vitest'
import { expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { sql } from '../support/sql.ts'
import { monthly, newWorld } from '../support/world.ts'

/** A world on 1 April with plans of 4900, 9900 and 2000 a month. */
async function selling(about: Json = {}) {
  const world = await newWorld('2026-04-01T00:00:00Z')
  await world.plan('starter')
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  await world.plan('storage', { prices: [monthly('USD', '2000')] })
  return { ...world, jane: await world.account({ timezone: 'UTC', ...about }) }
}

describe('FR-032 several subscriptions of an account', () => {
  test('FR-093 that renew at one instant share its credit, without taking it twice', async () => {
    const world = await selling()
    const { jane, until, gateway } = world
    for (const plan of ['starter', 'pro', 'storage']) await jane.buys(plan)
    await jane.isGranted(6000)
    await until('2026-05-01T00:00:00Z')
    const renewals = (await jane.invoices()).slice(3)
    expect(renewals.map(({ total, credits_applied, paid }) => [total, credits_applied, paid])).toEqual([
      ...[
        [4900, 4900, 0],
        [9900, 1100, 8800],
        [2000, 0, 2000],
      ],
    ])
    expect(await jane.hasToItsCredit()).toBe(0)
    expect((await gateway.taken()).received).toEqual({ usd: 16_800 + 10_800 })
    await expectSoundBooks(world)
  })

  test('FR-044 are renewed in one invoice, final at the next local midnight, where the organization wants it', async () => {
    const world = await selling({ timezone: 'America/New_York' })
    const { client, jane, until } = world
    body(await client.patch('/v1/settings', { invoicing: { consolidate: true } }))
    const subs = [await jane.buys('starter'), await jane.buys('pro')]
    await until('2026-04-01T09:00:00Z')
    subs.push(await jane.buys('storage'))
    // 1 May begins there at 04:00: what renews at 00:00 UTC is still of 30 April.
    await until('2026-05-01T00:00:00Z')
    const [draft, ...none] = (await jane.invoices()).slice(3)
    expect(none).toEqual([])
    expect(draft).toMatchObject({
      ...{ status: 'draft', awaits: 'day_end', finalize_at: '2026-05-01T04:00:00Z', subscription: null, total: 14_800 },
      lines: [
        { subscription: subs[0]?.id, amount: 4900 },
        { subscription: subs[1]?.id, amount: 9900 },
      ],
    })
    await until('2026-05-01T12:00:00Z')
    expect((await jane.invoices()).slice(3)).toMatchObject([
      { id: draft?.id, number: 'JANE-0004', status: 'paid', paid: 14_800, reason: 'renewal' },
      { status: 'draft', total: 2000 },
    ])
    await until('2026-05-02T04:00:00Z')
    expect((await jane.invoices()).map(({ status }) => status)).toEqual(Array(5).fill('paid'))
    await expectSoundBooks(world)
  })

  test('have one live subscription on a plan, also by way of a change', async () => {
    const { jane } = await selling()
    await jane.buys('starter')
    const pro = await jane.buys('pro')
    expect((await pro.asks('change', { plan: 'starter' })).body.code).toBe('already_subscribed')
    expect((await pro.asks('change', { plan: 'starter', effective: 'period_end' })).body.code).toBe(
      'already_subscribed',
    )
  })
})

describe('FR-052 many at once', () => {
  const twenty = <T>(work: (index: number) => Promise<T>) => Promise.all(Array.from({ length: 20 }, (_, n) => work(n)))

  test('pay an invoice by credit: as much as there is, and never more', async () => {
    const world = await selling({ card: null })
    const { client, jane } = world
    const { made } = await jane.buys('starter')
    const path = `/v1/invoices/${made.latest_invoice.id}/apply_credit`
    const credit = await jane.isGranted(1000)
    const replies = await twenty(() => client.post(path, { amount: 150 }))
    const done = replies.filter(({ status }) => status === 200)
    expect(done).toHaveLength(6)
    for (const { status, body: problem } of replies.filter((reply) => reply.status !== 200)) {
      expect([status, problem.code]).toEqual([422, 'credit_too_large'])
    }
    expect(body(await client.get(`/v1/credits/${credit.id}`))).toMatchObject({ remaining: 100, applied: 900 })
    expect((await jane.invoices())[0]).toMatchObject({ credits_applied: 900, balance: 4000 })
    await expectSoundBooks(world)
  })

  test('void an invoice: one does, and one correction is made', async () => {
    const world = await selling({ card: null })
    const { client, jane } = world
    const { made } = await jane.buys('starter')
    const replies = await twenty(() => client.post(`/v1/invoices/${made.latest_invoice.id}/void`, { reason: 'Wrong' }))
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, ...Array(19).fill(409)])
    expect((await jane.invoices()).map(({ status }) => status)).toEqual(['void', 'open'])
    await expectSoundBooks(world)
  })

  test('give money back: never more than was paid', async () => {
    const world = await selling()
    const { client, jane, until, gateway } = world
    const { made } = await jane.buys('starter')
    const [line] = made.latest_invoice.lines
    const part = {
      invoice: made.latest_invoice.id,
      reason: 'Wrong',
      lines: [{ line: line.id, amount: 600 }],
      refund: 600,
    }
    const replies = await twenty(() => client.post('/v1/credit_notes', part))
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(8)
    await until('2026-04-02T00:00:00Z')
    expect((await gateway.taken()).refunded).toEqual({ usd: 4800 })
    const numbers = body(await client.get(`/v1/credit_notes?account=${jane.id}`)).data.map(({ number }: Json) => number)
    expect(numbers.toReversed()).toEqual(Array.from({ length: 8 }, (_, n) => `JANE-CN-000${n + 1}`))
    await expectSoundBooks(world)
  })

  test('of every kind come out as some order of them: nothing negative, nothing twice', async () => {
    const world = await selling({ card: null })
    const { client, jane, until } = world
    const sub = await jane.buys('starter')
    const invoice = `/v1/invoices/${sub.made.latest_invoice.id}`
    await until('2026-04-16T00:00:00Z')
    const commands = [
      () => client.post('/v1/credits', { account: jane.id, amount: 700, reason: 'Sorry' }),
      () => client.post(`${invoice}/apply_credit`, {}),
      () => client.post(`${invoice}/void`, { reason: 'Wrong' }),
      () => sub.asks('change', { plan: 'pro', invoice: 'now' }),
      () => sub.asks('change', { plan: 'starter', invoice: 'now' }),
    ]
    const replies = await twenty((n) => commands[n % commands.length]?.() ?? Promise.reject(new Error('none')))
    for (const { status, text } of replies) expect([200, 201, 409, 422], text).toContain(status)
    const negative = await sql(`select 'credit' from credits where remaining < 0
      union all select 'invoice' from invoices where balance < 0 and status <> 'draft'`)
    expect(negative).toEqual([])
    await until('2026-06-01T00:00:00Z')
    await expectSoundBooks(world)
  })
})
