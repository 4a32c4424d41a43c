import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { type Customer, monthly, newWorld, type World, yearly } from '../support/world.ts'

const START = '2026-06-01T00:00:00Z'
const MIDDLE = '2026-06-16T09:00:00Z'

type Given = { readonly world: World; readonly jane: Customer; readonly id: string }

/** Jane, in the middle of June, on a plan she pays 4900 a month for. */
async function subscribed(about: Json = {}): Promise<Given> {
  const world = await newWorld(START)
  await world.plan('starter', { prices: [monthly('USD', '4900'), yearly('USD', '49000')] })
  await world.plan('team', { prices: [monthly('USD', '9900')] })
  const jane = await world.account({ timezone: 'UTC' })
  const { id } = await jane.subscribes('starter', { interval: 'month', ...about })
  await world.until(MIDDLE)
  return { world, jane, id }
}

const preview = async ({ world, id }: Given, about: Json) =>
  body(await world.client.post(`/v1/subscriptions/${id}/preview`, about))
const command = ({ world, id }: Given, { command, ...about }: Json) =>
  world.client.post(`/v1/subscriptions/${id}/${command}`, about)

/** All but what only the real one can have: ids, and what happened after it was made. */
const lines = ({ lines, subtotal, tax, total, reason, period, issued_at, finalize_at }: Json) => ({
  ...{ subtotal, tax, total, reason, period, issued_at, finalize_at },
  lines: lines.map(({ id, ...line }: Json) => line),
})

describe('FR-055 a preview of a command equals what it makes:', () => {
  test.each<[string, Json]>([
    ['another plan', { command: 'change', plan: 'team' }],
    ['seats, invoiced at once', { command: 'change', quantity: 5, invoice: 'now' }],
    ['another interval', { command: 'change', interval: 'year', invoice: 'now' }],
    ['a cancellation that gives back', { command: 'cancel', when: 'now', prorate: true }],
    ['a pause', { command: 'pause' }],
  ])('%s', async (_, asked) => {
    const given = await subscribed()
    const promised = await storesNothing(() => preview(given, asked))
    const { latest_invoice, payment, ...made } = body(await command(given, { ...asked, preview_hash: promised.hash }))
    expect(promised.subscription).toEqual(made)
    const real = latest_invoice === null ? [] : [latest_invoice]
    expect(promised.invoices.slice(-1).map(lines)).toEqual(real.map(lines))
    expect(promised.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  test('credit that it gives', async () => {
    const given = await subscribed()
    const { credits } = await preview(given, { command: 'cancel', when: 'now', prorate: true })
    expect(credits).toMatchObject([{ amount: 2450, remaining: 2450 }])
  })
})

describe('a hash', () => {
  const change = { command: 'change', plan: 'team' }

  test.each<[string, (given: Given) => Promise<unknown>]>([
    ['another command of the same kind', async () => undefined],
    ['a change of the subscription', async (given) => body(await command(given, { command: 'change', quantity: 2 }))],
    [
      'other settings',
      async ({ world }) =>
        body(await world.client.patch('/v1/settings', { proration: { granularity: 'second', invoice: 'now' } })),
    ],
    ['the next day', async ({ world }) => world.passes('1 day')],
    [
      'another version on sale',
      async ({ world }) => body(await world.client.patch('/v1/plans/team', { prices: [monthly('USD', '12900')] })),
    ],
    [
      'another card',
      async ({ world, jane }) => {
        const path = `/v1/accounts/${jane.id}/payment_methods`
        const added = body(await world.client.post(path, { token: 'pm_card_mastercard' }))
        body(await world.client.post(`${path}/${added.id}/default`))
      },
    ],
  ])('is outdated by %s', async (name, meanwhile) => {
    const given = await subscribed()
    const { hash } = await preview(given, change)
    await meanwhile(given)
    const asked = name.startsWith('another command') ? { ...change, quantity: 3 } : change
    const refused = await storesNothing(() => command(given, { ...asked, preview_hash: hash }))
    expectProblem(refused, 409, 'preview_outdated', pointsAt('/preview_hash'))
    const path = `/v1/subscriptions/${given.id}/preview`
    expectProblem(await given.world.client.post(path, { ...asked, preview_hash: hash }), 409, 'preview_outdated')
    body(await command(given, { ...asked, preview_hash: (await preview(given, asked)).hash }))
  })

  test('is the same while nothing changes, and of a new subscription too', async () => {
    const given = await subscribed()
    expect((await preview(given, change)).hash).toBe((await preview(given, change)).hash)
    const { client } = given.world
    const asked = { account: given.jane.id, plan: 'team' }
    const { hash } = body(await client.post('/v1/invoices/preview', { new_subscription: asked }))
    const other = { ...asked, quantity: 2, preview_hash: hash }
    expectProblem(await client.post('/v1/subscriptions', other), 409, 'preview_outdated')
    body(await client.post('/v1/subscriptions', { ...asked, preview_hash: hash }))
  })
})

describe('a preview is refused', () => {
  test('for the same reasons as the command', async () => {
    const given = await subscribed()
    const ask = (about: Json) => given.world.client.post(`/v1/subscriptions/${given.id}/preview`, about)
    expectProblem(await ask({ command: 'resume' }), 409, 'command_not_possible')
    expectProblem(await ask({ command: 'change', plan: 'none' }), 404, 'not_found')
    expectProblem(await ask({ command: 'change', quantity: 0 }), 422, 'invalid_request', pointsAt('/quantity'))
    expectProblem(await ask({ command: 'explode' }), 422, 'invalid_request', pointsAt('/command'))
    expectProblem(await ask({ command: 'uncancel', when: 'now' }), 422, 'invalid_request', pointsAt('/when'))
  })

  test('of a subscription that is not there', async () => {
    const { client } = await newWorld(START)
    const path = '/v1/subscriptions/sub_01h455vb4pex5vsknk084sn02q/preview'
    expectProblem(await client.post(path, { command: 'pause' }), 404, 'not_found')
  })
})
