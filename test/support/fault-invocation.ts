import { AsyncLocalStorage } from 'node:async_hooks'
import type { Random } from './fault-random.ts'

/**
 * What may happen to one round trip of a Worker, to Postgres or to the gateway. dies: the Worker ends before it, or before
 * its answer · loses: the trip is lost on its way there, or back · cuts: half of the answer comes · late: the Worker has
 * given it up, and it arrives all the same · sleeps: the Worker stands still before it, or before its answer.
 */
export type Fate = {
  readonly at: TripName | 'any'
  /** Of the Worker's trips of that name, counted from 0. */
  readonly nth: number
  readonly kind:
    | 'dies'
    | 'dies_after'
    | 'loses_request'
    | 'loses_reply'
    | 'cuts_reply'
    | 'late'
    | 'sleeps'
    | 'sleeps_after'
}

/** What a trip is for, by its address or by a text that it carries. */
const trips = {
  confirm: /\/payment_intents\/\w+\/confirm$/,
  cancel: /\/payment_intents\/\w+\/cancel$/,
  change: /^POST .*\/payment_intents\/\w+$/,
  create: /^POST .*\/payment_intents$/,
  look: /^GET .*\/payment_intents\/\w+$/,
  other: /\/v1\/\w+/,
  commit: /insert into commits/,
  keep: /gateway_payment = r\.gateway_payment/,
  claim: /for update skip locked/,
  read: /^sql /,
} as const satisfies Record<string, RegExp>
type TripName = keyof typeof trips

export type Send = () => Promise<Response>

/** One run of a Worker. It makes no trip by itself: `goOn` lets it. */
export type Invocation = {
  /** When it can do nothing by itself: it has ended, sleeps, or has trips that wait to be let go. */
  readonly atRest: () => Promise<void>
  readonly isWaiting: () => boolean
  readonly isDone: () => boolean
  /** Whether its fate came. */
  readonly isStruck: () => boolean
  /** Lets one of its trips go. */
  readonly go: (random: Random) => void
  readonly wake: () => void
}

type About = {
  readonly fate: Fate | null
  /** Its clock. */
  readonly now: () => number
  /** Takes a trip that was given up and is still under way. */
  readonly late: (send: Send) => void
  readonly trace: (what: string) => void
}

type Running = Pick<About, 'now' | 'trace'> & { readonly trip: (name: TripName, send: Send) => Promise<Response> }

const running = new AsyncLocalStorage<Running>()

/** The machine's clock, whatever a Worker believes. */
export const realTime = Date.now

/** Runs `work` as a Worker, up to its first trip. */
export function begin(work: () => Promise<void>, { now, trace, ...about }: About): Invocation {
  const doors = doorsOf()
  const { trip, isGoing, isStruck } = tripsOf({ ...about, trace, doors })
  let isDone = false
  void running.run({ now, trace, trip }, work).finally(() => {
    isDone = true
    doors.stir()
  })
  return {
    isDone: () => isDone,
    isStruck,
    isWaiting: () => doors.waiting.length > 0,
    atRest: async () => {
      while (isGoing() || !(isDone || doors.waiting.length + doors.sleeping.length > 0)) await doors.stirred()
    },
    go: (random) => doors.waiting.splice(random.below(doors.waiting.length), 1)[0]?.(),
    wake: () => {
      for (const open of doors.sleeping.splice(0)) open()
    },
  }
}

type Door = () => void
type Doors = ReturnType<typeof doorsOf>

/** Where trips stand until they are let go, and Workers until they are woken. */
function doorsOf() {
  const [waiting, sleeping, watching]: [Door[], Door[], Door[]] = [[], [], []]
  const stir = () => {
    for (const open of watching.splice(0)) open()
  }
  const at = (doors: Door[], opening: () => void) =>
    new Promise<void>((resolve) => {
      doors.push(() => {
        opening()
        resolve()
      })
      stir()
    })
  return {
    ...{ waiting, sleeping, stir },
    letGo: (opening: () => void) => at(waiting, opening),
    woken: (opening: () => void) => at(sleeping, opening),
    stirred: () => new Promise<void>((resolve) => void watching.push(resolve)),
  }
}

