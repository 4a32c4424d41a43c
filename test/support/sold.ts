import { body, type Client, type Json, type Reply } from './client.ts'

/** What a customer does with one subscription. Each command answers as the API does. */
export type Sold = {
  readonly id: string
  /** The answer of its creation. */
  readonly made: Json
  readonly shown: () => Promise<Json>
  /** Its invoices, oldest first. */
  readonly invoices: () => Promise<readonly Json[]>
  /** Any command, also one that will be refused. */
  readonly asks: (command: string, about?: Json) => Promise<Reply>
  readonly changes: (to: Json) => Promise<Json>
  /** So many of an add-on; 0 takes it away. */
  readonly has: (quantity: number, addOn: string, about?: Json) => Promise<Json>
  /** Takes back the change that is stored. */
  readonly staysAsItIs: () => Promise<Json>
  readonly pauses: (about?: Json) => Promise<Json>
  readonly resumes: () => Promise<Json>
  readonly cancels: (about?: Json) => Promise<Json>
  readonly uncancels: () => Promise<Json>
  readonly endsTrial: (at: string) => Promise<Json>
  readonly redeems: (coupon: string) => Promise<Json>
}

export function sold(client: Client, made: Json): Sold {
  const path = `/v1/subscriptions/${made.id}`
  const asks = (command: string, about: Json = {}) => client.post(`${path}/${command}`, about)
  const does = async (command: string, about?: Json) => body(await asks(command, about))
  return {
    ...{ id: made.id, made, asks },
    shown: async () => body(await client.get(path)),
    invoices: async () => [...body(await client.get(`/v1/invoices?subscription=${made.id}&limit=100`)).data].reverse(),
    changes: (to) => does('change', to),
    has: (quantity, addOn, about) => does('items', { plan: addOn, quantity, ...about }),
    staysAsItIs: async () => body(await client.delete(`${path}/scheduled_change`)),
    pauses: (about) => does('pause', about),
    resumes: () => does('resume'),
    cancels: (about) => does('cancel', about),
    uncancels: () => does('uncancel'),
    endsTrial: (end) => does('trial', { end }),
    redeems: (coupon) => does('discount', { coupon }),
  }
}
