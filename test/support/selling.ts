import type { Json } from './client.ts'
import { type Customer, later, monthly, newWorld, type World } from './world.ts'

export type Selling = World & {
  readonly jane: Customer
  /** So many days after the start, at the same time. */
  readonly day: (n: number) => string
}

/** A world that sells `pro` for 9900 a month, and Jane, who lives by UTC and has bought nothing yet. */
export async function sellingTo({ start = '2026-03-02T09:00:00Z', ...about }: Json = {}): Promise<Selling> {
  const world = await newWorld(start)
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  const jane = await world.account({ timezone: 'UTC', ...about })
  return { ...world, jane, day: (n) => later(start, `${n} days`) }
}