function tripsOf({ fate, late, trace, doors }: Omit<About, 'now'> & { readonly doors: Doors }) {
  const state = { going: 0, isDead: false, isStruck: false }
  const made: TripName[] = []
  const going = () => {
    state.going += 1
  }
  const sleep = async () => {
    trace('    sleeps')
    state.going -= 1
    await doors.woken(going)
    trace('    wakes')
  }
  const lost = (why: string) => {
    trace(`    ${why}`)
    return new TypeError(`Network connection lost: ${why}`)
  }
  const fateOf = (name: TripName): Fate['kind'] | null => {
    if (fate === null || (fate.at !== 'any' && fate.at !== name)) return null
    const before = fate.at === 'any' ? made.length : made.filter((one) => one === name).length
    if (before !== fate.nth) return null
    state.isStruck = true
    return fate.kind
  }
  const make = async (name: TripName, kind: Fate['kind'] | null, send: Send): Promise<Response> => {
    if (kind === 'sleeps') await sleep()
    if (kind === 'dies') state.isDead = true
    if (state.isDead) throw lost('is dead')
    if (kind === 'late') late(send)
    if (kind === 'late' || kind === 'loses_request') throw lost(kind)
    const answer = await whole(await send())
    if (kind === 'sleeps_after') await sleep()
    if (kind === 'dies_after') state.isDead = true
    if (state.isDead) throw lost('is dead')
    if (kind === 'loses_reply' || (kind === 'cuts_reply' && toPostgres.includes(name))) throw lost(kind)
    trace(`    ${answer.status}`)
    return kind === 'cuts_reply' ? half(answer) : answer
  }
  const trip = async (name: TripName, send: Send): Promise<Response> => {
    if (state.isDead) throw lost('is dead')
    const kind = fateOf(name)
    made.push(name)
    await doors.letGo(going)
    trace(`  ${name}`)
    try {
      return await make(name, kind, send)
    } finally {
      // Of several trips at once each may lead to a next one: there is time to come to it.
      if (doors.waiting.length > 0) await new Promise((resolve) => setTimeout(resolve))
      state.going -= 1
      doors.stir()
    }
  }
  return { trip, isGoing: () => state.going > 0, isStruck: () => state.isStruck }
}

async function whole(response: Response): Promise<Response> {
  return new Response(await response.arrayBuffer(), response)
}

async function half(response: Response): Promise<Response> {
  const bytes = await response.arrayBuffer()
  return new Response(bytes.slice(0, bytes.byteLength >> 1), response)
}

/** Lets them make their trips, in an order that `random` says and sometimes at once, until each has ended or sleeps. */
export async function goOn(some: readonly Invocation[], random: Random): Promise<void> {
  for (;;) {
    await Promise.all(some.map((one) => one.atRest()))
    const ready = some.filter((one) => one.isWaiting())
    if (ready.length === 0) return
    for (const one of random.chance(0.2) ? ready : [random.pick(ready)]) one.go(random)
  }
}

/** From here on the network and the clock of a Worker are what its invocation says. Answers how to undo it. */
export function simulateWorkers(): () => void {
  const {
    fetch: send,
    console: { log, error },
  } = globalThis
  const logging =
    (write: typeof log) =>
    (text: unknown, ...rest: unknown[]) => {
      const worker = running.getStore()
      if (worker === undefined) write(text, ...rest)
      else if (String(text).includes('"level":"error"')) worker.trace(`    logs ${String(text).replaceAll('"', '')}`)
    }
  Date.now = () => running.getStore()?.now() ?? realTime()
  console.log = logging(log)
  console.error = logging(error)
  globalThis.fetch = ((input: RequestInfo, init?: RequestInit) => {
    const worker = running.getStore()
    if (worker === undefined) return send(input, init)
    // It is given up when its invocation says so, not by a timer.
    const { signal: _, ...sent } = init ?? {}
    return worker.trip(nameOf(input, sent), () => send(input, sent))
  }) as typeof fetch
  return () => {
    globalThis.fetch = send
    Date.now = realTime
    Object.assign(console, { log, error })
  }
}

function nameOf(input: RequestInfo, { method, body }: RequestInit): TripName {
  const { pathname } = new URL(typeof input === 'string' ? input : input.url)
  const about = pathname === '/sql' ? `sql ${body}` : `${method ?? 'GET'} ${pathname}`
  const names = Object.keys(trips) as TripName[]
  return names.find((name) => trips[name].test(about)) ?? 'other'
}

const toPostgres: readonly TripName[] = ['commit', 'keep', 'claim', 'read']
