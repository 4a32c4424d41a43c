import { afterEach, describe, expect, test, vi } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { type Selling, sellingTo } from '../support/selling.ts'
import { chargesRun, cronRuns, realTimePasses } from '../support/worker.ts'

afterEach(() => {
  vi.useRealTimers()
})

const MINUTE_MS = 61_000
const FAILS = 'pm_card_chargeCustomerFail'
const ASKS = 'pm_card_authenticationRequired'

/** Paid by one charge, of however many tries; each was sent under its own key only. */
async function expectPaidOnce(world: Selling): Promise<void> {
  const { jane, gateway } = world
  expect(await jane.invoices()).toMatchObject([{ status: 'paid', paid: 9900, balance: 0 }])
  expect(await jane.payments()).toMatchObject([{ status: 'succeeded', amount: 9900 }])
  const taken = { succeeded_count: 1, received: { usd: 9900 }, captured_charges: 1, captured: { usd: 9900 } }
  expect(await gateway.taken()).toMatchObject(taken)
  const keys = new Set((await gateway.confirmations()).map(({ idempotency_key }) => idempotency_key))
  const tries = await jane.attempts()
  for (const key of keys) expect(tries.map(({ id }) => id)).toContain(key)
  expect(tries.filter(({ outcome }) => outcome === 'succeeded')).toHaveLength(1)
  expect((await jane.wasTold()).filter((kind) => kind === 'payment_receipt')).toHaveLength(1)
  await expectSoundBooks(world)
}

describe('FR-059 a bank that wants to ask its customer', () => {
  test('is no failure: the payment is pending, access stays, nothing is retried, and the customer is sent a link', async () => {
    const world = await sellingTo({ card: ASKS })
    const { jane, until, day, gateway } = world
    const { payment, access } = await jane.subscribes('pro')
    expect([payment.status, payment.outcome, access]).toEqual(['pending', 'authentication_required', 'granted'])
    const [invoice] = await jane.invoices()
    expect(invoice).toMatchObject({
      ...{ status: 'open', balance: 9900 },
      collection: { state: 'suspended', failed_at: null, next_attempt_at: null },
    })
    expect(await jane.wasTold()).toEqual(['payment_action_required'])
    expect(await eventsOf(payment.id)).toEqual(['payment.created', 'payment.action_required'])
    await until(day(6))
    expect(await gateway.confirmations()).toHaveLength(1)
    // It waits, and days past due count like anyone's.
    expect((await jane.shown()).overdue).toMatchObject({ status: 'current', step: 'reminder' })
  })

  test('is passed by with another card, on the same payment of the gateway', async () => {
    const world = await sellingTo({ card: ASKS })
    const { payment } = await world.jane.subscribes('pro')
    await world.jane.changesCard('pm_card_visa')
    await expectPaidOnce(world)
    const [paid] = await world.jane.payments()
    expect([paid.id, paid.outcome]).toEqual([payment.id, 'succeeded'])
  })

  test('is not waited for once the invoice is settled otherwise: the payment is over', async () => {
    const world = await sellingTo({ card: ASKS })
    const { jane } = world
    const { payment, latest_invoice } = await jane.subscribes('pro')
    body(await jane.paysByHand(latest_invoice))
    expect(await jane.payments()).toMatchObject([
      { id: payment.id, status: 'failed', outcome: 'canceled' },
      { status: 'succeeded', manual: { kind: 'bank_transfer' } },
    ])
    expect((await world.gateway.taken()).received).toEqual({})
    await expectSoundBooks(world)
  })
})

const inDoubt: readonly (readonly [string, Json, string])[] = [
  ['an answer that is lost', { fault: 'execute_then_drop' }, 'unknown'],
  ['a request that is lost', { fault: 'drop_before' }, 'unknown'],
  ['half an answer', { fault: 'truncate' }, 'unknown'],
  ['a key in use', { fault: 'conflict_409' }, 'unknown'],
  ['too many requests', { fault: 'rate_limited_429' }, 'throttled'],
  ['a lock', { fault: 'lock_timeout_429' }, 'throttled'],
]

