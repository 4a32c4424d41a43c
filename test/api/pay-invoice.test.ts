import { describe, expect, test } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json, type Reply } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { type Selling, sellingTo } from '../support/selling.ts'

type Owing = Selling & { readonly invoice: Json }

/** Jane owes 9900: her card was declined for good at the sale, and works since. */
async function owing(about: Json = {}): Promise<Owing> {
  const world = await sellingTo(about)
  await world.gateway.declines('lost_card')
  const { latest_invoice: invoice } = await world.jane.subscribes('pro')
  expect(invoice).toMatchObject({ status: 'open', balance: 9900 })
  return { ...world, invoice }
}

/** Jane owes 9900, has 14 days, and nothing that could be charged. */
async function onTerms(): Promise<Owing> {
  const world = await sellingTo({ card: null, collection: 'invoice', payment_terms_days: 14 })
  return { ...world, invoice: (await world.jane.subscribes('pro')).latest_invoice }
}

async function refused(ask: () => Promise<Reply>, status: number, code: string, about: Json = {}): Promise<void> {
  expectProblem(await storesNothing(ask), status, code, about)
}

describe('FR-066 an open invoice is paid', () => {
  test('whole by one request, with the default method: PAID, and the answer shows the payment', async () => {
    const world = await owing()
    const { jane, invoice } = world
    const reply = await jane.pays(invoice)
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({
      ...{ id: invoice.id, status: 'paid', paid: 9900, balance: 0, collection: { state: 'idle', failed_at: null } },
      payment: { status: 'succeeded', amount: 9900, gateway_payment: expect.stringMatching(/^pi_/), manual: null },
    })
    expect((await jane.attempts()).map(({ reason, outcome }) => [reason, outcome])).toEqual([
      ['first', 'declined'],
      ['request', 'succeeded'],
    ])
    expect(await jane.payments(), 'one payable').toHaveLength(1)
    expect((await eventsOf(invoice.id)).at(-1)).toBe('invoice.paid')
    expect(await jane.wasTold()).toEqual(['payment_failed', 'payment_receipt'])
    expect(await world.gateway.taken()).toMatchObject({ succeeded_count: 1, received: { usd: 9900 } })
    await expectSoundBooks(world)
  })

  test('with another method of the account, which does not become the default', async () => {
    const world = await owing()
    const { jane, invoice } = world
    const other = await jane.changesCard('pm_card_amex', { default: false })
    const { payment } = body(await jane.pays(invoice, { payment_method: other.id }))
    expect(payment).toMatchObject({ status: 'succeeded', payment_method: other.id })
    const chosen = (await jane.shown()).payment_methods.filter((method: Json) => method.default)
    expect(chosen).toMatchObject([{ brand: 'visa' }])
  })

  test('whose account pays by invoice, where it has a method after all', async () => {
    const world = await onTerms()
    await world.jane.changesCard('pm_card_visa')
    expect(await world.jane.attempts(), 'a new card is no order to charge it').toEqual([])
    expect(body(await world.jane.pays(world.invoice)).status).toBe('paid')
  })

  test('not, where the card is declined: the answer says so, and it can be tried again', async () => {
    const world = await owing()
    const { jane, invoice, gateway } = world
    const told = await jane.wasTold()
    await gateway.declines('insufficient_funds')
    const answer = body(await jane.pays(invoice))
    expect(answer).toMatchObject({
      ...{ status: 'open', balance: 9900 },
      payment: { status: 'failed', outcome: 'declined', decline: { kind: 'soft', code: 'insufficient_funds' } },
    })
    expect(await jane.wasTold()).toEqual([...told, 'payment_failed'])
    expect(body(await jane.pays(invoice)).status).toBe('paid')
    expect(await gateway.taken()).toMatchObject({ succeeded_count: 1 })
    await expectSoundBooks(world)
  })
})

