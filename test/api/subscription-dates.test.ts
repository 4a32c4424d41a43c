import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { newWorld } from '../support/world.ts'

const starts = (invoices: readonly Json[]) => invoices.map(({ period }) => period.start)

describe('FR-032 an invoice is made on the billing date', () => {
  test('at the instant the period ends, not before, and once', async () => {
    const world = await newWorld('2026-01-31T10:00:00Z')
    await world.plan('pro')
    const jane = await world.account({ timezone: 'UTC' })
    await jane.subscribes('pro')
    await world.until('2026-02-28T09:59:59.999Z')
    expect(await jane.invoices()).toHaveLength(1)
    await world.until('2026-02-28T10:00:00Z')
    const renewal = { reason: 'renewal', period: { start: '2026-02-28T10:00:00Z', end: '2026-03-31T10:00:00Z' } }
    const issued = { issued_at: '2026-02-28T10:00:00Z', finalized_at: '2026-02-28T10:00:00Z', status: 'paid' }
    expect((await jane.invoices())[1]).toMatchObject({ ...renewal, ...issued })
    await world.until('2026-03-31T09:59:59Z')
    expect(await jane.invoices()).toHaveLength(2)
  })

  test('for each subscription of an account on its own date, in one series of numbers', async () => {
    const world = await newWorld('2026-01-10T00:00:00Z')
    await world.plan('pro')
    await world.plan('storage', { prices: [{ currency: 'USD', interval: 'week', unit_amount: '500' }] })
    const jane = await world.account({ timezone: 'UTC' })
    await jane.subscribes('pro')
    await world.until('2026-01-20T00:00:00Z')
    await jane.subscribes('storage')
    await world.until('2026-02-10T00:00:00Z')
    expect((await jane.invoices()).map(({ number, total, period }) => [number, total, period.start])).toEqual([
      ['JANE-0001', 4900, '2026-01-10T00:00:00Z'],
      ['JANE-0002', 500, '2026-01-20T00:00:00Z'],
      ['JANE-0003', 500, '2026-01-27T00:00:00Z'],
      ['JANE-0004', 500, '2026-02-03T00:00:00Z'],
      ['JANE-0005', 4900, '2026-02-10T00:00:00Z'],
      ['JANE-0006', 500, '2026-02-10T00:00:00Z'],
    ])
  })
})

const month = { interval: 'month' }

describe('FR-037 the next date', () => {
  test.each([
    ['2027-01-31', month, ['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31', '2027-06-30', '2027-07-31']],
    ['2028-01-30', month, ['2028-02-29', '2028-03-30', '2028-04-30', '2028-05-30', '2028-06-30', '2028-07-30']],
    ['2026-11-30', { interval: 'quarter' }, ['2027-02-28', '2027-05-30', '2027-08-30', '2027-11-30', '2028-02-29']],
    ['2028-02-29', { interval: 'year' }, ['2029-02-28', '2030-02-28', '2031-02-28', '2032-02-29', '2033-02-28']],
    ['2026-12-30', { interval: 'week' }, ['2027-01-06', '2027-01-13', '2027-01-20', '2027-01-27', '2027-02-03']],
    ['2026-01-01', { interval: 'week', interval_count: 2 }, ['2026-01-15', '2026-01-29', '2026-02-12']],
    ['2026-08-31', { ...month, interval_count: 6 }, ['2027-02-28', '2027-08-31', '2028-02-29', '2028-08-31']],
  ])('from %s by %o is counted from the anchor', async (start, interval, dates) => {
    const world = await newWorld(`${dates.at(-1)}T12:00:00Z`)
    await world.plan('pro', { prices: [{ currency: 'USD', unit_amount: '100', ...interval }] })
    const jane = await world.account({ timezone: 'UTC', card: null })
    await jane.subscribes('pro', { start: `${start}T12:00:00Z`, ...interval })
    expect(starts(await jane.invoices())).toEqual([start, ...dates].map((date) => `${date}T12:00:00Z`))
  })
})

