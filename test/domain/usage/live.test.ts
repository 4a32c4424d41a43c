import { expect, test } from 'vitest'
import { liveEvents, streamOfEvents } from '../../../src/usage/live.ts'

/** What comes, each with the second it came at. `usedAt`: the seconds at which something is used. */
async function watched(usedAt: readonly number[], seconds = Number.POSITIVE_INFINITY): Promise<readonly string[]> {
  let second = 0
  const came: string[] = []
  const events = liveEvents({
    marker: async () => usedAt.filter((at) => at <= second).length,
    read: async () => ({ second }),
    wait: async (ms) => {
      second += ms / 1000
    },
  })
  for await (const text of events) {
    if (second > seconds) break
    came.push(`${second} ${text}`)
  }
  return came
}

const event = (second: number) => `${second} event: usage\ndata: {"second":${second}}\n\n`
const nothing = (second: number) => `${second} : nothing new\n\n`
const first = '0 retry: 2000\nevent: usage\ndata: {"second":0}\n\n'

test('the first event comes at once, another a second after whatever is used', async () => {
  expect(await watched([0, 3, 4], 10)).toEqual([first, event(3), event(4)])
})

test('where nothing is used a comment comes every fifteen seconds, and once a minute all of it', async () => {
  expect(await watched([], 76)).toEqual([first, nothing(15), nothing(30), nothing(45), event(60), nothing(75)])
})

test('it ends after a quarter of an hour, and told its client to come back', async () => {
  const came = await watched([])
  expect(came.at(-1)).toBe(event(900))
  expect(came.length).toBe(1 + 15 * 4)
})

async function* failing(): AsyncGenerator<string, undefined> {
  yield 'a'
  throw new Error('the shard is gone')
}

test('what fails later ends the stream, and is logged; what fails first is no stream', async () => {
  const failures: unknown[] = []
  const stream = await streamOfEvents(failing(), (error) => failures.push(error))
  expect(await new Response(stream).text()).toBe('a')
  expect(failures).toEqual([new Error('the shard is gone')])
  const broken = failing()
  await broken.next()
  await expect(streamOfEvents(broken, () => {})).rejects.toThrow('the shard is gone')
})

test('who goes away ends it: nothing is read any more', async () => {
  let reads = 0
  const events = liveEvents({
    marker: async () => reads,
    read: async () => {
      reads += 1
    },
    wait: async () => {},
  })
  const reader = (await streamOfEvents(events, () => {})).getReader()
  await reader.read()
  await reader.cancel()
  const before = reads
  expect(await events.next()).toEqual({ done: true, value: undefined })
  expect(reads).toBe(before)
})
