import { encodeId } from '../src/kernel/id.ts'
import type { Bench } from './bench.ts'
import { measure } from './http.ts'

/** Any of 20,000, each time another. */
export const getSubscription: Bench = (ends) =>
  measure(ends, {
    name: 'get_subscription',
    charged: false,
    asks: function* ({ key, subscriptions }) {
      for (;;) {
        for (const id of subscriptions) {
          yield { method: 'GET', path: `/v1/subscriptions/${encodeId('subscription', id)}`, key }
        }
      }
    },
    fault: null,
  })
