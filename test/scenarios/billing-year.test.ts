import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { monthly, newWorld, yearly } from '../support/world.ts'

const starts = (invoices: readonly Json[]) => invoices.map(({ period }) => period.start)
const days = (invoices: readonly Json[]) => starts(invoices).map((start) => start.slice(0, 10))

/** Each period begins where the one before it ended. */
function expectTiled(invoices: readonly Json[]): void {
  expect(invoices.slice(1).map(({ period }) => period.start)).toEqual(
    invoices.slice(0, -1).map(({ period }) => period.end),
  )
}

test('a year of monthly renewals on the 31st: twelve numbered, paid invoices that return to the 31st', async () => {
  const world = await newWorld('2027-01-31T00:00:00Z')
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  const jane = await world.account({ timezone: 'UTC' })
  await jane.subscribes('pro')
  await world.until('2028-01-30T23:59:59Z')
  const invoices = await jane.invoices()
  expect(invoices.map(({ number, status, total }) => [number, status, total])).toEqual(
    Array.from({ length: 12 }, (_, index) => [`JANE-${String(index + 1).padStart(4, '0')}`, 'paid', 9900]),
  )
  expect(days(invoices)).toEqual([
    ...['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31', '2027-06-30'],
    ...['2027-07-31', '2027-08-31', '2027-09-30', '2027-10-31', '2027-11-30', '2027-12-31'],
  ])
  expectTiled(invoices)
  for (const { issued_at, period, due_at } of invoices) {
    expect(issued_at).toBe(period.start)
    expect(Date.parse(due_at) - Date.parse(issued_at)).toBe(86_400_000)
  }
  await world.isBalanced()
  expect((await world.gateway.taken()).received).toEqual({ usd: 12 * 9900 })
})

test('nine years from a 29 February: the 28th, and the 29th again in each leap year', async () => {
  const world = await newWorld('2028-02-29T12:00:00Z')
  await world.plan('pro', { prices: [yearly('USD', '99900')] })
  const jane = await world.account({ timezone: 'UTC' })
  await jane.subscribes('pro')
  await world.until('2032-06-01T00:00:00Z')
  await world.until('2036-12-31T00:00:00Z')
  const invoices = await jane.invoices()
  expect(days(invoices)).toEqual([
    ...['2028-02-29', '2029-02-28', '2030-02-28', '2031-02-28', '2032-02-29'],
    ...['2033-02-28', '2034-02-28', '2035-02-28', '2036-02-29'],
  ])
  expectTiled(invoices)
  expect((await world.gateway.taken()).received).toEqual({ usd: 9 * 99_900 })
})

describe('a year in a zone that changes its clocks', () => {
  // The start, the time of day in UTC while it is winter there, while it is summer, and the months of summer.
  test.each([
    ['America/New_York', '2027-01-15T07:30:00Z', '07:30', '06:30', [3, 4, 5, 6, 7, 8, 9, 10]],
    ['Europe/Berlin', '2027-01-15T22:15:00Z', '22:15', '21:15', [4, 5, 6, 7, 8, 9, 10]],
    ['Australia/Sydney', '2027-05-15T00:00:00Z', '00:00', '23:00', [10, 11, 12, 1, 2, 3]],
  ])('%s: every renewal is at the same local time', async (timezone, start, winter, summer, months) => {
    const world = await newWorld(start)
    await world.plan('pro')
    const jane = await world.account({ timezone })
    const { id } = await jane.subscribes('pro')
    await world.passes('1 year')
    const invoices = await jane.invoices()
    expect(invoices).toHaveLength(13)
    expectTiled(invoices)
    const local = new Intl.DateTimeFormat('en-CA', {
      timeZone: timezone,
      dateStyle: 'short',
      timeStyle: 'short',
      hourCycle: 'h23',
    })
    const times = new Set(starts(invoices).map((at) => local.format(new Date(at)).slice(-5)))
    expect(times.size).toBe(1)
    for (const at of starts(invoices)) {
      const month = Number(new Intl.DateTimeFormat('en', { timeZone: timezone, month: 'numeric' }).format(new Date(at)))
      expect(at.slice(11, 16)).toBe(months.includes(month) ? summer : winter)
    }
    expect(body(await world.client.get(`/v1/subscriptions/${id}`))).toMatchObject({ timezone, anchor: start })
  })

  test('a local time that is skipped moves forward by the gap, one that comes twice is the earlier', async () => {
    const world = await newWorld('2027-02-14T07:30:00Z')
    await world.plan('pro')
    const skipped = await world.account({ timezone: 'America/New_York' })
    await skipped.subscribes('pro')
    await world.until('2027-10-07T05:30:00Z')
    const twice = await world.account({ timezone: 'America/New_York', name: 'Twice' })
    await twice.subscribes('pro')
    await world.until('2027-12-10T00:00:00Z')
    // 02:30 does not exist on 14 March 2027: 03:30 EDT. 01:30 comes twice on 7 November: the first is EDT.
    expect(starts(await skipped.invoices()).slice(0, 3)).toEqual([
      ...['2027-02-14T07:30:00Z', '2027-03-14T07:30:00Z', '2027-04-14T06:30:00Z'],
    ])
    expect(starts(await twice.invoices())).toEqual([
      ...['2027-10-07T05:30:00Z', '2027-11-07T05:30:00Z', '2027-12-07T06:30:00Z'],
    ])
  })
})

test('FR-105 a year in yen and in dinars: what is charged, and what is let go', async () => {
  const world = await newWorld('2026-01-31T00:00:00Z')
  await world.plan('pro', { prices: [monthly('JPY', '1500'), monthly('KWD', '3.0005'), monthly('ISK', '990.4')] })
  const about = { timezone: 'UTC' }
  const yen = await world.account({ ...about, name: 'Yen', currency: 'JPY' })
  const dinars = await world.account({ ...about, name: 'Dinars', currency: 'KWD' })
  const kronas = await world.account({ ...about, name: 'Kronas', currency: 'ISK' })
  await yen.subscribes('pro', { quantity: 3 })
  await dinars.subscribes('pro', { quantity: 415 })
  await kronas.subscribes('pro')
  await world.until('2027-01-30T00:00:00Z')
  const [jpy, kwd, isk] = [await yen.invoices(), await dinars.invoices(), await kronas.invoices()]
  expect(jpy.map(({ total, paid, written_off }) => [total, paid, written_off])).toEqual(Array(12).fill([4500, 4500, 0]))
  // 415 × 3.0005 fils = 1245.2075 → 1245, charged in tens.
  expect(kwd.map(({ total, paid, written_off }) => [total, paid, written_off])).toEqual(Array(12).fill([1245, 1240, 5]))
  expect(isk.map(({ total, paid, written_off }) => [total, paid, written_off])).toEqual(Array(12).fill([990, 990, 0]))
  const received = { jpy: 12 * 4500, kwd: 12 * 1240, isk: 12 * 99_000 }
  expect((await world.gateway.taken()).received).toEqual(received)
  await world.isBalanced()
})
