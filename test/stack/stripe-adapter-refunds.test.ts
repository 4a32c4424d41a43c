import type Stripe from 'stripe'
import { expect, it } from 'vitest'
import type { Currency } from '../../src/kernel/currency.ts'
import { encodeId } from '../../src/kernel/id.ts'
import type { Refund } from '../../src/payments/domain/refund.ts'
import { ourRefund, productIn } from './stripe-adapter-words.ts'
import { control, inEachWorld, inTheEmulator, type World } from './stripe-world.ts'

const MAKE = 'post_refunds'
const LIST = 'get_refunds'
const RETRIEVE = 'get_refunds_refund'

/** What Stripe knows of, newest first. */
async function refundsOf({ stripe }: World, payment_intent: string): Promise<readonly Stripe.Refund[]> {
  return (await stripe.refunds.list({ payment_intent })).data
}

inEachWorld('FR-063 the gateway gives money back', (world) => {
  const { gateway, paid } = productIn(world)

  it('once, however often it is asked', async () => {
    const payment = await paid('pm_card_visa')
    const refund = ourRefund()
    const first = await gateway.refund(refund, payment)
    const [sent, ...others] = await refundsOf(world, payment)
    expect([first, others]).toEqual([{ kind: 'succeeded', gatewayRefund: sent?.id }, []])
    expect(sent).toMatchObject({ amount: 500, metadata: { perennial_refund: encodeId('refund', refund.id) } })
    expect(await gateway.refund(refund, payment)).toEqual(first)
    expect(await gateway.refund({ ...refund, gatewayRefund: sent?.id ?? '' }, payment)).toEqual(first)
    expect(await refundsOf(world, payment)).toHaveLength(1)
  })

  it('in parts, down to the last cent', async () => {
    const payment = await paid('pm_card_visa')
    const outcomes = [
      await gateway.refund(ourRefund({ amount: 500n }), payment),
      await gateway.refund(ourRefund({ amount: 1499n }), payment),
      await gateway.refund(ourRefund({ amount: 1n }), payment),
    ]
    const sent = { kind: 'succeeded', gatewayRefund: expect.stringMatching(/^re_/) }
    expect(outcomes).toEqual([sent, sent, { kind: 'rejected', failure: 'charge_already_refunded' }])
    const { latest_charge } = await world.stripe.paymentIntents.retrieve(payment)
    const charge = await world.stripe.charges.retrieve(String(latest_charge))
    expect(charge).toMatchObject({ amount_refunded: 1999, refunded: true })
  })

  it('whole', async () => {
    const payment = await paid('pm_card_visa')
    expect(await gateway.refund(ourRefund({ amount: 1999n }), payment)).toMatchObject({ kind: 'succeeded' })
    expect(await refundsOf(world, payment)).toMatchObject([{ amount: 1999 }])
  })

  it('not beyond what is left, nor of nothing: it says so', async () => {
    const payment = await paid('pm_card_visa')
    expect(await gateway.refund(ourRefund({ amount: 2000n }), payment)).toMatchObject({ kind: 'rejected' })
    expect(await refundsOf(world, payment)).toEqual([])
    const gone = await gateway.refund(ourRefund(), 'pi_gone')
    expect(gone).toEqual({ kind: 'rejected', failure: 'resource_missing' })
  })

  it('in its own way of counting: 500 ISK are 50000', async () => {
    const payment = await paid('pm_card_visa', { amount: 100_000n })
    await gateway.refund(ourRefund({ currency: 'ISK' as Currency }), payment)
    expect(await refundsOf(world, payment)).toMatchObject([{ amount: 50_000 }])
  })

  it('later: it is processing, and then it is known how it went', async () => {
    const payment = await paid('pm_card_pendingRefund')
    const refund = ourRefund()
    const first = await gateway.refund(refund, payment)
    expect(first).toMatchObject({ kind: 'processing' })
    await world.settles()
    await world.eventually(() => gateway.refund(refund, payment)).toEqual({ ...first, kind: 'succeeded' })
    expect(await refundsOf(world, payment)).toHaveLength(1)
  })

  it('or not, in the end', async () => {
    const payment = await paid('pm_card_refundFail')
    const refund = ourRefund()
    const sent = await gateway.refund(refund, payment)
    expect(sent).toMatchObject({ kind: 'succeeded' })
    await world.settles()
    const failed = { ...sent, kind: 'failed', failure: 'expired_or_canceled_card' }
    await world.eventually(() => gateway.refund(known(refund, sent), payment)).toEqual(failed)
    expect(await refundsOf(world, payment)).toHaveLength(1)
  })
})