describe('FR-062 FR-059 no answer is no failure:', () => {
  test.each(inDoubt)(
    '%s leaves a new card’s charge pending, and the same key completes it',
    async (_, fault, outcome) => {
      const world = await sellingTo({ card: FAILS })
      const { jane, gateway, client } = world
      const { latest_invoice, payment } = await jane.subscribes('pro')
      await gateway.fault(fault)
      await jane.changesCard('pm_card_visa')
      expect(await jane.payments()).toMatchObject([{ id: payment.id, status: 'pending', outcome, decline: null }])
      expect(await jane.invoices()).toMatchObject([
        { status: 'open', collection: { state: 'idle', next_attempt_at: null } },
      ])
      expect(await jane.wasTold(), 'of the first card only').toEqual(['payment_failed'])
      // What would lower the balance meanwhile has to wait.
      for (const [command, about] of Object.entries({ pay: {}, record_payment: {}, void: { reason: 'Wrong' } })) {
        const refused = await client.post(`/v1/invoices/${latest_invoice.id}/${command}`, about)
        expectProblem(refused, 409, 'payment_under_way')
        expect(Number(refused.headers.get('Retry-After')), command).toBeGreaterThan(0)
      }
      await chargesRun()
      expect((await jane.payments())[0]?.status, 'nobody asks again before a minute has passed').toBe('pending')
      realTimePasses(MINUTE_MS)
      await chargesRun()
      await expectPaidOnce(world)
    },
  )

  test.each(inDoubt)(
    '%s at a retry is not counted, and the days go on from the first failure',
    async (_, fault, outcome) => {
      const world = await sellingTo({ card: FAILS })
      const { jane, gateway, until, day } = world
      await jane.subscribes('pro')
      await gateway.fault(fault)
      await until(day(4))
      expect(await jane.payments()).toMatchObject([{ status: 'pending', outcome }])
      expect(await jane.attempts()).toHaveLength(2)
      realTimePasses(MINUTE_MS)
      await chargesRun()
      expect(await jane.payments()).toMatchObject([{ status: 'failed', outcome: 'declined' }])
      const retrying = { state: 'retrying', failed_at: day(0), next_attempt_at: day(5) }
      expect((await jane.invoices())[0]?.collection).toEqual(retrying)
      expect(await jane.attempts(), 'the same try').toHaveLength(2)
    },
  )
})

describe('FR-062 nobody is charged twice, whatever is repeated or comes at once:', () => {
  const keyed = (key: string) => ({ headers: { 'Idempotency-Key': key } })

  /** Jane owes an invoice whose charge failed, and has a card that works. */
  async function owing() {
    const world = await sellingTo()
    await world.gateway.declines('lost_card')
    const { latest_invoice: invoice } = await world.jane.subscribes('pro')
    return { ...world, invoice, path: `/v1/invoices/${invoice.id}/pay` }
  }

  test('ten payments of one invoice, each with a key of its own', async () => {
    const world = await owing()
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, n) => world.client.post(world.path, {}, keyed(`pay-${n}`))),
    )
    for (const { status, body: answer } of replies) {
      if (status === 200) expect(answer).toMatchObject({ status: 'paid', paid: 9900 })
      else expect([status, answer.code]).toEqual([409, expect.stringMatching(/^(payment_under_way|invoice_not_open)$/)])
    }
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    await expectPaidOnce(world)
  })

  test('one payment ten times under one key', async () => {
    const world = await owing()
    const pay = () => world.client.post(world.path, {}, keyed('once'))
    const replies = await Promise.all(Array.from({ length: 10 }, pay))
    for (const reply of replies) if (reply.status !== 200) expectProblem(reply, 409, 'idempotency_key_in_use')
    const last = await pay()
    expect([last.status, last.headers.get('Idempotent-Replayed'), last.body.status]).toEqual([200, 'true', 'paid'])
    await expectPaidOnce(world)
  })

  test('new cards, payments, the clock, sweeps and cron together', async () => {
    const world = await owing()
    const { jane, client, path, until, day } = world
    const cards = ['pm_card_visa', 'pm_card_mastercard', 'pm_card_amex']
    await Promise.all([
      ...cards.map((token) => client.post(`/v1/accounts/${jane.id}/payment_methods`, { token })),
      ...cards.map((token) => client.post(path, {}, keyed(token))),
      chargesRun(),
      cronRuns(),
    ])
    await expect.poll(jane.invoices).toMatchObject([{ status: 'paid' }])
    realTimePasses(MINUTE_MS)
    await Promise.all([chargesRun(), cronRuns()])
    await until(day(12))
    await expectPaidOnce(world)
  })
})
