import { parseArgs } from 'node:util'

/** Asks a running Worker whether every usage event that it acknowledged is counted once. The key needs the scope `operate`. */
type Standing = {
  readonly balanced: boolean
  readonly faults: readonly string[]
  readonly events: number
  readonly set_aside: number
  readonly shards: readonly {
    readonly shard: number
    readonly acknowledged: number
    readonly flushed: number
    readonly pending: number
    readonly held_up_by: string | null
    readonly stored: { readonly duplicates: number }
  }[]
}

export async function usageStanding(url: string, key: string): Promise<Standing> {
  const response = await fetch(`${url}/v1/usage/standing`, { headers: { Authorization: `Bearer ${key}` } })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  return (await response.json()) as Standing
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { url: { type: 'string' }, key: { type: 'string' } } })
  if (values.url === undefined || values.key === undefined) {
    console.error('usage: npm run verify-usage -- --url http://localhost:8787 --key sk_…   (npm start prints its own)')
    process.exit(2)
  }
  const { balanced, faults, events, set_aside, shards } = await usageStanding(values.url, values.key)
  for (const fault of faults) console.log(fault)
  for (const { shard, held_up_by } of shards) if (held_up_by !== null) console.log(`shard ${shard}: ${held_up_by}`)
  const sum = (count: (shard: Standing['shards'][number]) => number) => shards.reduce((all, one) => all + count(one), 0)
  console.log(
    `${sum((one) => one.acknowledged)} acknowledged: ${sum((one) => one.flushed)} flushed, ${sum((one) => one.pending)} pending`,
  )
  console.log(
    `${events} stored, ${sum((one) => one.stored.duplicates)} known to the database already, ${set_aside} set aside`,
  )
  process.exitCode = balanced ? 0 : 1
}
