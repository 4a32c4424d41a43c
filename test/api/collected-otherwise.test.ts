import { describe, expect, test } from 'vitest'
import { expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { storesNothing } from '../support/rows.ts'
import { type Selling, sellingTo } from '../support/selling.ts'

const FAILS = 'pm_card_chargeCustomerFail'
const byInvoice = { collection: 'invoice', payment_terms_days: 14 }

const patched = async ({ client, jane }: Selling, about: Json) =>
  body(await client.patch(`/v1/accounts/${jane.id}`, about))
const tries = async ({ jane }: Selling) => (await jane.attempts()).map(({ reason, outcome }) => [reason, outcome])
const access = async ({ jane }: Selling) => (await jane.subscriptions()).map((one) => one.access)
const collection = async ({ jane }: Selling) => (await jane.invoices())[0].collection

describe('FR-062 FR-066 an account that is collected otherwise from now on', () => {
  test('by the gateway, after it was by invoice: what is not due yet is charged when it is', async () => {
    const world = await sellingTo({ card: null, ...byInvoice })
    const { jane, until, day } = world
    const { latest_invoice: invoice } = await jane.subscribes('pro')
    await jane.changesCard('pm_card_visa')
    expect(await patched(world, { collection: 'automatic' })).toMatchObject({ collection: 'automatic' })
    expect(await collection(world)).toMatchObject({
      state: 'retrying',
      failed_at: null,
      next_attempt_at: invoice.due_at,
    })
    await until(day(14))
    expect(await tries(world)).toEqual([])
    await until(day(15))
    expect(await tries(world)).toEqual([['retry', 'succeeded']])
    expect(await jane.owes()).toBe(0)
    await expectSoundBooks(world)
  })

  test('what is past due is charged by the request itself, once, however often it is sent', async () => {
    const world = await sellingTo({ card: null, ...byInvoice })
    const { jane, until, day, client } = world
    await jane.subscribes('pro')
    await jane.changesCard('pm_card_visa')
    await until(day(20))
    const change = () =>
      client.patch(
        `/v1/accounts/${jane.id}`,
        { collection: 'automatic' },
        { headers: { 'Idempotency-Key': 'back-to-cards' } },
      )
    const replies = [await change(), await change()]
    expect(replies.map(({ status }) => status)).toEqual([200, 200])
    expect(replies[0]?.body).toEqual(replies[1]?.body)
    expect(replies[0]?.body).toMatchObject({ collection: 'automatic', overdue: { status: 'current', step: 'none' } })
    expect(await tries(world)).toEqual([['retry', 'succeeded']])
    await expectSoundBooks(world)
  })

  test('without a method: it waits for one, and says so', async () => {
    const world = await sellingTo({ card: null, ...byInvoice })
    const { jane, until, day } = world
    await jane.subscribes('pro')
    await until(day(20))
    await patched(world, { collection: 'automatic' })
    expect(await jane.wasTold()).toContain('payment_method_missing')
    await jane.changesCard('pm_card_visa')
    expect(await jane.owes()).toBe(0)
  })

  test('by invoice, while it is retried: nothing is tried any more; and back: what is owed is tried at once', async () => {
    const world = await sellingTo({ card: FAILS })
    const { jane, until, day } = world
    await jane.subscribes('pro')
    expect(await collection(world)).toMatchObject({ state: 'retrying' })
    await patched(world, { collection: 'invoice' })
    expect(await collection(world)).toMatchObject({ state: 'suspended', next_attempt_at: null })
    await until(day(8))
    expect(await tries(world)).toEqual([['first', 'declined']])
    await jane.changesCard('pm_card_visa')
    expect(await tries(world)).toHaveLength(1)
    await patched(world, { collection: 'automatic' })
    expect((await tries(world)).at(-1)).toEqual(['retry', 'succeeded'])
    expect((await jane.shown()).overdue).toMatchObject({ status: 'current', step: 'none' })
    await expectSoundBooks(world)
  })

  test('back, with the card that failed before: its retries go on where the days stand', async () => {
    const world = await sellingTo({ card: FAILS })
    const { jane, until, day } = world
    await jane.subscribes('pro')
    await patched(world, { collection: 'invoice' })
    await until(day(6))
    await patched(world, { collection: 'automatic' })
    expect(await tries(world)).toEqual([['first', 'declined']])
    expect(await collection(world)).toMatchObject({ state: 'retrying', next_attempt_at: day(7) })
    await until(day(30))
    expect(await collection(world)).toMatchObject({ state: 'exhausted' })
    expect((await jane.shown()).overdue.status).toBe('blocked')
  })

  test('a card that the bank refused for good is not tried again by that', async () => {
    const world = await sellingTo()
    const { jane, gateway, until, day } = world
    await gateway.declines('lost_card')
    await jane.subscribes('pro')
    await patched(world, { collection: 'invoice' })
    await patched(world, { collection: 'automatic' })
    await until(day(8))
    expect(await tries(world)).toEqual([['first', 'declined']])
    expect(await collection(world)).toMatchObject({ state: 'suspended' })
  })

  test('during a dispute hold: nothing before it is released', async () => {
    const world = await sellingTo({ card: null, ...byInvoice })
    const { jane, until, day, client } = world
    await jane.subscribes('pro')
    await jane.changesCard('pm_card_visa')
    await until(day(20))
    body(await client.post(`/v1/accounts/${jane.id}/dispute_hold`, { reason: 'The invoice is looked into' }))
    await patched(world, { collection: 'automatic' })
    expect(await tries(world)).toEqual([])
    body(await client.delete(`/v1/accounts/${jane.id}/dispute_hold`))
    await until(day(21))
    expect(await tries(world)).toEqual([['retry', 'succeeded']])
  })
})

test('FR-062 where the default is removed, what waits is tried with the one that takes its place', async () => {
  const world = await sellingTo()
  const { jane, gateway, client } = world
  body(await client.patch('/v1/settings', { retries: { days: [3], fallbacks: false, small_balances: 'hold' } }))
  await gateway.declines('lost_card')
  await jane.subscribes('pro')
  const other = await jane.changesCard('pm_card_amex', { default: false })
  const [old] = (await jane.shown()).payment_methods.filter((method: Json) => method.id !== other.id)
  expect(await tries(world)).toEqual([['first', 'declined']])
  body(await client.delete(`/v1/accounts/${jane.id}/payment_methods/${old.id}`))
  expect(await tries(world)).toEqual([
    ['first', 'declined'],
    ['new_method', 'succeeded'],
  ])
})

test('FR-066 what is owed again because a credit note was voided is charged when it is due', async () => {
  const world = await sellingTo({ card: null })
  const { jane, client, until, day } = world
  const { latest_invoice: invoice } = await jane.subscribes('pro')
  const note = body(await client.post('/v1/credit_notes', { invoice: invoice.id, reason: 'Wrong' }))
  await jane.changesCard('pm_card_visa')
  body(await client.post(`/v1/credit_notes/${note.id}/void`))
  expect(await collection(world)).toMatchObject({ state: 'retrying', next_attempt_at: invoice.due_at })
  await until(day(8))
  expect(await tries(world)).toEqual([['retry', 'succeeded']])
  await expectSoundBooks(world)
})

test('FR-088 a card that is given during a dispute hold is tried once it is released, also where every retry was made', async () => {
  const world = await sellingTo({ card: FAILS })
  const { jane, client, until, day } = world
  const hold = `/v1/accounts/${jane.id}/dispute_hold`
  await jane.subscribes('pro')
  await until(day(11))
  expect(await access(world)).toEqual(['blocked'])
  body(await client.post(hold, { reason: 'Never ordered' }))
  await jane.changesCard('pm_card_visa')
  expect(await jane.owes()).toBe(9900)
  body(await client.delete(hold))
  expect((await jane.attempts()).at(-1)).toMatchObject({ reason: 'new_method', outcome: 'succeeded' })
  expect(await access(world)).toEqual(['granted'])
  await expectSoundBooks(world)
})

test('FR-082 by other days of dunning every account is judged anew from then on', async () => {
  const world = await sellingTo({ card: null, collection: 'invoice', payment_terms_days: 0 })
  const { jane, client, until, day } = world
  await jane.subscribes('pro')
  await until(day(3))
  const { dunning } = body(await client.get('/v1/settings'))
  const sooner = { ...dunning, reminder_days: 1, warning_days: 4, blocked_days: 5 }
  body(await client.patch('/v1/settings', { dunning: sooner }))
  await until(day(4))
  expect((await jane.shown()).overdue.status).toBe('warning')
  await until(day(5))
  expect((await jane.shown()).overdue.status).toBe('blocked')
})

test('FR-001 a change of an account that changes nothing is no event', async () => {
  const world = await sellingTo()
  const address = { line1: '1 Main Street', line2: null, city: 'Berlin', postal_code: '10115', region: null }
  const given = { metadata: { zebra: '1', ant: '2' }, address }
  await patched(world, given)
  const { name, email } = await world.jane.shown()
  expect(await storesNothing(() => patched(world, { ...given, name, email }))).toMatchObject({ id: world.jane.id })
})
