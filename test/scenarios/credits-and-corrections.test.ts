import { describe, expect, test } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { monthly, newWorld, type World } from '../support/world.ts'

/** Jane on Starter, 4900 a month, from 1 April, which has 30 days; Pro is 9900. */
async function onStarter(account: Json = {}, about: Json = {}) {
  const world = await newWorld('2026-04-01T00:00:00Z')
  await world.plan('starter')
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  const jane = await world.account({ timezone: 'UTC', ...account })
  const sub = await jane.buys('starter', about)
  const { latest_invoice: invoice } = sub.made
  return { ...world, jane, sub, invoice }
}

const noted = ({ client }: World, invoice: Json, about: Json = {}) =>
  client.post('/v1/credit_notes', { invoice: invoice.id, reason: 'Billed by mistake', ...about })
const voids = async ({ client }: World, invoice: Json, about: Json = {}) =>
  body(await client.post(`/v1/invoices/${invoice.id}/void`, { reason: 'Wrong', ...about }))
const read = async ({ client }: World, invoice: Json) => body(await client.get(`/v1/invoices/${invoice.id}`))

describe('S9 FR-092 FR-093 a credit that support grants', () => {
  test('FR-094 FR-095 pays the next invoices by itself, the soonest to expire first, with its reason and a report', async () => {
    const world = await onStarter()
    const { client, jane, until, gateway } = world
    const may = await jane.isGranted(1000, { expires_at: '2026-05-01T00:00:00Z', reason: 'The outage of 31 March' })
    const never = await jane.isGranted(700)
    const soon = await jane.isGranted(500, { expires_at: '2026-05-02T00:00:00Z' })
    expect(may).toMatchObject({ reason: 'The outage of 31 March', created_at: '2026-04-01T00:00:00Z' })
    expect(await jane.hasToItsCredit()).toBe(2200)
    // What expires at the instant of the renewal cannot pay for it any more.
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).at(-1)).toMatchObject({ total: 4900, credits_applied: 1200, paid: 3700 })
    const left = async ({ id }: Json) => body(await client.get(`/v1/credits/${id}`))
    expect(await left(may)).toMatchObject({ status: 'expired', expired: 1000, remaining: 0 })
    expect(await left(soon)).toMatchObject({ status: 'used_up', applied: 500 })
    expect(await left(never)).toMatchObject({ status: 'used_up', applied: 700 })
    expect(body(await client.get(`/v1/accounts/${jane.id}/credit_balance`))).toMatchObject({
      ...{ granted: 2200, applied: 1200, expired: 1000, voided: 0, available: 0, currency: 'USD' },
    })
    expect(await eventsOf(may.id)).toEqual(['credit.granted', 'credit.expired'])
    expect((await gateway.taken()).received).toEqual({ usd: 4900 + 3700 })
    await expectSoundBooks(world)
  })

  test('pays all of an invoice without a charge, and the rest of the next', async () => {
    const world = await onStarter()
    const { jane, until } = world
    await jane.isGranted(6000)
    await until('2026-06-01T00:00:00Z')
    expect((await jane.invoices()).map(({ credits_applied, paid, status }) => [credits_applied, paid, status])).toEqual(
      [
        ...[
          [0, 4900, 'paid'],
          [4900, 0, 'paid'],
          [1100, 3800, 'paid'],
        ],
      ],
    )
    expect(await jane.payments()).toHaveLength(2)
    await expectSoundBooks(world)
  })

  test('FR-049 FR-052 pays an open invoice when told to: balance = amount − payments − credits', async () => {
    const world = await onStarter({ card: null })
    const { client, jane, invoice } = world
    await jane.isGranted(1000)
    await jane.isGranted(5000)
    expect(await read(world, invoice)).toMatchObject({ status: 'open', balance: 4900, credits_applied: 0 })
    const apply = (about: Json) => client.post(`/v1/invoices/${invoice.id}/apply_credit`, about)
    expect(body(await apply({ amount: 1500 }))).toMatchObject({ credits_applied: 1500, balance: 3400, status: 'open' })
    expect(body(await apply({}))).toMatchObject({ credits_applied: 4900, balance: 0, status: 'paid' })
    expect(await jane.hasToItsCredit()).toBe(1100)
    await expectSoundBooks(world)
  })
})

