import { beforeEach, expect, test } from 'vitest'
import { type Call, groupCommit, type Parts } from '../../../src/usage/intake.ts'
import { runningTotals } from '../../../src/usage/running.ts'
import { at, id } from '../../support/given.ts'
import { metered, perCall } from '../subscriptions/metered.ts'
import { aprilOn, profileOf, used } from './profiles.ts'

const versions = [metered([{ ...perCall, cap: { limit: '10', over: 'reject' } }])]
const profile = { ...profileOf(aprilOn('2026-04-10', versions), { versions }), clock: used().at }

let stored: string[]
/** What was acknowledged before. */
let known: Set<string>
let failures: unknown[]
/** Makes what was written durable. */
let sync: () => Promise<void>
let totals: ReturnType<typeof runningTotals>
let commit: ReturnType<typeof groupCommit>

beforeEach(() => {
  ;[stored, known, failures, sync] = [[], new Set(), [], async () => undefined]
  totals = runningTotals()
  const parts = {
    storage: { transactionSync: (work: () => unknown) => work(), sync: () => sync() },
    memory: { known: () => known, remember: () => undefined },
    store: { append: (events: readonly { line: string }[]) => stored.push(...events.map(({ line }) => idIn(line))) },
    seals: { of: () => new Map(), wasTold: () => false, tell: () => undefined },
    holds: { of: () => [], find: () => null },
    totals,
  } as unknown as Parts
  commit = groupCommit(parts, { onWritten: () => undefined, onFailure: (error) => failures.push(error) })
})

function idIn(line: string): string {
  return JSON.parse(line).event_id
}

function call(ids: readonly string[], about: Partial<Call> = {}): Call {
  return {
    ...{ organizationId: id('organization', 1), events: ids.map((one) => used({ id: one })), hashes: ids },
    ...{ profiles: new Map([[used().subscriptionId, profile]]), settles: null },
    ...about,
  }
}

/** These and one more, which cannot be judged for a reason that nobody thought of. */
function failing(ids: readonly string[]): Call {
  const other = id('subscription', 8)
  const measures = {
    get: () => {
      throw new Error('broken')
    },
  }
  const { events, hashes, profiles } = call(ids)
  const broken = { ...profile, metrics: measures as never, capped: [] }
  return {
    ...call([]),
    events: [...events, { ...used({ id: 'broken' }), subscriptionId: other }],
    hashes: [...hashes, 'broken'],
    profiles: new Map([...profiles, [other, broken]]),
  }
}

/** Nothing is used yet of the limit. */
function isKnown(): void {
  const [charge] = profile.capped
  if (charge === undefined) throw new Error('a capped charge')
  const period = { start: at('2026-04-01'), end: at('2026-05-01') }
  const nothing = { quantity: null, held: null, values: [], last: null }
  totals.start({ subscriptionId: used().subscriptionId, aggregation: 'sum', charge, period }, nothing, [])
}

/** What becomes of calls that are written together, the first of them alone. */
async function together(...calls: readonly Call[]): Promise<readonly string[]> {
  const settled = await Promise.allSettled([call(['first']), ...calls].map(commit))
  return settled.slice(1).map((one) => (one.status === 'rejected' ? one.reason.message : one.value.kind))
}

const uncapped = { profiles: new Map([[used().subscriptionId, { ...profile, capped: [] }]]) }

test('what cannot be judged fails alone: nothing of it is taken, and its neighbours are', async () => {
  isKnown()
  expect(await together(call(['a']), failing(['b']), call(['c'], uncapped))).toEqual(['judged', 'broken', 'judged'])
  expect(stored).toEqual(['first', 'a', 'c'])
  expect(failures).toEqual([])
  // A total that it was counted in is read again, by its neighbours too.
  isKnown()
  expect(await together(failing(['b']), call(['d']))).toEqual(['broken', 'again'])
  isKnown()
  expect(await commit(call(['b']))).toEqual({ kind: 'judged', results: [{ status: 'accepted', late: null }] })
  expect(stored.slice(3)).toEqual(['first', 'b'])
})

test('a call that comes just as another is done does not wait for a third', async () => {
  isKnown()
  let durable = () => {}
  const written = new Promise<void>((resolve) => {
    durable = resolve
  })
  sync = () => written
  await commit(call(['a']))
  durable()
  // After the first has seen that nothing waits, and before anything else.
  const next = written.then(() => undefined).then(() => commit(call(['b'])))
  const others = Array.from({ length: 50 }).reduce<Promise<unknown>>((before) => before.then(), written)
  expect(await Promise.race([next.then(() => 'judged'), others.then(() => 'waits')])).toBe('judged')
})

test('whose subscription it is not learns nothing of its ids', async () => {
  isKnown()
  known = new Set(['a'])
  expect(await commit(call(['a']))).toMatchObject({ results: [{ status: 'duplicate' }] })
  expect(await commit(call(['a'], { profiles: new Map() }))).toMatchObject({
    results: [{ status: 'rejected', code: 'subscription_not_found' }],
  })
})
