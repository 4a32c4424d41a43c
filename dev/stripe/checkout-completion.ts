import { type Cause, emit } from './events.ts'
import type { CheckoutSession, SetupIntent } from './objects.ts'
import type { World } from './world.ts'

/** The Checkout Session that a SetupIntent was made for; it alone may confirm or cancel that intent. */
export function sessionOf({ state }: World, intent: SetupIntent): CheckoutSession | undefined {
  return [...state.checkoutSessions.values()].find((session) => session.setup_intent === intent.id)
}

/** The customer is through with the page, once the method is set up. */
export function completeSession(world: World, intent: SetupIntent): void {
  const session = sessionOf(world, intent)
  if (session?.status !== 'open') return
  session.status = 'complete'
  session.url = null
  emit(world, null, 'checkout.session.completed', session)
}

/** Ends the page by request or because its time is over, and the SetupIntent with it. */
export function expireSession(world: World, cause: Cause, session: CheckoutSession): void {
  session.status = 'expired'
  session.url = null
  const intent = world.state.setupIntents.get(session.setup_intent)
  if (intent) {
    intent.status = 'canceled'
    intent.next_action = null
    emit(world, cause, 'setup_intent.canceled', intent)
  }
  emit(world, cause, 'checkout.session.expired', session)
}
