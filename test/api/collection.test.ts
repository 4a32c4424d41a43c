import { describe, expect, test } from 'vitest'
import { expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { type Selling, sellingTo } from '../support/selling.ts'
import { toldTo } from '../support/told.ts'

const FAILS = 'pm_card_chargeCustomerFail'

const reasons = async ({ jane }: Selling) => (await jane.attempts()).map(({ reason }) => reason)
const tries = async ({ jane }: Selling) =>
  (await jane.attempts()).map(({ reason, payment_method }) => [reason, payment_method])
const collection = async ({ jane }: Selling) => (await jane.invoices())[0]?.collection
const retrying = (failed_at: string, next_attempt_at: string) => ({ state: 'retrying', failed_at, next_attempt_at })

async function settled(world: Selling, retries: Json): Promise<void> {
  const before = body(await world.client.get('/v1/settings')).retries
  body(await world.client.patch('/v1/settings', { retries: { ...before, ...retries } }))
}

describe('FR-057 an invoice is charged as soon as it is final, whatever made it:', () => {
  const makes: Readonly<Record<string, (world: Selling) => Promise<unknown>>> = {
    'a sale': ({ jane }) => jane.subscribes('pro'),
    'an invoice by hand': ({ jane }) => jane.isBilled({ 'Set-up': '9900' }),
    'a draft that is finalised': async ({ jane, client }) => {
      const { id } = await jane.isBilled({ 'Set-up': '9900' }, { finalize: false })
      expect(await jane.attempts()).toEqual([])
      body(await client.post(`/v1/invoices/${id}/finalize`, {}))
    },
    'a trial’s end': async ({ jane, until, day }) => {
      await jane.subscribes('pro', { trial_days: 5 })
      expect(await jane.attempts()).toEqual([])
      await until(day(5))
    },
    'a renewal': async ({ jane, until, day }) => {
      await jane.subscribes('pro', { bill_from: '2026-03-03T00:00:00Z' })
      expect(await jane.attempts()).toEqual([])
      await until(day(31))
    },
  }

  test.each(Object.keys(makes))('%s', async (name) => {
    const world = await sellingTo()
    await makes[name]?.(world)
    expect(await world.jane.attempts()).toMatchObject([{ reason: 'first', amount: 9900, outcome: 'succeeded' }])
    expect(await world.jane.invoices()).toMatchObject([{ status: 'paid', paid: 9900 }])
    expect(await world.gateway.taken()).toMatchObject({ succeeded_count: 1, received: { usd: 9900 } })
    await expectSoundBooks(world)
  })
})

describe('FR-059 FR-060 what a decline means for the tries to come:', () => {
  test.each([
    ['insufficient_funds', undefined, 'soft', 'retrying', 5],
    ['lost_card', 'try_again_later', 'soft', 'retrying', 5],
    ['lost_card', undefined, 'hard', 'suspended', 1],
    ['insufficient_funds', 'do_not_try_again', 'hard', 'suspended', 1],
    ['expired_card', undefined, 'customer', 'suspended', 1],
    ['insufficient_funds', 'confirm_card_data', 'customer', 'suspended', 1],
  ] as const)('%s (advice %s) is %s: %s', async (code, advice, kind, state, tries) => {
    const world = await sellingTo()
    const { jane, gateway, until, day } = world
    await gateway.declines(code, 5, advice)
    const { payment, access } = await jane.subscribes('pro')
    expect([payment.status, payment.decline, access]).toEqual(['failed', { kind, code }, 'grace'])
    const next_attempt_at = state === 'retrying' ? day(3) : null
    expect(await collection(world)).toEqual({ state, failed_at: day(0), next_attempt_at })
    const [told] = await toldTo(jane.id)
    expect(told.facts).toMatchObject({
      ...{ amount: '9900', decline: code, nextAttemptAt: next_attempt_at && Date.parse(next_attempt_at) },
    })
    await until(day(13))
    expect(await jane.attempts()).toHaveLength(tries)
    // Retries that are suspended are not used up: access ends by the days past due.
    expect((await jane.shown()).overdue.status).toBe(state === 'retrying' ? 'blocked' : 'warning')
    await until(day(15))
    expect((await jane.shown()).overdue.status).toBe('blocked')
    await expectSoundBooks(world)
  })

  test('a card that is hard declined on a retry is tried no more, and what is left waits for another', async () => {
    const world = await sellingTo()
    const { jane, gateway, until, day } = world
    await gateway.declines('insufficient_funds')
    await gateway.declines('stolen_card')
    await jane.subscribes('pro')
    await until(day(3))
    expect(await collection(world)).toEqual({ state: 'suspended', failed_at: day(0), next_attempt_at: null })
    await until(day(6))
    expect(await reasons(world)).toEqual(['first', 'retry'])
  })
})

describe('FR-060 an organization says on which days it tries again:', () => {
  test.each([
    [[1, 2], 'retrying'],
    [[30], 'retrying'],
    [[], 'suspended'],
  ])('%o', async (days, state) => {
    const world = await sellingTo({ card: FAILS })
    const { jane, until, day } = world
    await settled(world, { days })
    await jane.subscribes('pro')
    expect(await collection(world)).toMatchObject({ state, next_attempt_at: days[0] ? day(days[0]) : null })
    expect((await jane.shown()).overdue.status).toBe('current')
    await until(day(30))
    expect((await jane.attempts()).filter(({ payment }, _, [first]) => payment === first.payment)).toMatchObject(
      [0, ...days].map((n) => ({ due_at: day(n) })),
    )
  })

  test('local days: at the same time of the day, also where clocks are put forward in between', async () => {
    const world = await sellingTo({ start: '2026-03-07T14:00:00Z', timezone: 'America/New_York', card: FAILS })
    await world.jane.subscribes('pro')
    expect(await collection(world)).toEqual(retrying('2026-03-07T14:00:00Z', '2026-03-10T13:00:00Z'))
    await world.until('2026-03-10T13:00:00Z')
    expect(await collection(world)).toEqual(retrying('2026-03-07T14:00:00Z', '2026-03-12T13:00:00Z'))
  })

  test('but one card 15 times in 30 days at most', async () => {
    const world = await sellingTo({ card: FAILS })
    const { jane, until, day } = world
    await settled(world, { days: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] })
    const { latest_invoice } = await jane.subscribes('pro')
    for (let more = 0; more < 5; more++) body(await jane.pays(latest_invoice))
    await until(day(9))
    expect(await jane.attempts()).toHaveLength(15)
    await until(day(13))
    expect(await jane.attempts()).toHaveLength(15)
    expect(await collection(world), 'when the first of them is 30 days ago').toEqual(retrying(day(0), day(30)))
    await until(day(30))
    expect(await jane.attempts()).toHaveLength(16)
  })
})