describe('S4 FR-050 a void', () => {
  const rates = [{ country: 'DE', name: 'VAT', percent: '19' }]

  test('makes a corrected invoice: the items of then, the address and the tax of today', async () => {
    const world = await onStarter({ card: null, country: 'DE' }, { quantity: 2 })
    const { client, jane, sub, until } = world
    body(await client.patch('/v1/settings', { tax: { engine: 'rates', rates } }))
    await until('2026-05-01T00:00:00Z')
    const [, renewal] = await jane.invoices()
    expect(renewal).toMatchObject({ subtotal: 9800, tax: 1862, total: 11_662, bill_to: { country: 'DE' } })
    await until('2026-05-02T00:00:00Z')
    await sub.changes({ quantity: 3, proration: 'none' })
    body(await client.patch('/v1/plans/starter', { prices: [monthly('USD', '5900')] }))
    body(await client.patch(`/v1/accounts/${jane.id}`, { country: 'FR', name: 'Jeanne' }))
    const { correction, ...voided } = await voids(world, renewal, { reason: 'She moved to France' })
    expect(voided).toMatchObject({ status: 'void', void_reason: 'She moved to France', balance: 0 })
    expect(correction).toMatchObject({
      ...{ number: 'JANE-0003', reason: 'correction', corrects: renewal?.id, subtotal: 9800, tax: 0, total: 9800 },
      ...{ bill_to: { country: 'FR', name: 'Jeanne' }, period: renewal?.period, finalized_at: '2026-05-02T00:00:00Z' },
      lines: [{ kind: 'base', quantity: '2', unit_amount: '4900', subscription: sub.id }],
    })
    expect(await eventsOf(renewal?.id)).toEqual(['invoice.created', 'invoice.finalized', 'invoice.voided'])
    expect(await jane.owes()).toBe(4900 * 2 + 9800)
    await expectSoundBooks(world)
  })

  test('gives back the credit it took, with the lifetime that was left, and pays the correction by it', async () => {
    const world = await onStarter({ card: null })
    const { client, jane, invoice } = world
    const grant = await jane.isGranted(1000, { expires_at: '2026-09-01T00:00:00Z' })
    body(await client.post(`/v1/invoices/${invoice.id}/apply_credit`, {}))
    const { correction } = await voids(world, invoice)
    expect(correction).toMatchObject({ credits_applied: 1000, balance: 3900 })
    await voids(world, correction, { regenerate: false })
    expect(body(await client.get(`/v1/credits/${grant.id}`))).toMatchObject({
      ...{ status: 'available', remaining: 1000, applied: 0, expires_at: '2026-09-01T00:00:00Z' },
    })
    const { data } = body(await client.get(`/v1/credits/${grant.id}/applications`))
    expect(data.map(({ released_at }: Json) => released_at)).toEqual(Array(2).fill('2026-04-01T00:00:00Z'))
    await expectSoundBooks(world)
  })

  test('of a correction makes another, and what renews afterwards is billed once', async () => {
    const world = await onStarter({ card: null })
    const { jane, until, invoice } = world
    const { correction: second } = await voids(world, invoice)
    const { correction: third } = await voids(world, second)
    expect([second.corrects, third.corrects]).toEqual([invoice.id, second.id])
    await until('2026-05-01T00:00:00Z')
    expect((await jane.invoices()).map(({ status, reason }) => [status, reason])).toEqual([
      ...[
        ['void', 'subscription'],
        ['void', 'correction'],
        ['open', 'correction'],
        ['open', 'renewal'],
      ],
    ])
    await expectSoundBooks(world)
  })

  test('is refused once something was paid, or a later document credits it', async () => {
    const paid = await onStarter()
    const path = `/v1/invoices/${paid.invoice.id}/void`
    expectProblem(await paid.client.post(path, { reason: 'Wrong' }), 409, 'invoice_not_voidable')
    const open = await onStarter({ card: null })
    await open.until('2026-04-16T00:00:00Z')
    const { latest_invoice: draft } = await open.sub.changes({ plan: 'pro' })
    const again = () => open.client.post(`/v1/invoices/${open.invoice.id}/void`, { reason: 'Wrong' })
    expectProblem(await again(), 409, 'invoice_not_voidable')
    await open.until('2026-04-17T00:00:00Z')
    expectProblem(await again(), 409, 'invoice_not_voidable')
    await voids(open, draft, { regenerate: false })
    expect((await again()).status).toBe(200)
    await expectSoundBooks(open)
  })
})

