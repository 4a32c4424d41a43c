import { decodeId, type Id } from '../../src/kernel/id.ts'
import { body, type Json } from './client.ts'
import { booksOf, violationsOf } from './fault-checks.ts'
import { begin, goOn, type Invocation, type Send } from './fault-invocation.ts'
import { type Job, type JobName, jobs, look, type Seen } from './fault-jobs.ts'
import type { Asked, Lane } from './fault-lane.ts'
import { type Random, randomOf } from './fault-random.ts'
import { type Step, scriptOf, type Task } from './fault-script.ts'

/** What happened, line by line, and what must not have. */
export type Told = {
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  /** Round trips of Workers. */
  readonly trips: number
}

type History = {
  readonly lane: Lane
  readonly random: Random
  readonly name: string
  readonly account: string
  readonly accountId: Id<'account'>
  readonly trace: string[]
  readonly violations: Set<string>
  /** Those that have not ended. */
  readonly workers: Set<Worker>
  readonly late: Send[]
}

/** One invoice and everything that may happen to it; then all that is broken works again, and the books are checked. */
export async function runHistory(lane: Lane, seed: number, script: readonly Step[] = scriptOf(seed)): Promise<Told> {
  const history = await begun(lane, seed)
  const { trace, violations } = history
  for (const step of script) {
    trace.push(JSON.stringify(step))
    await happens[step.do](history, step as never)
  }
  trace.push('settling')
  await settles(history)
  await checked(history)
  await repeats(history)
  await ends(history)
  const trips = trace.filter((line) => /^ [ \d]\w+$/.test(line)).length
  return { violations: [...violations], trace, trips }
}

const methodsAtFirst = [
  ...[[], ['pm_card_visa'], ['pm_card_visa'], ['pm_card_chargeCustomerFail']],
  ...[['pm_card_visa', 'pm_card_chargeCustomerFail'], ['pm_card_authenticationRequired'], ['pm_usBankAccount_success']],
]

async function begun(lane: Lane, seed: number): Promise<History> {
  const random = randomOf(seed ^ 0x5f3759df)
  // Whoever was known to the API by its key is not any more.
  await lane.passes(40_000)
  const { id } = body(await lane.client.post('/v1/accounts', { email: 'jane@startup.example', name: 'Jane' }))
  for (const token of random.pick(methodsAtFirst)) {
    body(await lane.client.post(`/v1/accounts/${id}/payment_methods`, { token }))
  }
  const accountId = decodeId('account', id)
  if (accountId === null) throw new Error(`no account was made: ${id}`)
  const sets = { violations: new Set<string>(), workers: new Set<Worker>() }
  return { ...sets, lane, random, name: `${seed}-${lane.now()}`, account: id, accountId, trace: [], late: [] }
}

type Work = { readonly fate: Task['fate']; readonly work: () => Promise<unknown> }
type Worker = Invocation & { readonly isFaultless: boolean; readonly ended: () => unknown }

/** Workers begin, and go on with those that are awake until nothing moves any more. */
async function works(history: History, some: readonly Work[]): Promise<void> {
  const { lane, random, workers, late, trace } = history
  for (const [index, { fate, work }] of some.entries()) {
    const end: { value: unknown } = { value: undefined }
    const caught = async () => {
      end.value = await work().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
    }
    const invocation = begin(caught, {
      fate,
      // Their clocks differ: a charge queue's turn is over when the next one's clock says so.
      now: () => lane.now() + index * CLOCKS_DIFFER_MS,
      late: (send) => void late.push(send),
      trace: (what) => void trace.push(some.length > 1 ? what.replace('  ', ` ${index}`) : what),
    })
    workers.add({ ...invocation, isFaultless: fate === null, ended: () => end.value })
  }
  await goOn([...workers], random)
  for (const worker of workers) if (worker.isDone()) judge(history, worker)
}

const CLOCKS_DIFFER_MS = 1_100

/** What a Worker may not say that nothing happened to. */
function judge({ violations, trace, workers }: History, worker: Worker): void {
  workers.delete(worker)
  const end = worker.ended()
  if (end instanceof Error) trace.push(`  throws ${end.name}: ${end.message}`)
  const answer = end as Partial<Asked> | undefined
  if (answer?.status !== undefined) trace.push(`  answers ${answer.status} ${answer.body?.code ?? ''}`)
  if (worker.isStruck()) return
  if (end instanceof Error && end.name !== 'GatewayUnavailable') violations.add(`a Worker failed by itself: ${end}`)
  if (answer?.status === 500) violations.add('a request was answered 500, and nothing had happened to it')
}

type Happens = {
  readonly [D in Step['do']]: (history: History, step: Extract<Step, { readonly do: D }>) => Promise<void>
}

