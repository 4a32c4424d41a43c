import { expect, test } from 'vitest'
import { expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { monthly, newWorld } from '../support/world.ts'

/** Jane in Germany on Starter, 4900 a month, from 1 May, which has 31 days; she pays by transfer. */
async function taxed(tax: Json) {
  const world = await newWorld('2026-05-01T00:00:00Z')
  body(await world.client.patch('/v1/settings', { tax }))
  await world.plan('starter')
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  const jane = await world.account({ timezone: 'UTC', country: 'DE', card: null, collection: 'invoice' })
  return { ...world, jane, sub: await jane.buys('starter') }
}

const rates = [
  { country: 'DE', name: 'VAT', percent: '19' },
  { country: 'FR', name: 'TVA', percent: '20' },
]
const taxesOf = ({ lines }: Json) => lines.map(({ amount, tax }: Json) => [amount, tax])

test('S4 S6 a credit carries the tax of the line it credits, a charge that of today', async () => {
  const world = await taxed({ engine: 'rates', rates })
  const { client, jane, sub, until } = world
  expect(sub.made.latest_invoice).toMatchObject({ subtotal: 4900, tax: 931, total: 5831 })
  await until('2026-05-17T00:00:00Z')
  body(await client.patch(`/v1/accounts/${jane.id}`, { country: 'FR' }))
  const { latest_invoice } = await sub.changes({ plan: 'pro', invoice: 'now' })
  // 15 of 31 days: 931 × 2371/4900 = 450.49, and a fifth of 4790.
  expect(taxesOf(latest_invoice)).toEqual([
    [-2371, -450],
    [4790, 958],
  ])
  expect(latest_invoice.taxes).toMatchObject([
    { name: 'VAT', country: 'DE', amount: -450, taxable: -2371 },
    { name: 'TVA', country: 'FR', amount: 958, taxable: 4790 },
  ])
  await until('2026-06-01T00:00:00Z')
  expect((await jane.invoices()).map(({ tax, total }) => [tax, total])).toEqual([
    ...[
      [931, 5831],
      [508, 2927],
      [1980, 11_880],
    ],
  ])
  await expectSoundBooks(world)
})

test('S4 FR-045 what a change gives back lowers the invoice it credits, whenever its tax arrives', async () => {
  const world = await taxed({ engine: 'external' })
  const { client, jane, sub, until } = world
  const finalize = async ({ id }: Json, amount: number) =>
    body(
      await client.post(`/v1/invoices/${id}/finalize`, {
        taxes: [{ name: 'VAT', country: 'DE', percent: '19', amount }],
      }),
    )
  await finalize(sub.made.latest_invoice, 931)
  await until('2026-05-17T00:00:00Z')
  const { latest_invoice: change } = await sub.changes({ quantity: 1, unit_amount: '100', invoice: 'now' })
  await until('2026-05-20T00:00:00Z')
  // 48 and its 9 are charged, 2371 and 450 are given back.
  expect(await finalize(change, 9)).toMatchObject({ total: -2764, credit_notes: -2764, credits_applied: 0 })
  expect((await jane.invoices())[0]).toMatchObject({ credit_notes: 2764, balance: 3067 })
  await expectSoundBooks(world)
})

test('S4 FR-045 what credits an invoice that awaits its tax is final after it', async () => {
  const world = await taxed({ engine: 'external' })
  const { client, sub, until } = world
  await until('2026-05-17T00:00:00Z')
  const { latest_invoice: change } = await sub.changes({ plan: 'pro', invoice: 'now' })
  expect(change).toMatchObject({ status: 'draft', awaits: 'tax' })
  const finalize = ({ id }: Json, amount: number) =>
    client.post(`/v1/invoices/${id}/finalize`, { taxes: [{ name: 'VAT', country: 'DE', percent: '19', amount }] })
  const refused = await finalize(change, 910)
  expectProblem(refused, 409, 'command_not_possible')
  expect(refused.body.detail).toContain(sub.made.latest_invoice.id)
  expect(body(await finalize(sub.made.latest_invoice, 931))).toMatchObject({ tax: 931, total: 5831 })
  const final = body(await finalize(change, 910))
  expect(taxesOf(final)).toEqual([
    [-2371, -450],
    [4790, 910],
  ])
  expect(final).toMatchObject({ tax: 460, total: 2879, balance: 2879 })
  await expectSoundBooks(world)
})
