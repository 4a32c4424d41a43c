import { expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { type Customer, newWorld, type World } from '../support/world.ts'

/** What a customer was told, oldest first, each as it is read. */
async function told({ client }: World, { id }: Customer): Promise<readonly Json[]> {
  const { data } = body(await client.get(`/v1/notifications?account=${id}&limit=100`))
  const read = data.map(async (notice: Json) => body(await client.get(`/v1/notifications/${notice.id}`)))
  return (await Promise.all(read)).reverse()
}

const daysAndKinds = (notices: readonly Json[]) =>
  notices.map(({ created_at, kind }) => `${created_at.slice(0, 10)} ${kind}`)

async function selling(): Promise<World> {
  const world = await newWorld('2026-01-01T00:00:00Z')
  await world.plan('pro')
  return world
}

test('FR-064 who pays gets a receipt with the number, the amount and the method', async () => {
  const world = await selling()
  const jane = await world.account()
  const { latest_invoice, payment } = await jane.subscribes('pro')
  const [receipt, ...more] = await told(world, jane)
  expect(more).toEqual([])
  expect(receipt).toMatchObject({
    ...{ kind: 'payment_receipt', invoice: latest_invoice.id, payment: payment.id, link: null },
    subject: expect.stringMatching(/^Your receipt from Organization \d+: \$49\.00 for invoice JANE-0001$/),
  })
  expect(receipt.text).toContain(
    `On 1 Jan 2026 we received your payment of $49.00 for invoice JANE-0001 with your Visa ending in 4242.`,
  )
  expect(receipt.text).toContain(payment.id)
})

test('FR-065 whose payment fails is told why, when it is tried again, and where to update the card', async () => {
  const world = await selling()
  const jane = await world.account()
  await world.gateway.declines('insufficient_funds')
  const { latest_invoice, payment } = await jane.subscribes('pro')
  const [failed, ...more] = await told(world, jane)
  expect(more).toEqual([])
  expect(failed).toMatchObject({
    ...{ kind: 'payment_failed', invoice: latest_invoice.id, payment: payment.id },
    link: expect.stringMatching(/\/card\/\S+$/),
    text: expect.stringContaining('There was not enough money available at that moment.'),
  })
  expect(failed.text).toContain('We will try to collect it again on 4 Jan 2026.')
  expect(failed.text).toContain(`Update your card: ${failed.link}`)
})

test('FR-065 a card that was reported stolen is told as a plain decline', async () => {
  const world = await selling()
  const jane = await world.account()
  await world.gateway.declines('stolen_card')
  await jane.subscribes('pro')
  const [failed] = await told(world, jane)
  expect(failed.text).toContain('Your bank declined the payment; it can tell you more.')
  expect(failed.text).toContain('We have not planned another try.')
  expect(JSON.stringify(failed)).not.toMatch(/stolen/)
})

test('FR-084 FR-090 each step past due is told once, and that all is well again', async () => {
  const world = await selling()
  const jane = await world.account({ card: null })
  await jane.subscribes('pro')
  await world.until('2026-01-25T00:00:00Z')
  const before = await told(world, jane)
  // Due by the end of 8 January, 7 days after it was asked for.
  expect(daysAndKinds(before)).toEqual([
    '2026-01-01 payment_method_missing',
    '2026-01-11 payment_reminder',
    '2026-01-15 overdue_warning',
    '2026-01-22 access_blocked',
  ])
  const [missing, reminder, warning, blocked] = before
  expect(missing.text).toContain('It is due on 8 Jan 2026.')
  expect(missing.link).toMatch(/\/card\/\S+$/)
  for (const { text, link } of [reminder, warning, blocked]) {
    expect(text).toContain('your payment of $49.00 for invoice JANE-0001')
    expect(text).toContain('It was due on 8 Jan 2026.')
    expect(text).toContain(`Pay now: ${link}`)
    expect(link).toMatch(/\/pay\/\S+$/)
  }
  for (const { text } of [reminder, warning]) expect(text).toContain('put on hold on 22 Jan 2026.')

  body(await world.client.post(`/v1/accounts/${jane.id}/payment_methods`, { token: 'pm_card_visa' }))
  await expect
    .poll(async () =>
      daysAndKinds(await told(world, jane))
        .slice(4)
        .sort(),
    )
    .toEqual(['2026-01-25 access_restored', '2026-01-25 payment_receipt'])
  const restored = (await told(world, jane)).find(({ kind }) => kind === 'access_restored')
  expect(restored.text).toContain('Everything is settled, and there is nothing you need to do.')
})

test('FR-084 whose subscription ends unpaid is told so', async () => {
  const world = await selling()
  const jane = await world.account({ card: null })
  await jane.subscribes('pro', { interval: 'month' })
  await world.until('2026-03-01T00:00:00Z')
  const ended = (await told(world, jane)).filter(({ kind }) => kind === 'subscription_ended_unpaid')
  expect(ended.length).toBe(1)
  expect(ended[0].text).toContain('has ended and will not renew.')
  expect(await jane.subscriptions()).toMatchObject([{ status: 'cancelled' }])
})
