import Stripe from 'stripe'
import { afterAll, afterEach, describe, expect } from 'vitest'
import { type StripeEmulator, startStripeEmulator } from '../../dev/stripe/server.ts'

/** A place that the suite runs against. Its words are all that a test may ask of both. */
export type World = {
  readonly name: string
  /** Why it cannot be reached; null where it can. */
  readonly missing: string | null
  /** As `stripeGateway` takes them. */
  readonly key: string
  readonly url: string
  readonly stripe: Stripe
  /** What is under way arrives. The emulator is told so; Stripe does it in its own time, so look with `eventually`. */
  readonly settles: () => Promise<unknown>
  /** A look that is repeated until it is as expected, with an end. */
  readonly eventually: (look: () => Promise<unknown>) => ReturnType<typeof expect.poll>
}

export const key = 'sk_test_emulator'
/** Each test file that imports this has an emulator of its own. */
export const emulator = await startStripeEmulator()

export const emulated: World = {
  ...{ name: 'the emulator', missing: null, key, url: emulator.url },
  stripe: clientOf(emulator, key),
  settles: () => control('POST', 'settle'),
  eventually: (look) => expect.poll(look),
}

const sandbox = sandboxOf(process.env.STRIPE_TEST_KEY, process.env.STRIPE_TEST_URL)
const SANDBOX_TEST_MS = 300_000

/** The same cases with the same assertions in both worlds. Without its key the sandbox's are shown as skipped. */
export function inEachWorld(title: string, suite: (world: World) => void): void {
  describe(`${title}, in ${emulated.name}`, () => suite(emulated))
  const { name, missing } = sandbox
  const where = missing === null ? name : `${name} (${missing})`
  describe.skipIf(missing !== null)(`${title}, in ${where}`, { timeout: SANDBOX_TEST_MS }, () => suite(sandbox))
}

/** Cases that need its control routes, its clock or a world of their own, or that Stripe does not document. */
export function inTheEmulator(title: string, suite: (world: World) => void): void {
  describe(`${title}, in the emulator only`, () => suite(emulated))
}

/** Stripe itself, by the secret key of a sandbox; `url` is a stand-in's. @throws for any key that is not a test key. */
export function sandboxOf(secretKey = '', url = ''): World {
  if (secretKey !== '' && !/^(sk|rk)_test_/.test(secretKey)) {
    throw new Error(
      'STRIPE_TEST_KEY must be the test key of a sandbox (sk_test_… or rk_test_…): this suite moves money',
    )
  }
  return {
    ...{ name: 'a Stripe sandbox', key: secretKey, url },
    missing: secretKey === '' ? 'STRIPE_TEST_KEY is not set' : null,
    stripe: new Stripe(secretKey || 'sk_test_none', {
      ...(url === '' ? {} : addressOf(url)),
      ...{ maxNetworkRetries: 2, timeout: 30_000, telemetry: false },
      httpClient: Stripe.createFetchHttpClient(paced()),
    }),
    settles: async () => {},
    eventually: (look) => expect.poll(look, { timeout: 180_000, interval: 1_000 }),
  }
}

/** A sandbox takes 25 requests a second, of all who use it together. */
const REQUESTS_PER_S = 15

function paced(): typeof fetch {
  let free_ms = 0
  return async (...request) => {
    const at_ms = Math.max(Date.now(), free_ms)
    free_ms = at_ms + 1_000 / REQUESTS_PER_S
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, at_ms - Date.now())))
    return fetch(...request)
  }
}

afterAll(() => emulator.stop())

// The emulator checks each of its answers against the document; no test may have seen it contradict itself.
afterEach(async () => {
  expect(await control('GET', 'bugs')).toEqual([])
  await control('DELETE', 'faults')
})

export function clientOf({ url }: StripeEmulator, secretKey: string, timeout = 5_000): Stripe {
  const httpClient = Stripe.createFetchHttpClient()
  return new Stripe(secretKey, { ...addressOf(url), maxNetworkRetries: 0, timeout, httpClient, telemetry: false })
}

function addressOf(url: string) {
  const { hostname: host, port, protocol } = new URL(url)
  return { host, port, protocol: protocol === 'http:' ? ('http' as const) : ('https' as const) }
}

export async function control(method: string, route: string, body?: unknown, secretKey = key): Promise<unknown> {
  const response = await fetch(`${emulator.url}/_control/${route}`, {
    method,
    headers: { authorization: `Bearer ${secretKey}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(JSON.stringify(answer))
  return answer
}
