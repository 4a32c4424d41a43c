import { z } from '@hono/zod-openapi'
import { encodeId, type Id, idsOfCommit } from '../kernel/id.ts'
import type { Instant } from '../kernel/instant.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { type AppContext, invalidRequest, route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { problemOf } from '../platform/http/problem.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { createFromWire, type imaginedSubscriptionSchema } from '../subscriptions/command-schemas.ts'
import { namedCommandSchema, namedFromWire } from '../subscriptions/script-schemas.ts'
import type { Command } from './domain/command.ts'
import { decide } from './domain/decide.ts'
import { forkOf } from './domain/fork.ts'
import { nextInvoicing } from './domain/next-invoice.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { outdated, previewHashOf } from './preview.ts'
import { previewRequestSchema, previewSchema, previewToWire } from './preview-schemas.ts'
import { load, namedIn } from './repository.ts'
import { theAccount, theAccountOf, timeOf } from './snapshot-repository.ts'
import { knowingUsage, type UsageSource } from './usage.ts'

/** What a command would make: the same decide, without a write. */
export const previewRoutes = router()

route(
  previewRoutes,
  {
    method: 'post',
    path: '/invoices/preview',
    tags: ['Invoices'],
    summary: 'What a new subscription or the next renewal would be invoiced',
    description: 'The same function as the real run, without a write: equal line for line.',
    request: { body: jsonBody(previewRequestSchema) },
    responses: answers(200, previewSchema, 'The invoices that would be made, oldest period first'),
  },
  async (c) => {
    const { subscription, new_subscription } = c.req.valid('json')
    if (subscription !== undefined) return c.json(await nextOf(c, subscription))
    if (new_subscription === undefined) throw invalidRequest([{ pointer: '/new_subscription', detail: 'is required' }])
    const previewed = await imagined(c, new_subscription)
    const { snapshot, command, now } = previewed
    return c.json(await answer(c, previewed, await previewHashOf(snapshot, command, now)))
  },
)

route(
  previewRoutes,
  {
    method: 'post',
    path: '/subscriptions/{id}/preview',
    tags: ['Subscriptions'],
    summary: 'What a command on a subscription would make',
    description:
      'Takes the body of the command’s own route and its name as `command`. With the `hash` of an earlier preview it is refused where that is outdated.',
    request: { params: z.object({ id: idSchema('subscription') }), body: jsonBody(namedCommandSchema) },
    responses: answers(200, previewSchema, 'What the command would make now'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const body = c.req.valid('json')
    const { organizationId } = c.get('caller')
    const command = namedFromWire(id, body)
    const chosen = theAccountOf('subscriptions', organizationId, id)
    const about = { organizationId, chosen, target: { subscriptionId: id }, idempotency: null, ...namedIn(command) }
    const { snapshot } = await load(c.get('database'), about)
    if (snapshot === null) throw missing('subscription', encodeId('subscription', id))
    const now = timeOf(snapshot, realNow())
    const hash = await previewHashOf(snapshot, command, now)
    const earlier = 'preview_hash' in body ? body.preview_hash : null
    if (earlier !== null && earlier !== hash) throw problemOf(outdated(now))
    return c.json(await answer(c, { snapshot, command, now }, hash))
  },
)

type Previewed = { readonly snapshot: Snapshot; readonly command: Command; readonly now: Instant }

async function answer(
  c: AppContext,
  { snapshot, command, now }: Previewed,
  hash: string,
): Promise<z.output<typeof previewSchema>> {
  const decided = await knowingUsage(lookingAt(c), (usageOf) =>
    decide({ ...snapshot, usageOf }, command, now, idsOfCommit(newCommitId())),
  )
  if (!decided.ok) throw problemOf(decided.error)
  return previewToWire(decided.value, hash)
}

/** A preview changes nothing, so it seals nothing. */
function lookingAt(c: AppContext): UsageSource {
  return { env: c.env, database: c.get('database'), how: 'look' }
}

async function imagined(c: AppContext, body: z.output<typeof imaginedSubscriptionSchema>): Promise<Previewed> {
  const { organizationId } = c.get('caller')
  const command = createFromWire(body)
  const chosen = theAccount(organizationId, body.account)
  const about = { organizationId, chosen, target: {}, idempotency: null, ...namedIn(command) }
  const { snapshot } = await load(c.get('database'), about)
  if (snapshot === null) throw missing('account', encodeId('account', body.account))
  return { snapshot, command, now: timeOf(snapshot, realNow()) }
}

/** The next invoice of one that is sold, at whatever instant it falls due. */
async function nextOf(c: AppContext, id: Id<'subscription'>): Promise<z.output<typeof previewSchema>> {
  const { organizationId } = c.get('caller')
  const chosen = theAccountOf('subscriptions', organizationId, id)
  const nothing = { planCodes: [], couponCode: null, idempotency: null }
  const { snapshot } = await load(c.get('database'), {
    organizationId,
    chosen,
    target: { subscriptionId: id },
    ...nothing,
  })
  if (snapshot === null) throw missing('subscription', encodeId('subscription', id))
  const now = timeOf(snapshot, realNow())
  const next = await knowingUsage(lookingAt(c), (usageOf) =>
    nextInvoicing(forkOf({ ...snapshot, usageOf }, id), now, idsOfCommit(newCommitId())),
  )
  if (!next.ok) throw problemOf(next.error)
  return previewToWire(next.value, null)
}
