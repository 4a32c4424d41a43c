import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { sql } from '../support/sql.ts'
import { monthly, newWorld, type World, yearly } from '../support/world.ts'

const explained = async ({ client }: World, { id }: Json) => body(await client.get(`/v1/invoices/${id}/explain`))
const verified = async ({ client }: World, { id }: Json) => body(await client.post(`/v1/invoices/${id}/verify`))

/** Jane in Germany, taxed and with half off, who changes her plan in the middle of a month. */
async function changed() {
  const world = await newWorld('2026-06-01T00:00:00Z')
  const rates = [{ country: 'DE', name: 'VAT', percent: '19' }]
  body(await world.client.patch('/v1/settings', { tax: { engine: 'rates', rates } }))
  await world.plan('starter')
  await world.plan('team', { prices: [monthly('USD', '9900'), yearly('USD', '99900')] })
  body(await world.client.post('/v1/coupons', { code: 'HALF', name: 'Half', percent_off: '50', duration: 'forever' }))
  const jane = await world.account({ timezone: 'UTC', country: 'DE' })
  const { id } = await jane.subscribes('starter', { coupon: 'HALF', quantity: 3 })
  await world.until('2026-06-16T09:00:00Z')
  body(await world.client.post(`/v1/subscriptions/${id}/change`, { plan: 'team', invoice: 'now' }))
  return { world, jane, id }
}

describe('FR-048 an invoice explains', () => {
  test('each line from its price to its tax', async () => {
    const { world, jane } = await changed()
    const [first, second] = await jane.invoices()
    const { lines, taxes, ...whole } = await explained(world, first)
    expect(whole).toMatchObject({ invoice: first.id, number: 'JANE-0001', total: first.total, balance: 0, credits: [] })
    expect(whole.sentence).toBe('14700 − 7350 + 1397 = 8747')
    expect(taxes).toMatchObject([{ sentence: 'VAT 19 % of 7350 → 1397', amount: 1397 }])
    expect(lines).toMatchObject([
      {
        ...{ line: first.lines[0].id, kind: 'base', quantity: '3', unit_amount: '4900', charge: null, tiers: [] },
        sentence: '3 × 4900 = 14700 → 14700; − 7350 by 50 % (HALF) = 7350',
        plan_version: { id: first.lines[0].plan_version, number: 1, plan_name: 'Starter' },
        rounding: { exact: { fraction: '14700', decimal: '14700' }, rounded: 14700, by: { decimal: '0' }, less: 0 },
        discounts: [{ coupon: 'HALF', percent: '50', before: 14700, taken: 7350, after: 7350 }],
        ...{ amount: 14700, net: 7350, tax: 1397, total: 8747 },
      },
    ])
    const changes = await explained(world, second)
    expect(changes.lines.map(({ sentence }: Json) => sentence)).toEqual([
      '−(14700 − 7350) × 15/30 = −3675 → −3675; −7350 before discounts; + 3675 by 50 % (HALF) = −3675',
      '3 × 9900 × 15/30 = 14850 → 14850; − 7425 by 50 % (HALF) = 7425',
    ])
  })

  test('a number that has to be rounded, and by how much', async () => {
    const world = await newWorld('2026-06-01T00:00:00Z')
    await world.plan('odd', { prices: [monthly('USD', '1000')] })
    const jane = await world.account({ timezone: 'UTC' })
    await jane.subscribes('odd', { start: '2026-06-11T00:00:00Z', billing_time: 'calendar' })
    await world.until('2026-06-12T00:00:00Z')
    const { lines } = await explained(world, (await jane.invoices())[0])
    expect(lines).toMatchObject([
      {
        sentence: '1 × 1000 × 20/30 ≈ 666.666666666667 → 667',
        proration: { numerator: 20, denominator: 30 },
        rounding: {
          ...{ exact: { fraction: '2000/3', decimal: '666.666666666667' }, rounded: 667 },
          ...{ method: 'half_away_from_zero', by: { fraction: '1/3', decimal: '0.333333333333' } },
        },
      },
    ])
  })

  test('what credit paid', async () => {
    const world = await newWorld()
    await world.plan('pro')
    const jane = await world.account()
    const credit = body(await world.client.post('/v1/credits', { account: jane.id, amount: 900, reason: 'Sorry' }))
    await jane.subscribes('pro')
    const [invoice] = await jane.invoices()
    expect((await explained(world, invoice)).credits).toMatchObject([{ credit: credit.id, amount: 900 }])
  })
})

describe('FR-054 an invoice computed again is identical', () => {
  test('to the minor unit, and nothing is written', async () => {
    const { world, jane, id } = await changed()
    body(await world.client.post(`/v1/subscriptions/${id}/change`, { interval: 'year', invoice: 'now' }))
    const invoices = await jane.invoices()
    expect(invoices.length).toBeGreaterThan(2)
    for (const invoice of invoices) {
      expect(await storesNothing(() => verified(world, invoice))).toEqual({ identical: true, differences: [] })
    }
  })

  test('unless somebody changed it past every guard: then it says what differs', async () => {
    const { world, jane } = await changed()
    const [invoice] = await jane.invoices()
    await sql('alter table invoice_lines disable trigger user')
    await sql(`update invoice_lines set unit_amount = '4901' where unit_amount = '4900' and credits_line_id is null`)
    const { identical, differences } = await verified(world, invoice)
    await sql('alter table invoice_lines enable trigger user')
    expect(identical).toBe(false)
    expect(differences).toContainEqual({ pointer: '/lines/0/amount', stored: '14700', computed: '14703' })
  })

  test('with taxes as somebody else computed them', async () => {
    const world = await newWorld()
    body(await world.client.patch('/v1/settings', { tax: { engine: 'external' } }))
    await world.plan('pro')
    const jane = await world.account()
    await jane.subscribes('pro')
    const [draft] = await jane.invoices()
    const taxes = [{ name: 'VAT', percent: '19', amount: 900 }]
    body(await world.client.post(`/v1/invoices/${draft.id}/finalize`, { taxes }))
    expect(await verified(world, draft)).toEqual({ identical: true, differences: [] })
  })
})

test('another organization’s invoice is not there', async () => {
  const { jane } = await changed()
  const [invoice] = await jane.invoices()
  const { client } = await newWorld()
  expectProblem(await client.get(`/v1/invoices/${invoice.id}/explain`), 404, 'not_found')
  expectProblem(await client.post(`/v1/invoices/${invoice.id}/verify`), 404, 'not_found')
})
