import { expect, test } from 'vitest'
import { monthly, newWorld } from '../support/world.ts'

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
  expect(invoices.map(({ period }) => period.start.slice(0, 10))).toEqual([
    ...['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31', '2027-06-30'],
    ...['2027-07-31', '2027-08-31', '2027-09-30', '2027-10-31', '2027-11-30', '2027-12-31'],
  ])
  await world.isBalanced()
  expect((await world.gateway.taken()).received).toEqual({ usd: 12 * 9900 })
})
