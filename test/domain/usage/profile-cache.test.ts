import { NeonDbError } from '@neondatabase/serverless'
import { describe, expect, test } from 'vitest'
import type { Id } from '../../../src/kernel/id.ts'
import { type Instant, plusMs } from '../../../src/kernel/instant.ts'
import { profileCache } from '../../../src/usage/profile-cache.ts'
import { at, givenActive, id } from '../../support/given.ts'
import { profileOf } from './profiles.ts'

const [mine, other] = [id('organization', 1), id('organization', 99)]
const ids = [1, 2, 3, 4].map((n) => id('subscription', n)) as [Id<'subscription'>, ...Id<'subscription'>[]]
const [one, two, three] = ids as [Id<'subscription'>, Id<'subscription'>, Id<'subscription'>]

/** A cache of my organization's four subscriptions, and which of them each trip asked for. */
function caching({ clock = null as Instant | null } = {}) {
  const trips: string[] = []
  let [now, isDown] = [at('2026-04-10'), false]
  const load = async (organizationId: Id<'organization'>, asked: readonly Id<'subscription'>[]) => {
    trips.push(asked.map((each) => each.slice(-1)).join(''))
    await Promise.resolve()
    if (isDown) throw new NeonDbError('no answer')
    return organizationId === mine ? asked.map((each) => ({ ...profileOf(givenActive({ id: each })), clock })) : []
  }
  const cache = profileCache(load, () => now)
  return {
    ...{ cache, trips },
    asks: async (...asked: readonly Id<'subscription'>[]) => [...(await cache.of(mine, asked)).keys()],
    passes: (seconds: number) => {
      now = plusMs(now, seconds * 1_000)
    },
    isDown: (down: boolean) => {
      isDown = down
    },
  }
}

describe('what a shard knows of subscriptions', () => {
  test('is read in one trip, once a minute', async () => {
    const { asks, passes, trips } = caching()
    expect(await asks(one, two, one)).toEqual([one, two])
    await asks(two, one)
    passes(59.999)
    await asks(one)
    expect(trips).toEqual(['12'])
    passes(0.001)
    await asks(one)
    expect(trips).toEqual(['12', '12'])
  })

  test('is read again after half a minute with what must be', async () => {
    const { asks, passes, trips } = caching()
    await asks(one)
    passes(31)
    await asks(two)
    passes(31)
    expect(await asks(one)).toEqual([one])
    expect(trips).toEqual(['1', '21'])
  })

  test('is read together for all who ask while another trip is under way', async () => {
    const { asks, trips } = caching()
    await Promise.all([asks(one), asks(two), asks(three, two)])
    expect(trips).toEqual(['123'])
    const first = asks(id('subscription', 5))
    await Promise.resolve()
    await Promise.all([first, asks(id('subscription', 6)), asks(id('subscription', 7))])
    expect(trips).toEqual(['123', '5', '67'])
  })

  test('is read each time on a test clock', async () => {
    const { asks, trips } = caching({ clock: at('2026-04-10') })
    await asks(one)
    await asks(one)
    expect(trips).toEqual(['1', '1'])
  })

  test('is nothing of another organization, and what is not there is asked for each time', async () => {
    const { asks, cache, trips } = caching()
    await asks(one)
    expect([...(await cache.of(other, [one])).keys()]).toEqual([])
    expect([...(await cache.of(other, [one])).keys()]).toEqual([])
    expect(trips).toHaveLength(3)
  })

  test('is dropped when it changes, and what was read meanwhile is not kept', async () => {
    const { asks, cache, trips } = caching()
    await asks(one, two)
    cache.drop([one])
    await asks(one, two)
    expect(trips).toEqual(['12', '1'])
    cache.drop([one])
    const reading = asks(one)
    await Promise.resolve()
    cache.drop([one])
    await reading
    await asks(one)
    expect(trips).toEqual(['12', '1', '1', '1'])
  })

  test('holds for an hour while the database gives no answer, and what is not known is not judged', async () => {
    const { asks, isDown, passes } = caching()
    await asks(one)
    isDown(true)
    passes(3_599)
    expect(await asks(one)).toEqual([one])
    await expect(asks(one, two)).rejects.toThrow('no answer')
    passes(1)
    await expect(asks(one)).rejects.toThrow('no answer')
    isDown(false)
    expect(await asks(one)).toEqual([one])
  })
})
