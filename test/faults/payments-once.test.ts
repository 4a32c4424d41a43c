import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { runHistory, type Told } from '../support/fault-history.ts'
import { simulateWorkers } from '../support/fault-invocation.ts'
import { newLane } from '../support/fault-lane.ts'
import { type Step, scriptOf } from '../support/fault-script.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** FAULTS_SEED, FAULTS_HISTORIES, FAULTS_LANES and FAULTS_SCRIPT, as vitest.config.ts reads them. */
    readonly faults: {
      readonly seed: number
      readonly histories: number
      readonly lanes: number
      readonly script: string
    }
  }
}

const { seed, histories, lanes, script } = inject('faults')
const given = script === '' ? undefined : (JSON.parse(script) as readonly Step[])
/** Many times what one takes, on a machine that may be busy. */
const MS_A_HISTORY = 3_000

let undo = () => {}
beforeAll(() => {
  undo = simulateWorkers()
})
afterAll(() => undo())

type Failed = Told & { readonly seed: number }

test('FR-061 FR-062 no money is taken twice, whatever happens in whatever order', {
  timeout: 60_000 + histories * MS_A_HISTORY,
}, async () => {
  const started = performance.now()
  const total = { histories: 0, trips: 0 }
  const failed: Failed[] = []
  const seeds = Array.from({ length: histories }, (_, index) => seed + index).values()
  const inLane = async () => {
    const lane = await newLane()
    for (const next of seeds) {
      const told = await runHistory(lane, next, given)
      total.histories += 1
      total.trips += told.trips
      if (told.violations.length > 0) failed.push({ ...told, seed: next })
      if (failed.length > 0) break
    }
    expect(await lane.gateway('GET', '/_control/bugs')).toEqual([])
  }
  await Promise.all(Array.from({ length: Math.min(lanes, histories) }, inLane))
  const seconds = (performance.now() - started) / 1_000
  const rate = (total.histories / seconds).toFixed(1)
  console.log(`${total.histories} histories from seed ${seed}, ${total.trips} round trips, ${rate} histories a second`)
  for (const one of failed) console.log(toldOf(one))
  expect(failed.flatMap(({ seed, violations }) => violations.map((violation) => `${seed}: ${violation}`))).toEqual([])
})

/** All that it takes to see it again: FAULTS_SEED=… FAULTS_HISTORIES=1, with the script as FAULTS_SCRIPT where it is cut down. */
function toldOf({ seed, trace, violations }: Failed): string {
  return [`seed ${seed}`, JSON.stringify(given ?? scriptOf(seed)), ...trace, ...violations].join('\n')
}
