import type { Bench } from './bench.ts'
import { measure } from './http.ts'

/** The newest twenty of 5,000, with their lines. */
export const listInvoices: Bench = (ends) =>
  measure(ends, {
    name: 'list_invoices',
    charged: false,
    asks: function* ({ key }) {
      for (;;) yield { method: 'GET', path: '/v1/invoices?limit=20', key }
    },
    fault: null,
  })
