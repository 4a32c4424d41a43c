import { authenticate } from './authentication.ts'
import { StripeError } from './errors.ts'
import { nextAction } from './next-action.ts'
import type { CheckoutSession } from './objects.ts'
import { html, type Page, type PageRequest, seeOther } from './page.ts'
import { chargeableMethod } from './saved-methods.ts'
import { attemptSetup } from './setup-attempts.ts'
import { testMethods } from './test-methods.ts'
import type { World } from './world.ts'

/** Stands for Stripe's page: the customer chooses a test method, answers the bank and is sent back to success_url. */
export function checkoutPage({ worlds, method, url, body }: PageRequest): Page {
  const found = findSession(worlds, url.pathname.slice('/_checkout/'.length))
  if (!found) return html(404, '<h1>There is no such Checkout Session.</h1>')
  const { world, session } = found
  if (session.status === 'complete') return seeOther(successUrl(session))
  if (session.status === 'expired') return html(410, '<h1>This Checkout Session has expired.</h1>')
  if (method !== 'POST') return html(200, form(session, ''))
  try {
    const action = chooseMethod(world, session, new URLSearchParams(body).get('payment_method') ?? '', url.origin)
    return seeOther(action ?? successUrl(session))
  } catch (error) {
    if (!(error instanceof StripeError)) throw error
    return html(402, form(session, `<p role="alert">${error.message}</p>`))
  }
}

/** The same from the control route, the bank's question and all; throws what the page would show. */
export function checkOut(
  world: World,
  { id, method, succeeds, baseUrl }: { id: string; method: string; succeeds: boolean; baseUrl: string },
): object {
  const session = world.state.checkoutSessions.get(id)
  if (session?.status !== 'open')
    throw new StripeError(404, { type: 'invalid_request_error', message: `No open ${id}` })
  if (chooseMethod(world, session, method, baseUrl)) authenticate(world, session.setup_intent, succeeds)
  return { id, status: session.status, url: successUrl(session) }
}

/** Answers where the bank asks its question, if it has one. */
function chooseMethod(world: World, session: CheckoutSession, id: string, baseUrl: string): string | undefined {
  const intent = world.state.setupIntents.get(session.setup_intent)
  if (!intent) throw new Error(`${session.id} has no SetupIntent`)
  const method = chargeableMethod(world, id)
  method.allow_redisplay = 'limited'
  const back = `${baseUrl}/_checkout/${session.id}`
  const error = attemptSetup(
    { world, cause: null, intent, method },
    { decline: undefined, nextAction: nextAction(baseUrl, intent.client_secret, back) },
  )
  if (error) throw error
  return intent.next_action?.type === 'redirect_to_url' ? intent.next_action.redirect_to_url.url : undefined
}

function successUrl({ success_url, id }: CheckoutSession): string {
  return success_url.replaceAll('{CHECKOUT_SESSION_ID}', id)
}

function form({ payment_method_types }: CheckoutSession, alert: string): string {
  const types = payment_method_types as readonly string[]
  const offered = Object.entries(testMethods).filter(([, { look }]) => types.includes(look.type))
  const options = offered.map(([name]) => `<option>${name}</option>`)
  return `<h1>Save a payment method</h1>
<p>The Stripe emulator's Checkout: choose one of Stripe's test methods.</p>${alert}
<form method="post"><select name="payment_method">${options.join('')}</select> <button>Save</button></form>`
}

function findSession(
  worlds: ReadonlyMap<string, World>,
  id: string,
): { world: World; session: CheckoutSession } | undefined {
  for (const world of worlds.values()) {
    const session = world.state.checkoutSessions.get(id)
    if (session) return { world, session }
  }
  return undefined
}
