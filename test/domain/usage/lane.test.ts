import { expect, test } from 'vitest'
import { OutcomeUnknown } from '../../../src/platform/db/fault.ts'
import { lane } from '../../../src/usage/lane.ts'

/** What becomes of two who come one after the other, while somebody before them fails. */
async function behind(error: unknown) {
  const inLane = lane()
  const done: string[] = []
  const work = (name: string) =>
    inLane(async () => {
      done.push(name)
    })
  const failing = inLane(async () => {
    throw error
  })
  const settled = await Promise.allSettled([failing, work('second'), work('third')])
  await work('later')
  return { statuses: settled.map(({ status }) => status), done }
}

test('whoever waited while the database gave no answer fails with it, and whoever comes later tries anew', async () => {
  const { statuses, done } = await behind(new OutcomeUnknown('no answer'))
  expect(statuses).toEqual(['rejected', 'rejected', 'rejected'])
  expect(done).toEqual(['later'])
})

test('what else goes wrong with one is its own failure', async () => {
  const { statuses, done } = await behind(new Error('a bug'))
  expect(statuses).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(done).toEqual(['second', 'third', 'later'])
})
