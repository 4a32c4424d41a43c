import type { Bench } from './bench.ts'
import { measure, newSubscriptions, sold } from './http.ts'

/** A subscription with its first invoice, for an account that pays by invoice. */
export const postSubscription: Bench = (ends) =>
  measure(ends, {
    name: 'post_subscription',
    charged: false,
    asks: newSubscriptions,
    fault: (answered) => `select abs(${sold} - ${answered}) as wrong`,
  })
