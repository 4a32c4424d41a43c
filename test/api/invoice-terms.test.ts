import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { monthly, newWorld } from '../support/world.ts'

const NOW = '2026-01-31T10:00:00Z'

describe('FR-053 an invoice is due', () => {
  const byInvoice = { collection: 'invoice' }
  const inNewYork = { timezone: 'America/New_York' }
  test.each([
    ['30 days after, where the customer pays by invoice', { ...byInvoice, card: null }, '2026-03-03T00:00:00Z'],
    ['30 days after, whether there is a card or not', byInvoice, '2026-03-03T00:00:00Z'],
    ['on the terms of the account', { ...byInvoice, payment_terms_days: 14 }, '2026-02-15T00:00:00Z'],
    ['the same day on terms of none', { ...byInvoice, payment_terms_days: 0 }, '2026-02-01T00:00:00Z'],
    ['the same day, where we charge', {}, '2026-02-01T00:00:00Z'],
    ['in 7 days, where we would charge but there is no method', { card: null }, '2026-02-08T00:00:00Z'],
    ['at the end of the local day', inNewYork, '2026-02-01T05:00:00Z'],
    ['of the local day that it is there already', { timezone: 'Pacific/Kiritimati' }, '2026-02-01T10:00:00Z'],
    ['across a change of the clocks', { ...byInvoice, ...inNewYork, payment_terms_days: 60 }, '2026-04-02T04:00:00Z'],
  ])('%s', async (_, about, due_at) => {
    const { account, plan } = await newWorld(NOW)
    await plan('pro')
    const { latest_invoice } = await (await account({ timezone: 'UTC', ...about })).subscribes('pro')
    expect(latest_invoice).toMatchObject({ due_at, finalized_at: NOW })
  })

  test('whoever pays by invoice is not charged, though there is a card', async () => {
    const { account, plan, gateway } = await newWorld(NOW)
    await plan('pro')
    const { latest_invoice, payment } = await (await account(byInvoice)).subscribes('pro')
    expect([latest_invoice.status, payment, (await gateway.taken()).received]).toEqual(['open', null, {}])
  })
})

test('FR-044 renewals are final without a manual step, with number, due date and parties', async () => {
  const { account, plan, passes } = await newWorld(NOW)
  await plan('pro')
  const jane = await account({ timezone: 'UTC', country: 'US' })
  await jane.subscribes('pro')
  await passes('1 month')
  const bill_to = { name: 'Jane', email: 'jane@startup.example', country: 'US' }
  const final = { number: 'JANE-0002', status: 'paid', bill_to, due_at: '2026-03-01T00:00:00Z' }
  expect((await jane.invoices())[1]).toMatchObject({ ...final, finalized_at: '2026-02-28T10:00:00Z' })
})

test('the parties stay as they were when it was finalised', async () => {
  const { account, plan, client, passes } = await newWorld(NOW)
  await plan('pro')
  const jane = await account({ country: 'US' })
  await jane.subscribes('pro')
  body(await client.patch(`/v1/accounts/${jane.id}`, { name: 'Jane Ltd', country: 'GB' }))
  await passes('1 month')
  expect((await jane.invoices()).map(({ bill_to }) => [bill_to.name, bill_to.country])).toEqual([
    ['Jane', 'US'],
    ['Jane Ltd', 'GB'],
  ])
})

describe('FR-048 a line says what it is for', () => {
  test.each([
    [1, 'UTC', 'Pro, 31 Jan – 28 Feb 2026'],
    [5, 'UTC', 'Pro × 5, 31 Jan – 28 Feb 2026'],
    [1, 'Pacific/Kiritimati', 'Pro, 1 Feb – 1 Mar 2026'],
  ])('%s seats in %s: %s', async (quantity, timezone, description) => {
    const { account, plan } = await newWorld(NOW)
    await plan('pro', { prices: [monthly('USD', '1999.5')] })
    const jane = await account({ timezone, card: null })
    const made = await jane.subscribes('pro', { quantity })
    const { latest_invoice: invoice, plan_version, current_period: period } = made
    const amount = Math.round(1999.5 * quantity)
    expect(invoice.lines).toEqual([
      {
        id: expect.stringMatching(/^line_/),
        kind: 'base',
        subscription: made.id,
        quantity: String(quantity),
        unit_amount: '1999.5',
        ...{ description, plan_version, amount, period },
        ...{ metric: null, tiers: [], proration: null, credits_line: null },
        ...{ discounts: [], discount: 0, taxes: [], tax: 0 },
      },
    ])
    expect(invoice).toMatchObject({ subtotal: amount, discount: 0, tax: 0, total: amount, period })
  })

  test('with both years where it spans them', async () => {
    const { account, plan } = await newWorld('2026-12-15T00:00:00Z')
    await plan('pro')
    const made = await (await account({ timezone: 'UTC', card: null })).subscribes('pro')
    expect(made.latest_invoice.lines[0].description).toBe('Pro, 15 Dec 2026 – 15 Jan 2027')
  })
})

test('FR-052 the balance is the amount less what was paid, credited and let go, of every invoice', async () => {
  const { account, plan, client, gateway } = await newWorld(NOW)
  await plan('pro', { prices: [monthly('USD', '9900'), monthly('KWD', '1239')] })
  const dollars = await account()
  await dollars.subscribes('pro')
  await gateway.declines('insufficient_funds')
  const declined = await account({ name: 'John' })
  const { latest_invoice: open } = await declined.subscribes('pro')
  const dinars = await account({ name: 'Ali', currency: 'KWD' })
  const { latest_invoice: rounded } = await dinars.subscribes('pro')
  expect(open).toMatchObject({ total: 9900, paid: 0, balance: 9900, status: 'open' })
  expect(rounded).toMatchObject({ total: 1239, paid: 1230, written_off: 9, balance: 0, status: 'paid' })
  const { data } = body(await client.get('/v1/invoices'))
  expect(data).toHaveLength(3)
  for (const { total, paid, credits_applied, credit_notes, written_off, balance, subtotal, discount, tax } of data) {
    expect(balance).toBe(total - paid - credits_applied - credit_notes - written_off)
    expect(total).toBe(subtotal - discount + tax)
  }
  expect([await dollars.owes(), await declined.owes(), await dinars.owes()]).toEqual([0, 9900, 0])
  const { currencies } = body(await client.get('/v1/ledger/trial_balance'))
  const receivable = (code: string) =>
    currencies
      .find(({ currency }: Json) => currency === code)
      .accounts.find(({ ledger_account }: Json) => ledger_account === 'receivable').balance
  expect([receivable('USD'), receivable('KWD')]).toEqual([9900, 0])
})