inTheEmulator('FR-063 the gateway gives money back', (world) => {
  const { gateway, paid } = productIn(world)
  const failing = (operation: string, fault: object) =>
    control('POST', 'faults', { match: { operation }, times: 1, ...fault })

  it.each([
    ['the answer', { fault: 'execute_then_drop' }, 'unknown', 1],
    ['half of the answer', { fault: 'truncate' }, 'unknown', 1],
    ['the request', { fault: 'drop_before' }, 'unknown', 0],
    ['patience', { fault: 'rate_limited_429' }, 'throttled', 0],
    ['the lock', { fault: 'lock_timeout_429' }, 'throttled', 0],
    ['the key to another request', { fault: 'conflict_409' }, 'unknown', 0],
    ['its head before it', { fault: 'stored_500' }, 'unknown', 0],
    ['its head after it', { fault: 'stored_500', executes: 'before' }, 'unknown', 1],
  ])('once, when it loses %s, also after it has forgotten the key', async (_, fault, kind, sent) => {
    const payment = await paid('pm_card_visa')
    const refund = ourRefund()
    await failing(MAKE, fault)
    expect(await gateway.refund(refund, payment)).toEqual({ kind })
    expect(await refundsOf(world, payment)).toHaveLength(sent)
    await control('POST', 'clock', { advance_s: 25 * 3_600 })
    expect(await gateway.refund(refund, payment)).toMatchObject({ kind: 'succeeded' })
    expect(await refundsOf(world, payment)).toHaveLength(1)
  })

  it.each(['drop_before', 'truncate', 'stored_500', 'rate_limited_429'])(
    'once, when the look for it meets %s',
    async (fault) => {
      const payment = await paid('pm_card_visa')
      const refund = ourRefund()
      await failing(LIST, { fault })
      expect(['unknown', 'throttled']).toContain((await gateway.refund(refund, payment)).kind)
      expect(await refundsOf(world, payment)).toEqual([])
      expect(await gateway.refund(refund, payment)).toMatchObject({ kind: 'succeeded' })
      expect(await refundsOf(world, payment)).toHaveLength(1)
    },
  )

  it('and one whose key another request has is not known, until the key is forgotten', async () => {
    const payment = await paid('pm_card_visa')
    const refund = ourRefund()
    const idempotencyKey = encodeId('refund', refund.id)
    await world.stripe.refunds.create({ payment_intent: payment, amount: 100 }, { idempotencyKey })
    expect(await gateway.refund(refund, payment)).toEqual({ kind: 'unknown' })
    await control('POST', 'clock', { advance_s: 25 * 3_600 })
    expect(await gateway.refund(refund, payment)).toMatchObject({ kind: 'succeeded' })
  })

  it('and one that cannot be looked up stands as it stood', async () => {
    const payment = await paid('pm_card_pendingRefund')
    const refund = ourRefund()
    const sent = await gateway.refund(refund, payment)
    await failing(RETRIEVE, { fault: 'drop_before' })
    expect(await gateway.refund(known(refund, sent), payment)).toEqual(sent)
  })
})

/** With the gateway's id kept. */
function known(refund: Refund, sent: object): Refund {
  return { ...refund, gatewayRefund: 'gatewayRefund' in sent ? String(sent.gatewayRefund) : null }
}
