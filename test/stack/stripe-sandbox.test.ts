import { describe, expect, it } from 'vitest'
import { startStripeEmulator } from '../../dev/stripe/server.ts'
import { confirmed, mark, payable } from './stripe-words.ts'
import { sandboxOf } from './stripe-world.ts'

describe('the sandbox that the suite runs against', () => {
  it.each(['sk_live_51abc', 'rk_live_51abc', 'pk_test_51abc'])('is none for the key "%s"', (secretKey) => {
    expect(() => sandboxOf(secretKey)).toThrow('must be the test key of a sandbox')
  })

  it('is missing, with the reason, where there is no key', () => {
    expect(sandboxOf().missing).toBe('STRIPE_TEST_KEY is not set')
    expect(sandboxOf('').missing).toBe('STRIPE_TEST_KEY is not set')
    expect(sandboxOf('rk_test_51abc')).toMatchObject({ missing: null, url: '' })
  })

  it('is spoken to in the same words, and not too fast', async () => {
    const standIn = await startStripeEmulator()
    const world = sandboxOf('sk_test_standin', standIn.url)
    const intents = await Promise.all([1, 2, 3, 4].map(() => payable(world, 'pm_card_visa')))
    for (const intent of intents) expect((await confirmed(world, intent)).status).toBe('succeeded')
    await world.settles()
    const customers = async () => (await world.stripe.customers.list()).data
    await world.eventually(customers).toMatchObject(intents.map(() => ({ metadata: mark })))
    const headers = { authorization: 'Bearer sk_test_standin' }
    const answer = await fetch(`${standIn.url}/_control/requests`, { headers })
    const requests = (await answer.json()) as readonly { at_ms: number; status: number; path: string }[]
    const between_ms = requests.slice(1).map(({ at_ms }, n) => at_ms - (requests[n]?.at_ms ?? 0))
    expect(requests.map(({ status }) => status)).toEqual(requests.map(() => 200))
    expect(between_ms.reduce((sum, ms) => sum + ms, 0) / between_ms.length).toBeGreaterThan(1_000 / 25)
    await standIn.stop()
  })
})