describe('FR-060 a new default method', () => {
  test('is tried at once, once, for every open invoice; and then what is left of the days goes on', async () => {
    const world = await sellingTo({ card: FAILS })
    const { jane, until, day } = world
    await settled(world, { fallbacks: false })
    await jane.subscribes('pro')
    await jane.isBilled({ 'Set-up': '700' })
    await until(day(4))
    await jane.changesCard(FAILS)
    expect((await reasons(world)).slice(4)).toEqual(['new_method', 'new_method'])
    expect((await jane.invoices()).map((invoice) => invoice.collection)).toEqual(
      Array(2).fill(retrying(day(0), day(5))),
    )
    await until(day(5))
    expect((await reasons(world)).filter((reason) => reason === 'new_method')).toHaveLength(2)
  })

  test('resumes what was suspended: its soft decline is retried on the days that are left', async () => {
    const world = await sellingTo()
    const { jane, gateway, until, day } = world
    await gateway.declines('lost_card')
    await jane.subscribes('pro')
    await until(day(6))
    await gateway.declines('insufficient_funds')
    await jane.changesCard('pm_card_mastercard')
    expect(await collection(world)).toEqual(retrying(day(0), day(7)))
    await until(day(7))
    expect(await jane.invoices()).toMatchObject([{ status: 'paid', paid: 9900 }])
    expect(await reasons(world)).toEqual(['first', 'new_method', 'retry'])
  })

  test('that is not the default, or is it already, charges nothing', async () => {
    const world = await sellingTo({ card: FAILS })
    const { jane, client } = world
    await jane.subscribes('pro')
    const spare = await jane.changesCard('pm_card_visa', { default: false })
    const [{ id: first }] = (await jane.shown()).payment_methods.filter((method: Json) => method.default)
    body(await client.post(`/v1/accounts/${jane.id}/payment_methods/${first}/default`))
    expect(await reasons(world)).toEqual(['first'])
    body(await client.post(`/v1/accounts/${jane.id}/payment_methods/${spare.id}/default`))
    expect(await jane.invoices()).toMatchObject([{ status: 'paid' }])
    expect(await reasons(world)).toEqual(['first', 'new_method'])
  })

  test('takes the place of a removed one, and is tried at once', async () => {
    const world = await sellingTo({ card: FAILS })
    const { jane, client } = world
    const { payment } = await jane.subscribes('pro')
    const spare = await jane.changesCard('pm_card_visa', { default: false })
    body(await client.delete(`/v1/accounts/${jane.id}/payment_methods/${payment.payment_method}`))
    expect((await jane.attempts()).at(-1)).toMatchObject({
      ...{ reason: 'new_method', payment_method: spare.id, outcome: 'succeeded' },
    })
  })
})