const happens: Happens = {
  work: async (history, { workers }) => {
    const seen = await seenBy(
      history,
      workers.some(({ job }) => job === 'hears'),
    )
    await works(
      history,
      workers.map((task) => ({ fate: task.fate, work: () => workOf(history, task, seen) })),
    )
  },
  wake: async (history) => {
    for (const worker of history.workers) worker.wake()
    await works(history, [])
  },
  arrive: async ({ late, trace }) => {
    for (const send of late.splice(0)) trace.push(`  arrives: ${(await send()).status}`)
  },
  pass: async (history, { ms }) => {
    // No request is under way for so long, and no Worker stands still for so long.
    if (ms > LONGEST_MS) {
      await happens.arrive(history, { do: 'arrive' })
      await happens.wake(history, { do: 'wake' })
    }
    await history.lane.passes(ms)
  },
  fault: async ({ lane }, { fault }) => {
    await lane.gateway('POST', '/_control/faults', fault)
  },
  answer: async (history, { yes }) => {
    const { lane } = history
    for (const { intent } of (await seenBy(history, false)).payments) {
      if (intent !== null) await lane.gateway('POST', '/_control/authenticate', { intent, succeeds: yes })
    }
  },
  settle: async ({ lane }) => {
    await lane.gateway('POST', '/_control/settle', {})
  },
}

const LONGEST_MS = 600_000

function workOf({ lane, account, name }: History, { job, choice }: Pick<Task, 'job' | 'choice'>, seen: Seen) {
  return (jobs[job] as Job)({ lane, account, name, choice, seen })
}

async function seenBy({ lane, account, accountId, name }: History, withEvents: boolean): Promise<Seen> {
  const seen = await look(lane, accountId, name)
  if (!withEvents) return { ...seen, events: [] }
  const { data } = await lane.gateway('GET', '/v1/events?limit=100')
  const isOurs = ({ object, metadata }: Json) =>
    ['payment_intent', 'refund'].includes(object) && metadata?.perennial_account === account
  return { ...seen, events: data.filter((event: Json) => isOurs(event.data.object)) }
}

/** One Worker that nothing happens to. */
function does(history: History, job: JobName, choice: number, seen: Seen): Promise<void> {
  return works(history, [{ fate: null, work: () => workOf(history, { job, choice }, seen) }])
}

/**
 * Seconds from one look to the next: who is asked again waits a minute, the bank an hour, a forgotten key a day. After
 * that day the account's other cards have their turn, one after another.
 */
const patience = [61, 61, 61, 3_660, 61, 3_660, 61, 90_000, 61, 3_660, 61, 3_660, 61, 3_660, 61]

/** Nothing is broken any more, and all that is open comes to its end: by events, or where all are lost by looking. */
async function settles(history: History): Promise<void> {
  const { lane, late, workers, violations, random } = history
  await lane.gateway('DELETE', '/_control/faults')
  while (late.length > 0 || workers.size > 0) {
    await happens.arrive(history, { do: 'arrive' })
    await happens.wake(history, { do: 'wake' })
  }
  const areEventsLost = random.chance(0.6)
  for (const seconds of patience) {
    await lane.gateway('POST', '/_control/settle', {})
    await lane.passes(seconds * 1_000)
    const seen = await seenBy(history, !areEventsLost)
    if (!seen.isAnswered) await does(history, 'invoices', 0, seen)
    for (const [choice, event] of seen.events.entries()) {
      const last = seen.events.findIndex(({ data }) => data.object.id === event.data.object.id)
      if (last === choice) await does(history, 'hears', choice, seen)
    }
    if (seen.open > 0) await does(history, 'charges', 0, seen)
    const { isAnswered, open } = await seenBy(history, false)
    if (isAnswered && open === 0) return
  }
  violations.add('something stays open for ever')
}

async function checked({ lane, account, accountId, violations }: History): Promise<void> {
  for (const violation of await violationsOf(lane, account, accountId)) violations.add(violation)
}

/** How each payment stands was told; whoever looks again tells nothing new. */
async function repeats(history: History): Promise<void> {
  const { lane, accountId, violations, random } = history
  if (!random.chance(0.25)) return
  const seen = await seenBy(history, false)
  // What is due by now has happened, so that nothing else is written with the news; a retry waits for its charge.
  await does(history, 'bills', 0, seen)
  await does(history, 'charges', 0, seen)
  const before = await booksOf(lane, accountId)
  for (const choice of seen.payments.keys()) await does(history, 'looks', choice, seen)
  if ((await booksOf(lane, accountId)) === before) return
  violations.add('what was told before was news again')
  await checked(history)
}

/** What is left open is given up, so that the next history has the lane for itself. */
async function ends(history: History): Promise<void> {
  const seen = await seenBy(history, false)
  if (seen.invoice?.status === 'open') await does(history, 'gives_up', 9, seen)
  history.lane.sent.splice(0)
}
