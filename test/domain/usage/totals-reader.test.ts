import { beforeEach, describe, expect, test } from 'vitest'
import { decimalText } from '../../../src/kernel/decimal.ts'
import { toIso } from '../../../src/kernel/instant.ts'
import { OutcomeUnknown } from '../../../src/platform/db/fault.ts'
import { TooBusy } from '../../../src/platform/mutex.ts'
import { Misplaced } from '../../../src/usage/flushing.ts'
import { runningTotals } from '../../../src/usage/running.ts'
import { totalsReader } from '../../../src/usage/totals-reader.ts'
import type { TotalsRead, Window } from '../../../src/usage/totals-repository.ts'
import { at, id } from '../../support/given.ts'

const period = { start: at('2026-04-01'), end: at('2026-05-01') }
const subscriptionId = id('subscription', 7)

function windowOf(name: string): Window {
  return { subscriptionId, aggregation: 'count', charge: { name, metric: 'api_calls', filters: {} }, period }
}

/** A shard and its database: how many events each has. Every event counts for every window. */
let acknowledged: number
let confirmed: number
let inDatabase: number
/** Done while a total is read, after the database has looked. */
let meanwhile: (() => void | Promise<void>)[]
let reads: (readonly string[])[]
let totals: ReturnType<typeof runningTotals>
let know: ReturnType<typeof totalsReader>

beforeEach(() => {
  ;[acknowledged, confirmed, inDatabase, meanwhile, reads] = [10, 10, 10, [], []]
  totals = runningTotals()
  const line = JSON.stringify({
    ...{ subscription_id: subscriptionId, event_id: 'e', metric: 'api_calls', properties: {}, value: '1' },
    at: toIso(period.start),
  })
  know = totalsReader({
    store: {
      counts: () => ({ acknowledged, flushed: confirmed, corrections: 0, waiting: 0 }),
      endOf: () => confirmed,
      linesOf: () => Array<string>(acknowledged - confirmed).fill(line),
    },
    totals,
    barrier: async (position) => {
      confirmed = Math.max(confirmed, position)
    },
    read: async (windows): Promise<TotalsRead> => {
      reads.push(windows.map(({ charge }) => charge.name))
      const found = { quantity: String(inDatabase), held: null, values: [], last: null }
      const read = { flushed: inDatabase, totals: windows.map(() => found) }
      await meanwhile.shift()?.()
      return read
    },
  })
})

/** What is known of a window; null where nothing is. */
function used(name: string): string | null {
  const total = totals.find(windowOf(name))
  return total && decimalText(total.used())
}

function isFlushed(): void {
  confirmed = acknowledged
  inDatabase = acknowledged
}

describe('FR-080 a total is what the database has and what is pending', () => {
  test('with what comes while it is read', async () => {
    meanwhile.push(() => {
      acknowledged += 3
    })
    await know([windowOf('a')])
    expect(used('a')).toBe('13')
  })

  test('and is read again where some of it was flushed meanwhile', async () => {
    meanwhile.push(() => {
      acknowledged += 3
      isFlushed()
    })
    await know([windowOf('a')])
    expect([used('a'), reads.length]).toEqual(['13', 2])
  })

  test('and where the database was told of a flush before the shard knew', async () => {
    acknowledged = 13
    inDatabase = 12
    await know([windowOf('a')])
    expect([used('a'), confirmed]).toEqual(['13', 12])
  })

  test('and where an event of it was corrected meanwhile', async () => {
    meanwhile.push(() => totals.drop([subscriptionId]))
    await know([windowOf('a')])
    expect(reads).toHaveLength(2)
  })

  test('and is given up where that goes on', async () => {
    meanwhile.push(...Array.from({ length: 9 }, () => () => totals.drop([subscriptionId])))
    await expect(know([windowOf('a')])).rejects.toThrow(TooBusy)
    expect([used('a'), reads.length]).toEqual([null, 5])
  })

  test.each([9, 11])('but not where the database is elsewhere: at %s of 10', async (position) => {
    inDatabase = position
    await expect(know([windowOf('a')])).rejects.toThrow(Misplaced)
    expect(used('a')).toBeNull()
  })
})

describe('a total that is being read', () => {
  test('is read once, for all who need it, and others beside it', async () => {
    let go = () => {}
    meanwhile.push(() => new Promise<void>((resolve) => (go = resolve)))
    const first = know([windowOf('a')])
    const second = know([windowOf('a'), windowOf('b')])
    await know([windowOf('c')])
    expect(used('c')).toBe('10')
    go()
    await Promise.all([first, second])
    expect([used('a'), used('b')]).toEqual(['10', '10'])
    expect(reads).toEqual([['a'], ['b'], ['c']])
  })

  test.each([
    ['is nobody’s where the database gives no answer', new OutcomeUnknown('none'), ['rejected', 'rejected'], 1],
    ['is read by the next where only the first has failed', new Error('a bug'), ['rejected', 'fulfilled'], 2],
  ])('%s', async (_, error, expected, trips) => {
    meanwhile.push(() => {
      throw error
    })
    const settled = await Promise.allSettled([know([windowOf('a')]), know([windowOf('a')])])
    expect(settled.map(({ status }) => status)).toEqual(expected)
    expect(reads).toHaveLength(trips)
  })
})
