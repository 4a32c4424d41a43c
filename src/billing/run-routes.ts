import { z } from '@hono/zod-openapi'
import { encodeId, type Id, idsOfCommit } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { newCommitId, newId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { requires } from '../platform/http/authenticate.ts'
import { commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { startRun } from './jobs.ts'
import { clockObject } from './objects.ts'
import {
  type Clock,
  clockById,
  clockPage,
  deadLetterById,
  deadLetterPage,
  markReplayed,
  newTestClocks,
  runPage,
  startAdvance,
} from './run-repository.ts'
import {
  advanceClockSchema,
  clockSchema,
  clockToWire,
  deadLetterSchema,
  deadLetterToWire,
  newClockSchema,
  newRunSchema,
  runSchema,
  runToWire,
} from './run-schemas.ts'
import { settleUsageOn } from './usage-reports.ts'

/** What drives billing: runs, test clocks, and what was given up. */
export const runRoutes = router()

const clockParam = z.object({ id: idSchema('test_clock') })
/** A clock goes so far at once: five years. */
const MAX_ADVANCE_MS = 5 * 366 * 86_400_000

route(
  runRoutes,
  {
    method: 'post',
    path: '/billing_runs',
    tags: ['Billing runs'],
    summary: 'Run the billing of this organization now',
    description: 'Cron does it every minute. Nothing is billed twice, however often it runs.',
    request: { body: jsonBody(newRunSchema) },
    responses: answers(
      202,
      z.object({ id: z.string().nullable() }),
      'The run that was started; null where nothing is due',
    ),
  },
  async (c) => {
    const { organizationId, mode } = c.get('caller')
    const now = realNow()
    const asOf = c.req.valid('json').as_of ?? now
    if (asOf > now && mode === 'live') {
      throw new Problem('not_a_sandbox', {
        detail: `${toIso(asOf)} lies in the future, and a live organization is not billed ahead of time.`,
        hint: 'Leave as_of out, or use a sandbox organization.',
        errors: [{ pointer: '/as_of', detail: 'lies in the future' }],
      })
    }
    const id = await startRun(c.env, c.get('database'), { asOf, organizationId })
    return c.json({ id: id === null ? null : encodeId('billing_run', id) }, 202)
  },
)

route(
  runRoutes,
  {
    method: 'get',
    path: '/billing_runs',
    tags: ['Billing runs'],
    summary: 'List billing runs with this organization’s counts',
    request: { query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(runSchema, 'BillingRun'), 'A page of runs, newest first'),
  },
  async (c) => {
    const page = c.req.valid('query')
    const rows = await runPage(c.get('database'), c.get('caller').organizationId, page)
    return c.json(pageOf(rows, page, runToWire))
  },
)

route(
  runRoutes,
  {
    method: 'post',
    path: '/test_clocks',
    tags: ['Test clocks'],
    summary: 'Make a test clock',
    description:
      'Accounts created on it live in its time, which stands still until it is advanced. Sandbox organizations only.',
    request: { body: jsonBody(newClockSchema) },
    responses: answers(201, clockSchema, 'The clock'),
  },
  async (c) => {
    const { organizationId } = mustBeSandbox(c)
    const { name, now } = c.req.valid('json')
    const commitId = newCommitId()
    const id = newId('test_clock')
    const clock: Clock = {
      organizationId,
      id,
      name,
      now: now ?? realNow(),
      target: null,
      startedFrom: null,
      createdAt: realNow(),
    }
    const body = clockToWire(clock)
    const event = { type: 'test_clock.created', subjectId: id, sequence: 1, data: body, previous: null }
    const fragments = [newTestClocks([clock]), ...eventFragments([eventOf(c, commitId, idsOfCommit(commitId), event)])]
    return commitAndAnswer(c, { id: commitId, cause: 'create_test_clock', fragments }, { status: 201, body })
  },
)

route(
  runRoutes,
  {
    method: 'get',
    path: '/test_clocks',
    tags: ['Test clocks'],
    summary: 'List test clocks',
    request: { query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(clockSchema, 'TestClock'), 'A page of clocks, newest first'),
  },
  async (c) => {
    const page = c.req.valid('query')
    const rows = await clockPage(c.get('database'), c.get('caller').organizationId, page)
    return c.json(pageOf(rows, page, clockToWire))
  },
)

route(
  runRoutes,
  {
    method: 'get',
    path: '/test_clocks/{id}',
    tags: ['Test clocks'],
    summary: 'Get a test clock with the progress of its advance',
    request: { params: clockParam },
    responses: answers(200, clockSchema, 'The clock'),
  },
  async (c) => c.json(clockToWire(await getClock(c, c.req.valid('param').id))),
)

route(
  runRoutes,
  {
    method: 'post',
    path: '/test_clocks/{id}/advance',
    tags: ['Test clocks'],
    summary: 'Advance a test clock',
    description:
      'Everything that falls due on the way runs in order: renewals, trials, cancellations and their payments. Forwards only, five years at most. Answers 200 when it is there; what takes longer than 25 seconds answers 202 and goes on.',
    request: { params: clockParam, body: jsonBody(advanceClockSchema) },
    responses: {
      ...answers(200, clockSchema, 'The clock is there'),
      ...answers(202, clockSchema, 'The clock is under way'),
    },
  },
  async (c) => {
    const { organizationId } = mustBeSandbox(c)
    const { id } = c.req.valid('param')
    const { to } = c.req.valid('json')
    const clock = await getClock(c, id)
    refuseAdvance(clock, to)
    await settleUsageOn(c.env, c.get('database'), organizationId, id)
    const started = to === clock.now ? clock : await startAdvance(c.get('database'), clock, to)
    if (started === null) throw underWay(clock)
    const { stopped } =
      started.target === null ? { stopped: null } : await clockObject(c.env, id).advance({ organizationId, id })
    if (stopped !== null) throw stuck(stopped)
    const there = await getClock(c, id)
    return c.json(clockToWire(there), there.target === null ? 200 : 202)
  },
)

route(
  runRoutes,
  {
    method: 'get',
    path: '/dead_letters',
    tags: ['Billing runs'],
    summary: 'List queue messages that were given up',
    middleware: requires('operate'),
    request: { query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(deadLetterSchema, 'DeadLetter'), 'A page of messages, newest first'),
  },
  async (c) => {
    const page = c.req.valid('query')
    return c.json(pageOf(await deadLetterPage(c.get('database'), page), page, deadLetterToWire))
  },
)

route(
  runRoutes,
  {
    method: 'post',
    path: '/dead_letters/{id}/replay',
    tags: ['Billing runs'],
    summary: 'Send a message again that was given up',
    middleware: requires('operate'),
    request: { params: z.object({ id: idSchema('dead_letter') }) },
    responses: answers(200, deadLetterSchema, 'The message, on its way again'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const database = c.get('database')
    const [letter] = await deadLetterById(database, id)
    if (letter === undefined) throw missing('dead letter', encodeId('dead_letter', id))
    // Sent before it is marked: twice does no harm, never would.
    await queueOf(c, letter.queue).send(letter.body)
    const replayedAt = realNow()
    await markReplayed(database, id, replayedAt)
    return c.json(deadLetterToWire({ ...letter, replayedAt }))
  },
)

/** By the names in wrangler.toml. */
function queueOf({ env }: AppContext, name: string): Queue {
  const queues: Readonly<Record<string, Queue>> = {
    'perennial-billing': env.BILLING_QUEUE,
    'perennial-charges': env.CHARGE_QUEUE,
    'perennial-gateway': env.GATEWAY_QUEUE,
    'perennial-reconciliation': env.RECONCILIATION_QUEUE,
    'perennial-relay': env.RELAY_QUEUE,
    'perennial-usage': env.USAGE_QUEUE,
  }
  const queue = queues[name]
  if (queue === undefined) throw new Error(`there is no queue ${name}`)
  return queue
}

async function getClock(c: AppContext, id: Id<'test_clock'>): Promise<Clock> {
  const [clock] = await clockById(c.get('database'), c.get('caller').organizationId, id)
  if (clock === undefined) throw missing('test clock', encodeId('test_clock', id))
  return clock
}

function refuseAdvance(clock: Clock, to: Clock['now']): void {
  if (clock.target !== null) throw underWay(clock)
  const detail = to < clock.now ? 'A test clock goes forwards only.' : 'A test clock goes five years at once at most.'
  if (to >= clock.now && to - clock.now <= MAX_ADVANCE_MS) return
  throw new Problem('invalid_request', {
    detail: `${detail} It stands at ${toIso(clock.now)}.`,
    hint: 'Choose a time after that, five years later at most.',
    errors: [{ pointer: '/to', detail }],
  })
}

function underWay(clock: Clock): Problem {
  return new Problem('clock_busy', {
    detail: `The clock is on its way to ${clock.target === null ? 'another time' : toIso(clock.target)}.`,
    hint: 'Wait until GET /v1/test_clocks/{id} says that it is ready.',
    retryAfterSeconds: 1,
  })
}

function stuck(reason: string): Problem {
  return new Problem('command_not_possible', {
    detail: `The clock stopped on the way: ${reason}.`,
    hint: 'Mend the cause, such as a tax rate or a price that is too large; the log names the accounts. Then advance again.',
  })
}

function mustBeSandbox(c: AppContext) {
  const caller = c.get('caller')
  if (caller.mode === 'sandbox') return caller
  throw new Problem('not_a_sandbox', {
    detail: 'A live organization lives in real time.',
    hint: 'Use a key of a sandbox organization (sk_test_…).',
  })
}
