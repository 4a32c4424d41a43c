import { z } from '@hono/zod-openapi'
import { decodeId, idsOfCommit } from '../kernel/id.ts'
import type { Rejection } from '../kernel/rejection.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { type AppContext, invalidRequest, route, router } from '../platform/http/app.ts'
import { commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { chargeFromWire } from './charge-schemas.ts'
import { faultsOf, metricFaultsOf } from './domain/catalogue.ts'
import { changePlan, type PlanPatch, patchedTerms } from './domain/change.ts'
import type { Charge } from './domain/charge.ts'
import type { Plan, Terms } from './domain/plan.ts'
import { metricFrom, metricsBy } from './metric-repository.ts'
import {
  changedPlans,
  newPlans,
  newPlanVersions,
  planBy,
  planFrom,
  planPage,
  versionFrom,
  versionPage,
} from './repository.ts'
import {
  archivePlanSchema,
  newPlanSchema,
  planPatchSchema,
  planQuerySchema,
  planSchema,
  planToWire,
  planVersionSchema,
  priceFromWire,
  versionToWire,
} from './schemas.ts'

export const planRoutes = router()

const planParam = z.object({
  id: z.string().max(100).openapi({ description: 'The id or the code of the plan.', example: 'pro' }),
})

route(
  planRoutes,
  {
    method: 'post',
    path: '/plans',
    tags: ['Plans'],
    summary: 'Create a plan',
    description: 'Checked whole before anything is saved: every fault is named at once.',
    request: { body: jsonBody(newPlanSchema) },
    responses: answers(201, planSchema, 'The new plan'),
  },
  async (c) => {
    const { kind, code, name, trial_days, prices, minimum, charges, metadata } = c.req.valid('json')
    const terms: Terms = {
      prices: prices.map(priceFromWire),
      charges: charges.map(chargeFromWire),
      minimums: minimum ?? [],
    }
    await mustBeSellable(c, terms, terms.charges)
    const commitId = newCommitId()
    const ids = idsOfCommit(commitId)
    const now = realNow()
    const { organizationId } = c.get('caller')
    const id = ids('plan')
    const versionId = ids('plan_version')
    const plan: Plan = {
      ...{
        organizationId,
        id,
        version: 1,
        kind,
        code,
        name,
        metadata,
        archivedAt: null,
        replacedBy: null,
        createdAt: now,
      },
      current: {
        ...{ organizationId, id: versionId, planId: id, number: 1, planName: name, trialDays: trial_days },
        ...terms,
        createdAt: now,
      },
    }
    const body = planToWire(plan)
    const event = { type: 'plan.created', subjectId: id, sequence: 1, data: body, previous: null }
    const fragments = [
      newPlans([plan]),
      newPlanVersions([plan.current]),
      ...eventFragments([eventOf(c, commitId, ids, event)]),
    ]
    const write = { id: commitId, cause: 'create_plan', fragments }
    return commitAndAnswer(c, write, { status: 201, body }, { plans_code: codeTaken(code) })
  },
)

route(
  planRoutes,
  {
    method: 'get',
    path: '/plans',
    tags: ['Plans'],
    summary: 'List plans',
    request: { query: planQuerySchema },
    responses: answers(200, pageSchema(planSchema, 'Plan'), 'A page of plans, newest first'),
  },
  async (c) => {
    const { archived, ...page } = c.req.valid('query')
    const query = { ...page, archived: archived === 'true' }
    const rows = await planPage(c.get('database'), c.get('caller').organizationId, query)
    return c.json(pageOf(rows.map(planFrom), page, planToWire))
  },
)

route(
  planRoutes,
  {
    method: 'get',
    path: '/plans/{id}',
    tags: ['Plans'],
    summary: 'Get a plan by id or code',
    request: { params: planParam },
    responses: answers(200, planSchema, 'The plan with its version on sale'),
  },
  async (c) => c.json(planToWire(await getPlan(c, c.req.valid('param').id))),
)

route(
  planRoutes,
  {
    method: 'patch',
    path: '/plans/{id}',
    tags: ['Plans'],
    summary: 'Change a plan',
    description:
      'Another price, charge, minimum, trial or name makes a new version: new subscribers get it, present ones keep theirs. `prices`, `charges` and `minimum` are replaced whole.',
    request: { params: planParam, body: jsonBody(planPatchSchema) },
    responses: answers(200, planSchema, 'The plan as it is now'),
  },
  async (c) => {
    const before = await getPlan(c, c.req.valid('param').id)
    const { trial_days, prices, minimum, charges, ...same } = c.req.valid('json')
    const patch: PlanPatch = {
      ...same,
      trialDays: trial_days,
      prices: prices?.map(priceFromWire),
      charges: charges?.map(chargeFromWire),
      minimums: minimum === null ? [] : minimum,
    }
    await mustBeSellable(c, patchedTerms(before, patch), patch.charges ?? [])
    const commitId = newCommitId()
    const ids = idsOfCommit(commitId)
    const plan = changePlan(before, patch, realNow(), ids)
    const versions = plan.current.id === before.current.id ? [] : [plan.current]
    return savePlan(c, { commitId, ids, before, plan, type: 'plan.updated', fragments: [newPlanVersions(versions)] })
  },
)

route(
  planRoutes,
  {
    method: 'delete',
    path: '/plans/{id}',
    tags: ['Plans'],
    summary: 'Archive a plan',
    description: 'It takes no new subscribers and keeps the present ones.',
    request: { params: planParam, query: archivePlanSchema },
    responses: answers(200, planSchema, 'The archived plan'),
  },
  async (c) => {
    const before = await getPlan(c, c.req.valid('param').id)
    const { replaced_by } = c.req.valid('query')
    if (replaced_by !== undefined) mayReplace(before, await getPlan(c, replaced_by))
    const commitId = newCommitId()
    const plan: Plan = {
      ...before,
      version: before.version + 1,
      archivedAt: before.archivedAt ?? realNow(),
      replacedBy: replaced_by ?? before.replacedBy,
    }
    return savePlan(c, { commitId, ids: idsOfCommit(commitId), before, plan, type: 'plan.archived', fragments: [] })
  },
)

route(
  planRoutes,
  {
    method: 'get',
    path: '/plans/{id}/versions',
    tags: ['Plans'],
    summary: 'List the versions of a plan',
    request: { params: planParam, query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(planVersionSchema, 'PlanVersion'), 'A page of versions, newest first'),
  },
  async (c) => {
    const plan = await getPlan(c, c.req.valid('param').id)
    const page = c.req.valid('query')
    const rows = await versionPage(c.get('database'), plan.organizationId, plan.id, page)
    return c.json(pageOf(rows.map(versionFrom), page, versionToWire))
  },
)

type Change = {
  readonly commitId: ReturnType<typeof newCommitId>
  readonly ids: ReturnType<typeof idsOfCommit>
  readonly before: Plan
  readonly plan: Plan
  readonly type: string
  readonly fragments: readonly ReturnType<typeof newPlanVersions>[]
}

function savePlan(c: AppContext, { commitId, ids, before, plan, type, fragments }: Change): Promise<Response> {
  const body = planToWire(plan)
  const event = { type, subjectId: plan.id, sequence: plan.version, data: body, previous: planToWire(before) }
  const write = {
    id: commitId,
    cause: type,
    fragments: [changedPlans([plan]), ...fragments, ...eventFragments([eventOf(c, commitId, ids, event)])],
  }
  return commitAndAnswer(c, write, { status: 200, body }, { plan_versions_number: changedMeanwhile })
}

async function getPlan(c: AppContext, idOrCode: string): Promise<Plan> {
  const id = decodeId('plan', idOrCode)
  const by = id === null ? { code: idOrCode } : { id }
  const [row] = await planBy(c.get('database'), c.get('caller').organizationId, by)
  if (row === undefined) throw missing('plan', idOrCode)
  return planFrom(row)
}

/** Metrics are looked up for the charges that the request brings; those of a version had theirs when it was made. */
async function mustBeSellable(c: AppContext, terms: Terms, charges: readonly Charge[]): Promise<void> {
  const codes = [...new Set(charges.map(({ metric }) => metric))]
  const rows = codes.length === 0 ? [] : await metricsBy(c.get('database'), c.get('caller').organizationId, codes)
  const faults = [...faultsOf(terms), ...metricFaultsOf(charges, rows.map(metricFrom))]
  if (faults.length === 0) return
  throw invalidRequest(faults.map(({ pointer, detail, hint }) => ({ pointer, detail: `${detail}: ${hint}` })))
}

/** What the error for new subscribers names must be on sale. */
function mayReplace(plan: Plan, by: Plan): void {
  if (by.id !== plan.id && by.archivedAt === null) return
  const detail = by.id === plan.id ? 'is the plan itself' : 'is archived too'
  throw invalidRequest([{ pointer: '/replaced_by', detail }])
}

const changedMeanwhile: Rejection = {
  code: 'plan_changed',
  detail: 'Another request made a version of this plan at the same time.',
  hint: 'Read the plan again, and repeat the change if it still makes sense.',
}

function codeTaken(code: string): Rejection {
  return {
    code: 'plan_code_taken',
    detail: `There is a plan with the code ${code} already.`,
    hint: `Change it with PATCH /v1/plans/${code}, or choose another code.`,
    pointer: '/code',
  }
}