describe('FR-070 a part of an invoice is paid', () => {
  test('and the rest is a payment of its own', async () => {
    const world = await owing()
    const { jane, invoice, gateway } = world
    expect(body(await jane.pays(invoice, { amount: 4000 }))).toMatchObject({
      ...{ status: 'open', paid: 4000, balance: 5900, payment: { status: 'succeeded', amount: 4000 } },
    })
    expect((await eventsOf(invoice.id)).at(-1)).toBe('invoice.updated')
    await expectSoundBooks(world)
    expect(body(await jane.pays(invoice))).toMatchObject({
      ...{ status: 'paid', paid: 9900, balance: 0, payment: { status: 'succeeded', amount: 5900 } },
    })
    const payments = await jane.payments()
    expect(payments.map(({ amount, status }) => [amount, status])).toEqual([
      [4000, 'succeeded'],
      [5900, 'succeeded'],
    ])
    expect(new Set(payments.map(({ gateway_payment }) => gateway_payment)).size).toBe(2)
    expect(await gateway.taken()).toMatchObject({ succeeded_count: 2, received: { usd: 9900 } })
    await expectSoundBooks(world)
  })

  test('while retries wait: the rest is charged when the day comes, and access stays as it was until then', async () => {
    const world = await sellingTo()
    const { jane, gateway, until, day } = world
    await gateway.declines('insufficient_funds')
    const { latest_invoice: invoice } = await jane.subscribes('pro')
    const part = body(await jane.pays(invoice, { amount: 4000 }))
    const retrying = { state: 'retrying', failed_at: day(0), next_attempt_at: day(3) }
    expect(part).toMatchObject({ status: 'open', balance: 5900, collection: retrying })
    expect(await jane.subscriptions()).toMatchObject([{ access: 'grace' }])
    await until(day(3))
    expect(await jane.invoices()).toMatchObject([{ status: 'paid', paid: 9900 }])
    expect((await jane.attempts()).at(-1)).toMatchObject({ reason: 'retry', amount: 5900 })
    expect(await gateway.taken()).toMatchObject({ succeeded_count: 2, received: { usd: 9900 } })
    await expectSoundBooks(world)
  })

  test('and a rest that no gateway would take is let go', async () => {
    const world = await owing()
    const paid = { status: 'paid', paid: 9860, written_off: 40, balance: 0 }
    expect(body(await world.jane.pays(world.invoice, { amount: 9860 }))).toMatchObject(paid)
    await expectSoundBooks(world)
  })

  test('declined, it is a whole that is tried again by itself', async () => {
    const world = await sellingTo()
    const { jane, gateway, until, day } = world
    await gateway.declines('insufficient_funds', 2)
    const { latest_invoice: invoice } = await jane.subscribes('pro')
    expect(body(await jane.pays(invoice, { amount: 4000 })).payment).toMatchObject({ status: 'failed', amount: 4000 })
    await until(day(3))
    expect(await jane.payments()).toMatchObject([{ status: 'succeeded', amount: 9900 }])
    expect((await gateway.taken()).received).toEqual({ usd: 9900 })
    await expectSoundBooks(world)
  })
})

describe('FR-066 what cannot be charged is refused, and nothing is stored:', () => {
  test.each([
    ['more than is owed', { amount: 9901 }, 'payment_too_large'],
    ['less than the gateway takes', { amount: 49 }, 'payment_too_small'],
    ['nothing', { amount: 0 }, 'invalid_request'],
    ['less than nothing', { amount: -1 }, 'invalid_request'],
    ['a fraction', { amount: 1.5 }, 'invalid_request'],
    ['a text', { amount: '9900' }, 'invalid_request'],
  ])('%s', async (_, about, code) => {
    const { jane, invoice } = await owing()
    await refused(() => jane.pays(invoice, about), 422, code, pointsAt('/amount'))
  })

  test('a method of another account, of nobody, or removed', async () => {
    const world = await owing()
    const { jane, invoice, client } = world
    const john = await world.account({ name: 'John' })
    const removed = await jane.changesCard('pm_card_amex', { default: false })
    body(await client.delete(`/v1/accounts/${jane.id}/payment_methods/${removed.id}`))
    const [johns] = (await john.shown()).payment_methods
    for (const payment_method of [johns.id, removed.id, johns.id.replace(/.$/, '0')]) {
      await refused(() => jane.pays(invoice, { payment_method }), 404, 'not_found', pointsAt('/payment_method'))
    }
    await refused(() => jane.pays(invoice, { payment_method: 'pm_card_visa' }), 422, 'invalid_request')
    expect((await john.attempts()).length + (await jane.attempts()).length).toBe(1)
  })

  test('an account without any method', async () => {
    const { jane, invoice } = await onTerms()
    await refused(() => jane.pays(invoice), 422, 'payment_method_missing')
  })

  test('an invoice that is a draft, paid, void or given up', async () => {
    const world = await sellingTo()
    const { jane, client, gateway } = world
    const draft = await jane.isBilled({ Work: '700' }, { finalize: false })
    const paid = await jane.isBilled({ Work: '700' })
    await gateway.declines('lost_card', 2)
    const voided = await jane.isBilled({ Work: '700' })
    const lost = await jane.isBilled({ Work: '700' })
    body(await client.post(`/v1/invoices/${voided.id}/void`, { reason: 'Wrong' }))
    body(await client.post(`/v1/invoices/${lost.id}/mark_uncollectible`))
    for (const invoice of [draft, paid, voided, lost]) {
      await refused(() => jane.pays(invoice), 409, 'invoice_not_open')
      await refused(() => jane.paysByHand(invoice), 409, 'invoice_not_open')
    }
  })

  test('one whose payment is under way', async () => {
    const { jane, gateway } = await sellingTo({ card: 'pm_usBankAccount_success' })
    const { latest_invoice: invoice, payment } = await jane.subscribes('pro')
    expect(payment).toMatchObject({ status: 'pending', outcome: 'processing' })
    await refused(() => jane.pays(invoice), 409, 'payment_under_way')
    await refused(() => jane.paysByHand(invoice), 409, 'payment_under_way')
    expect(await gateway.confirmations()).toHaveLength(1)
  })
})

