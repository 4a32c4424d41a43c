import type { Bench } from './bench.ts'
import { measure, newSubscriptions, sold } from './http.ts'

/** The same with the charge of its first invoice, at the Stripe emulator, before the answer. */
export const postSubscriptionCharged: Bench = (ends) =>
  measure(ends, {
    name: 'post_subscription_charged',
    charged: true,
    asks: newSubscriptions,
    fault: (answered) => `select abs(${sold} - ${answered})
      + abs((select count(*) from payments where status = 'succeeded') - ${answered}) as wrong`,
  })