describe('S9 a credit note', () => {
  test('gives back to card, balance and by other means, a line at a time, never more than is left', async () => {
    const world = await onStarter({}, { quantity: 2 })
    const { client, jane, invoice, until, gateway } = world
    const [line] = invoice.lines
    const over = { lines: [{ line: line.id, amount: 9801 }] }
    expectProblem(await noted(world, invoice, over), 422, 'credit_note_too_large', pointsAt('/lines/0'))
    const parts = { refund: 3000, credit: 1500, out_of_band: 500 }
    const first = body(await noted(world, invoice, { lines: [{ line: line.id, amount: 5000 }], ...parts }))
    expect(first).toMatchObject({ number: 'JANE-CN-0001', total: 5000, reduced: 0, ...parts, status: 'issued' })
    const unsaid = { lines: [{ line: line.id, amount: 4800 }], refund: 4799 }
    expectProblem(await noted(world, invoice, unsaid), 422, 'credit_note_unbalanced')
    const rest = body(await noted(world, invoice))
    expect(rest).toMatchObject({ number: 'JANE-CN-0002', total: 4800, credit: 4800 })
    expectProblem(await noted(world, invoice), 422, 'credit_note_too_large')
    await until('2026-04-02T00:00:00Z')
    expect((await gateway.taken()).refunded).toEqual({ usd: 3000 })
    expect(await jane.hasToItsCredit()).toBe(6300)
    expect(await read(world, invoice)).toMatchObject({ status: 'paid', paid: 9800, credit_notes: 0, total: 9800 })
    expectProblem(await client.post(`/v1/credit_notes/${first.id}/void`), 409, 'command_not_possible')
    await expectSoundBooks(world)
  })

  test('first reduces what is owed, with its part of the tax, and makes it paid at nothing', async () => {
    const world = await onStarter({ card: null, country: 'DE' })
    const { client, until, jane } = world
    body(
      await client.patch('/v1/settings', {
        tax: { engine: 'rates', rates: [{ country: 'DE', name: 'VAT', percent: '19' }] },
      }),
    )
    await until('2026-05-01T00:00:00Z')
    const [, renewal] = await jane.invoices()
    const third = body(await noted(world, renewal, { lines: [{ line: renewal?.lines[0].id, amount: 1633 }] }))
    expect(third).toMatchObject({ total: 1943, tax: 310, reduced: 1943, credit: 0 })
    expect(await read(world, renewal)).toMatchObject({ status: 'open', credit_notes: 1943, balance: 3888 })
    const rest = body(await noted(world, renewal))
    expect(rest).toMatchObject({ total: 3888, tax: 621 })
    expect(await read(world, renewal)).toMatchObject({ status: 'paid', credit_notes: 5831, balance: 0 })
    expect(body(await client.post(`/v1/credit_notes/${rest.id}/void`))).toMatchObject({ status: 'void' })
    expect(await read(world, renewal)).toMatchObject({ status: 'open', credit_notes: 1943, balance: 3888 })
    await expectSoundBooks(world)
  })

  test('takes from a line what a later change would give back of it', async () => {
    const world = await onStarter()
    const { invoice, sub, until, jane } = world
    body(await noted(world, invoice, { lines: [{ line: invoice.lines[0].id, amount: 4000 }] }))
    await until('2026-04-16T00:00:00Z')
    const { latest_invoice } = await sub.changes({ plan: 'pro', invoice: 'now' })
    // 2450 of the line would be unused, and 900 of it are left.
    expect(latest_invoice.lines.map(({ amount }: Json) => amount)).toEqual([-900, 4950])
    expectProblem(await noted(world, invoice), 422, 'credit_note_too_large')
    expect(await jane.hasToItsCredit()).toBe(0)
    await expectSoundBooks(world)
  })
})

test('FR-052 an invoice that nobody will pay is written off, and a later change gives nothing back of it', async () => {
  const world = await onStarter({ card: null })
  const { client, invoice, sub, until, jane } = world
  body(await client.post(`/v1/invoices/${invoice.id}/mark_uncollectible`))
  expect(await read(world, invoice)).toMatchObject({ status: 'uncollectible', written_off: 4900, balance: 0 })
  await until('2026-04-16T00:00:00Z')
  const { latest_invoice } = await sub.cancels({ when: 'now', prorate: true })
  expect([latest_invoice, await jane.hasToItsCredit()]).toEqual([null, 0])
  const { currencies } = body(await client.get('/v1/ledger/trial_balance'))
  const debt = currencies[0].accounts.find(({ ledger_account }: Json) => ledger_account === 'bad_debt')
  expect(debt.balance).toBe(4900)
  await expectSoundBooks(world)
})

describe('FR-053 an invoice written by hand', () => {
  test('is due by its own terms, by the account’s, or at once where the card is charged', async () => {
    const world = await onStarter({ card: null, collection: 'invoice', payment_terms_days: 14 })
    const { jane } = world
    const john = await world.account({ timezone: 'UTC', name: 'John' })
    const own = await jane.isBilled({ 'Set-up': '25000' }, { payment_terms_days: 7, memo: 'Thank you' })
    const terms = await jane.isBilled({ 'Set-up': '25000' })
    const charged = await john.isBilled({ 'Set-up': '25000' })
    expect([own.due_at, terms.due_at, charged.due_at]).toEqual([
      ...['2026-04-09T00:00:00Z', '2026-04-16T00:00:00Z', '2026-04-02T00:00:00Z'],
    ])
    expect([own.status, terms.status, charged.status]).toEqual(['open', 'open', 'paid'])
    await expectSoundBooks(world)
  })

  test('as a draft holds no number and no money until it is finalised, and takes credit then', async () => {
    const world = await onStarter()
    const { client, jane } = world
    const draft = await jane.isBilled({ 'Set-up': '25000', Travel: '999.5' }, { finalize: false })
    expect(draft).toMatchObject({ number: null, total: 26_000, status: 'draft' })
    await jane.isGranted(20_000)
    body(await client.patch(`/v1/invoices/${draft.id}`, { lines: [{ description: 'Set-up', unit_amount: '25000' }] }))
    const final = body(await client.post(`/v1/invoices/${draft.id}/finalize`, {}))
    expect(final).toMatchObject({ number: 'JANE-0002', total: 25_000, credits_applied: 20_000, paid: 5000 })
    await expectSoundBooks(world)
  })
})