describe('FR-060 an account with several methods', () => {
  /** Three cards: the first is the default, the others newer; the last one pays. */
  async function withThree() {
    const world = await sellingTo({ card: FAILS })
    const { jane } = world
    const visa = await jane.changesCard('pm_card_visa', { default: false })
    const failing = await jane.changesCard(FAILS, { default: false })
    const chosen = (await jane.shown()).payment_methods.find((method: Json) => method.default)
    return { ...world, first: chosen.id, visa: visa.id, failing: failing.id }
  }

  test('is charged by the next one at once, the newest first, and its customer only hears that it is paid', async () => {
    const world = await withThree()
    const { jane, first, visa, failing } = world
    const { payment, latest_invoice } = await jane.subscribes('pro')
    expect([payment.status, latest_invoice.collection.state]).toEqual(['pending', 'idle'])
    await expect.poll(jane.invoices).toMatchObject([{ id: latest_invoice.id, status: 'paid' }])
    expect(await tries(world)).toEqual([
      ['first', first],
      ['fallback', failing],
      ['fallback', visa],
    ])
    expect(await jane.payments()).toMatchObject([{ id: payment.id, status: 'succeeded', payment_method: visa }])
    expect(await world.gateway.taken()).toMatchObject({ succeeded_count: 1 })
    expect(await jane.wasTold()).toEqual(['payment_receipt'])
    expect(await jane.subscriptions()).toMatchObject([{ access: 'granted' }])
  })

  test('is tried again with all of them in turn', async () => {
    const world = await withThree()
    const { jane, until, day, first, failing, client, visa } = world
    body(await client.delete(`/v1/accounts/${jane.id}/payment_methods/${visa}`))
    await jane.subscribes('pro')
    await expect.poll(() => collection(world)).toEqual(retrying(day(0), day(3)))
    await until(day(3))
    expect(await tries(world)).toEqual([
      ['first', first],
      ['fallback', failing],
      ['retry', first],
      ['fallback', failing],
    ])
    expect(await collection(world)).toEqual(retrying(day(0), day(5)))
  })

  test('is charged by its default only, where the organization wants that', async () => {
    const world = await withThree()
    const { jane, until, day, first } = world
    await settled(world, { fallbacks: false })
    await jane.subscribes('pro')
    await until(day(3))
    expect(await tries(world)).toEqual([
      ['first', first],
      ['retry', first],
    ])
  })
})
