import { expect, inject, test } from 'vitest'
import { expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { type Selling, sellingTo } from '../support/selling.ts'

/** Someone takes the card from its customer in the gateway's own dashboard. */
async function loses({ client, jane }: Selling): Promise<void> {
  const ask = async (method: string, path: string): Promise<Json> => {
    const headers = { Authorization: `Bearer ${client.stripeKey}` }
    return (await fetch(`${inject('stack').stripe}/v1/${path}`, { method, headers })).json()
  }
  const [payment] = await jane.payments()
  const intent = await ask('GET', `payment_intents/${payment?.gateway_payment}`)
  const card = intent.last_payment_error?.payment_method.id ?? intent.payment_method
  expect((await ask('POST', `payment_methods/${card}/detach`)).customer).toBeNull()
}

test('FR-059 a retry with a card that the gateway no longer has is rejected at once, and another card pays', async () => {
  const world = await sellingTo()
  const { jane, gateway, until, day } = world
  await gateway.declines('insufficient_funds')
  const { id } = await jane.isBilled({ 'Set-up': '9900' })
  await loses(world)
  await until(day(3))
  expect(await jane.attempts()).toMatchObject([
    { outcome: 'declined' },
    { reason: 'retry', outcome: 'rejected', ended_at: day(3) },
  ])
  expect(await jane.payments()).toMatchObject([{ status: 'failed', outcome: 'rejected' }])
  await jane.changesCard('pm_card_mastercard')
  expect(body(await world.client.get(`/v1/invoices/${id}`))).toMatchObject({ status: 'paid', paid: 9900 })
  expect(await gateway.taken()).toMatchObject({ captured_charges: 1, captured: { usd: 9900 } })
  await expectSoundBooks(world)
})

test('FR-059 a first try with a card that the gateway no longer has is rejected, and another card pays', async () => {
  const world = await sellingTo()
  const { jane, gateway } = world
  await jane.isBilled({ 'Set-up': '100' })
  await loses(world)
  const { id } = await jane.isBilled({ 'Set-up': '9900' })
  const made = (await jane.payments()).find(({ invoice }) => invoice === id)
  expect(made).toMatchObject({ status: 'failed', outcome: 'rejected', gateway_payment: null })
  await jane.changesCard('pm_card_mastercard')
  expect(body(await world.client.get(`/v1/invoices/${id}`))).toMatchObject({ status: 'paid', paid: 9900 })
  expect(await gateway.taken()).toMatchObject({ captured_charges: 2, captured: { usd: 10_000 } })
  await expectSoundBooks(world)
})