describe('FR-066 FR-067 money that came in past the gateway', () => {
  const manual: readonly (readonly [Json, Json, number, string])[] = [
    [{}, { status: 'paid', paid: 9900, balance: 0 }, 0, 'bank_transfer'],
    [{ amount: 9900, kind: 'check' }, { status: 'paid', paid: 9900, balance: 0 }, 0, 'check'],
    [{ amount: 4000, kind: 'cash' }, { status: 'open', paid: 4000, balance: 5900 }, 0, 'cash'],
    [{ amount: 10_000 }, { status: 'paid', paid: 9900, balance: 0 }, 100, 'bank_transfer'],
    [{ amount: 25_000, kind: 'other' }, { status: 'paid', paid: 9900, balance: 0 }, 15_100, 'other'],
  ]

  test.each(manual)(
    '%o pays what is owed, and what is too much becomes credit',
    async (about, invoice, credit, kind) => {
      const world = await onTerms()
      const { jane, client } = world
      const answer = body(await jane.paysByHand(world.invoice, { reference: 'Wire 4711', ...about }))
      expect(answer).toMatchObject(invoice)
      expect(answer.payment).toMatchObject({
        ...{ status: 'succeeded', amount: about.amount ?? 9900, manual: { kind, reference: 'Wire 4711' } },
        ...{ gateway_payment: null, payment_method: null, outcome: null },
      })
      expect(await jane.hasToItsCredit()).toBe(credit)
      expect(await jane.wasTold()).toEqual(['payment_receipt'])
      expect(await eventsOf(answer.payment.id)).toEqual(['payment.succeeded'])
      const { data: credits } = body(await client.get(`/v1/credits?account=${jane.id}`))
      if (credit > 0) expect(credits).toMatchObject([{ amount: credit, source: 'overpayment' }])
      await expectSoundBooks(world)
      await world.until(world.day(31))
      const [, renewal] = await jane.invoices()
      expect(renewal.credits_applied, 'it pays the next invoice').toBe(Math.min(credit, 9900))
      await expectSoundBooks(world)
    },
  )

  test('ends the retries: nothing is charged any more', async () => {
    const world = await sellingTo({ card: 'pm_card_chargeCustomerFail' })
    const { jane, until, day } = world
    const { latest_invoice: invoice } = await jane.subscribes('pro')
    body(await jane.paysByHand(invoice))
    await until(day(12))
    expect(await jane.attempts()).toHaveLength(1)
    expect((await jane.shown()).overdue.status).toBe('current')
    await expectSoundBooks(world)
  })

  test.each(['4242424242424242', 'Card 4242 4242 4242 4242, by phone', '4242-4242-4242-4242', 'AMEX 378282246310005'])(
    'FR-004 %s is no reference and no reason: it is refused, and stored nowhere',
    async (text) => {
      const { jane, invoice, client } = await onTerms()
      await refused(() => jane.paysByHand(invoice, { reference: text }), 422, 'invalid_request', pointsAt('/reference'))
      const hold = () => client.post(`/v1/accounts/${jane.id}/dispute_hold`, { reason: text })
      await refused(hold, 422, 'invalid_request', pointsAt('/reason'))
    },
  )
})