describe('FR-038 a start in the past', () => {
  test('is invoiced for every period begun, each on its own, oldest number first, due from today', async () => {
    const world = await newWorld('2026-06-15T00:00:00Z')
    await world.plan('pro')
    const jane = await world.account({ timezone: 'UTC' })
    const made = await jane.subscribes('pro', { start: '2026-01-31T00:00:00Z' })
    const invoices = await jane.invoices()
    expect(invoices.map(({ number, reason, status, period }) => [number, reason, status, period.start])).toEqual([
      ['JANE-0001', 'subscription', 'paid', '2026-01-31T00:00:00Z'],
      ['JANE-0002', 'renewal', 'paid', '2026-02-28T00:00:00Z'],
      ['JANE-0003', 'renewal', 'paid', '2026-03-31T00:00:00Z'],
      ['JANE-0004', 'renewal', 'paid', '2026-04-30T00:00:00Z'],
      ['JANE-0005', 'renewal', 'paid', '2026-05-31T00:00:00Z'],
    ])
    for (const { issued_at, due_at } of invoices) {
      expect([issued_at, due_at]).toEqual(['2026-06-15T00:00:00Z', '2026-06-16T00:00:00Z'])
    }
    expect(made).toMatchObject({ anchor: '2026-01-31T00:00:00Z', latest_invoice: { number: 'JANE-0005' } })
    expect((await world.gateway.taken()).received).toEqual({ usd: 5 * 4900 })
    await world.until('2026-06-30T00:00:00Z')
    expect(starts(await jane.invoices()).at(-1)).toBe('2026-06-30T00:00:00Z')
    await world.isBalanced()
  })

  test('takes today’s price for all of them', async () => {
    const world = await newWorld('2026-03-15T00:00:00Z')
    await world.plan('pro')
    body(await world.client.patch('/v1/plans/pro', { prices: [{ currency: 'USD', ...month, unit_amount: '5900' }] }))
    const jane = await world.account()
    await jane.subscribes('pro', { start: '2026-01-15T00:00:00Z' })
    expect((await jane.invoices()).map(({ total }) => total)).toEqual([5900, 5900, 5900])
  })

  test('is possible up to 120 periods, and refused beyond', async () => {
    const world = await newWorld('2026-01-01T00:00:00Z')
    await world.plan('pro')
    const jane = await world.account({ timezone: 'UTC', card: null })
    const refused = await jane.asksToSubscribe('pro', { start: '2016-01-01T00:00:00Z' })
    const detail = 'From 2016-01-01T00:00:00Z to now there are 121 periods, each an invoice; 120 is the most.'
    expectProblem(refused, 422, 'too_many_periods', { detail, ...pointsAt('/start') })
    await jane.subscribes('pro', { start: '2016-02-01T00:00:00Z' })
    const page = body(await world.client.get(`/v1/invoices?account=${jane.id}&limit=100`))
    expect([page.data.length, page.has_more, page.data[0].number]).toEqual([100, true, 'JANE-0120'])
    expect(starts(page.data).at(0)).toBe('2026-01-01T00:00:00Z')
  })

  test('with more charges than a customer waits for leaves them to the queue, and each is taken once', async () => {
    const world = await newWorld('2026-12-15T00:00:00Z')
    await world.plan('pro')
    const jane = await world.account({ timezone: 'UTC' })
    const made = await jane.subscribes('pro', { start: '2026-01-01T00:00:00Z' })
    expect(made.payment).toMatchObject({ status: 'pending', outcome: null })
    const statuses = async () => (await jane.payments()).map(({ status }) => status)
    await expect.poll(statuses, { timeout: 10_000 }).toEqual(Array(12).fill('succeeded'))
    expect((await world.gateway.taken()).received).toEqual({ usd: 12 * 4900 })
  })

  test('more than 50 years ahead is a slip of the keyboard', async () => {
    const world = await newWorld('2026-01-01T00:00:00Z')
    await world.plan('pro')
    const jane = await world.account()
    const refused = await jane.asksToSubscribe('pro', { start: '2206-01-01T00:00:00Z' })
    expectProblem(refused, 422, 'invalid_request', pointsAt('/start'))
  })
})
