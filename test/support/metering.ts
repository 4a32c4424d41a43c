import type { Json } from './client.ts'
import { type Meter, meteredPlan, meters } from './usage.ts'
import { type Customer, newWorld, type World } from './world.ts'

export type Metering = World & { readonly jane: Customer; readonly meter: Meter }

/** The first thousand are free, the next nine thousand a cent each, then half a cent. */
const graduated = {
  ...{ model: 'graduated', unit_amount: undefined },
  tiers: [
    { up_to: '1000', unit_amount: '0' },
    { up_to: '10000', unit_amount: '1' },
    { up_to: null, unit_amount: '0.5' },
  ],
}

/** Jane on Pro, 4900 a month and what she uses, from 1 January. */
export async function onPro(charge: Json = graduated, about: Json = {}): Promise<Metering> {
  const world = await newWorld('2026-01-01T00:00:00Z')
  await meteredPlan(world, 'pro', charge)
  const jane = await world.account({ timezone: 'UTC' })
  return { ...world, jane, meter: await meters(world, jane, 'pro', about) }
}

export const used = (meter: Meter, id: string, quantity: string, timestamp: string) =>
  meter.uses(meter.event(id, { quantity, timestamp }))
export const last = async ({ jane }: Pick<Metering, 'jane'>) => (await jane.invoices()).at(-1)
export const amounts = ({ lines }: Json) => lines.map(({ kind, amount }: Json) => [kind, amount])
