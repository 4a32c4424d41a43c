import { z } from '@hono/zod-openapi'
import type { Env } from '../platform/env.ts'
import { route, router } from '../platform/http/app.ts'
import { requires } from '../platform/http/authenticate.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { answers } from '../platform/http/responses.ts'
import { faultsIn } from './domain/standing.ts'
import { type ShardStanding, USAGE_SHARDS, usageShard } from './objects.ts'
import { readStanding, setAsidePage } from './standing-repository.ts'
import { setAsideSchema, setAsideToWire, standingSchema, standingToWire } from './standing-schemas.ts'

/** Whether what was acknowledged is counted once, and what could not be stored. */
export const usageStandingRoutes = router()

route(
  usageStandingRoutes,
  {
    method: 'get',
    path: '/usage/standing',
    tags: ['Usage'],
    summary: 'Compare what was acknowledged with what is stored',
    description:
      'Of all organizations. It asks every shard twice and counts every event: for operators, not for graphs.',
    middleware: requires('operate'),
    responses: answers(200, standingSchema, 'What each shard and the database have counted'),
  },
  async (c) => {
    const before = await standings(c.env)
    const { shards: stored, usage } = await readStanding(c.get('database'))
    const after = await standings(c.env)
    const shards = before.map((standing, shard) => ({
      ...{ shard, before: standing, after: after[shard] ?? standing, heldUpBy: standing.heldUpBy },
      stored: stored.find((one) => one.shard === shard) ?? { shard, ...nothing },
    }))
    return c.json(standingToWire({ faults: faultsIn(shards, usage), usage, shards }))
  },
)

const nothing = { flushed: 0, inserted: 0, duplicates: 0, setAside: 0 }

function standings(env: Env): Promise<readonly ShardStanding[]> {
  return Promise.all(Array.from({ length: USAGE_SHARDS }, (_, shard) => usageShard(env, shard).standing()))
}

route(
  usageStandingRoutes,
  {
    method: 'get',
    path: '/usage/set_aside',
    tags: ['Usage'],
    summary: 'List events that could not be stored',
    description: 'Acknowledged events that the database refused: they are on no invoice. Nothing should be here.',
    middleware: requires('admin'),
    request: { query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(setAsideSchema, 'UsageSetAside'), 'A page of events, newest first'),
  },
  async (c) => {
    const page = c.req.valid('query')
    const rows = await setAsidePage(c.get('database'), c.get('caller').organizationId, page)
    return c.json(pageOf(rows, page, setAsideToWire))
  },
)
