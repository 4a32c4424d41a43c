import { z } from '@hono/zod-openapi'
import { idsOfCommit } from '../kernel/id.ts'
import type { Rejection } from '../kernel/rejection.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import { changeMetric, type Metric } from './domain/metric.ts'
import { changedMetrics, metricFrom, metricPage, metricsBy, newMetrics } from './metric-repository.ts'
import { metricPatchSchema, metricSchema, metricToWire, newMetricSchema } from './metric-schemas.ts'

export const metricRoutes = router()

const metricParam = z.object({ code: z.string().max(100).openapi({ example: 'api_calls' }) })

route(
  metricRoutes,
  {
    method: 'post',
    path: '/metrics',
    tags: ['Metrics'],
    summary: 'Create a metric',
    description: 'What is measured, and how its events become one quantity. Charges of plans name it by its code.',
    request: { body: jsonBody(newMetricSchema) },
    responses: answers(201, metricSchema, 'The new metric'),
  },
  async (c) => {
    const { code, name, aggregation, field, decimals, allow_negative, metadata } = c.req.valid('json')
    const commitId = newCommitId()
    const ids = idsOfCommit(commitId)
    const { organizationId } = c.get('caller')
    const metric: Metric = {
      ...{ organizationId, id: ids('metric'), version: 1, code, name, aggregation, metadata, createdAt: realNow() },
      field: aggregation === 'count' ? null : (field ?? 'quantity'),
      ...{ decimals, allowNegative: allow_negative ?? aggregation === 'weighted_sum' },
    }
    const body = metricToWire(metric)
    const event = { type: 'metric.created', subjectId: metric.id, sequence: 1, data: body, previous: null }
    const write = {
      id: commitId,
      cause: 'create_metric',
      fragments: [newMetrics([metric]), ...eventFragments([eventOf(c, commitId, ids, event)])],
    }
    return commitAndAnswer(c, write, { status: 201, body }, { metrics_code: codeTaken(code) })
  },
)

route(
  metricRoutes,
  {
    method: 'get',
    path: '/metrics',
    tags: ['Metrics'],
    summary: 'List metrics',
    request: { query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(metricSchema, 'Metric'), 'A page of metrics, newest first'),
  },
  async (c) => {
    const page = c.req.valid('query')
    const rows = await metricPage(c.get('database'), c.get('caller').organizationId, page)
    return c.json(pageOf(rows.map(metricFrom), page, metricToWire))
  },
)

route(
  metricRoutes,
  {
    method: 'get',
    path: '/metrics/{code}',
    tags: ['Metrics'],
    summary: 'Get a metric by its code',
    request: { params: metricParam },
    responses: answers(200, metricSchema, 'The metric'),
  },
  async (c) => c.json(metricToWire(await getMetric(c, c.req.valid('param').code))),
)

route(
  metricRoutes,
  {
    method: 'patch',
    path: '/metrics/{code}',
    tags: ['Metrics'],
    summary: 'Rename a metric',
    description: 'What is measured never changes, because invoices were made from it: create another metric instead.',
    request: { params: metricParam, body: jsonBody(metricPatchSchema) },
    responses: answers(200, metricSchema, 'The metric as it is now'),
  },
  async (c) => {
    const before = await getMetric(c, c.req.valid('param').code)
    const metric = changeMetric(before, c.req.valid('json'))
    const commitId = newCommitId()
    const body = metricToWire(metric)
    const about = { subjectId: metric.id, sequence: metric.version, data: body, previous: metricToWire(before) }
    const event = eventOf(c, commitId, idsOfCommit(commitId), { type: 'metric.updated', ...about })
    const write = {
      id: commitId,
      cause: 'update_metric',
      fragments: [changedMetrics([metric]), ...eventFragments([event])],
    }
    return commitAndAnswer(c, write, { status: 200, body })
  },
)

async function getMetric(c: AppContext, code: string): Promise<Metric> {
  const [row] = await metricsBy(c.get('database'), c.get('caller').organizationId, [code])
  if (row === undefined) throw missing('metric', code)
  return metricFrom(row)
}

function codeTaken(code: string): Rejection {
  return {
    code: 'metric_code_taken',
    detail: `There is a metric with the code ${code} already.`,
    hint: `Use that one (GET /v1/metrics/${code}), or choose another code.`,
    pointer: '/code',
  }
}
