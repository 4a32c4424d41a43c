import { z } from '@hono/zod-openapi'
import { decodeId, idsOfCommit } from '../kernel/id.ts'
import type { Rejection } from '../kernel/rejection.ts'
import { newCommitId, realNow } from '../platform/clock.ts'
import { eventFragments } from '../platform/events/event.ts'
import { type AppContext, invalidRequest, route, router } from '../platform/http/app.ts'
import { commitAndAnswer, eventOf, missing } from '../platform/http/commit.ts'
import { pageOf, pageSchema } from '../platform/http/pagination.ts'
import { answers, jsonBody } from '../platform/http/responses.ts'
import type { Coupon, CouponPlan } from './domain/coupon.ts'
import { couponBy, couponFrom, couponPage, couponRows, plansCalled } from './repository.ts'
import {
  couponPatchSchema,
  couponQuerySchema,
  couponSchema,
  couponToWire,
  durationFromWire,
  newCouponSchema,
  termsFromWire,
} from './schemas.ts'

export const couponRoutes = router()

const couponParam = z.object({
  code: z.string().max(100).openapi({ description: 'The code or the id of the coupon.', example: 'WELCOME' }),
})

route(
  couponRoutes,
  {
    method: 'post',
    path: '/coupons',
    tags: ['Coupons'],
    summary: 'Create a coupon',
    description:
      'It takes off a percentage or an amount. Limited to plans it discounts their lines only. Its terms never change.',
    request: { body: jsonBody(newCouponSchema) },
    responses: answers(201, couponSchema, 'The new coupon'),
  },
  async (c) => {
    const given = c.req.valid('json')
    const commitId = newCommitId()
    const ids = idsOfCommit(commitId)
    const { organizationId } = c.get('caller')
    const coupon: Coupon = {
      ...{ organizationId, id: ids('coupon'), version: 1, code: given.code, name: given.name ?? given.code },
      terms: termsFromWire(given),
      duration: durationFromWire(given),
      plans: given.plans === null ? null : await plansNamed(c, given.plans),
      ...{ redeemBy: given.redeem_by, maxRedemptions: given.max_redemptions, redemptions: 0 },
      ...{ metadata: given.metadata, archivedAt: null, createdAt: realNow() },
    }
    const body = couponToWire(coupon)
    const event = { type: 'coupon.created', subjectId: coupon.id, sequence: 1, data: body, previous: null }
    const fragments = [couponRows.created([coupon]), ...eventFragments([eventOf(c, commitId, ids, event)])]
    const write = { id: commitId, cause: 'create_coupon', fragments }
    return commitAndAnswer(c, write, { status: 201, body }, { coupons_code: codeTaken(given.code) })
  },
)

route(
  couponRoutes,
  {
    method: 'get',
    path: '/coupons',
    tags: ['Coupons'],
    summary: 'List coupons',
    request: { query: couponQuerySchema },
    responses: answers(200, pageSchema(couponSchema, 'Coupon'), 'A page of coupons, newest first'),
  },
  async (c) => {
    const { archived, ...page } = c.req.valid('query')
    const query = { ...page, archived: archived === 'true' }
    const rows = await couponPage(c.get('database'), c.get('caller').organizationId, query)
    return c.json(pageOf(rows.map(couponFrom), page, couponToWire))
  },
)

route(
  couponRoutes,
  {
    method: 'get',
    path: '/coupons/{code}',
    tags: ['Coupons'],
    summary: 'Get a coupon by code or id',
    request: { params: couponParam },
    responses: answers(200, couponSchema, 'The coupon, and how often it was taken'),
  },
  async (c) => c.json(couponToWire(await getCoupon(c, c.req.valid('param').code))),
)

route(
  couponRoutes,
  {
    method: 'patch',
    path: '/coupons/{code}',
    tags: ['Coupons'],
    summary: 'Change a coupon',
    description: 'Its name and metadata. For other terms make another coupon.',
    request: { params: couponParam, body: jsonBody(couponPatchSchema) },
    responses: answers(200, couponSchema, 'The coupon as it is now'),
  },
  async (c) => {
    const before = await getCoupon(c, c.req.valid('param').code)
    const { name = before.name, metadata = before.metadata } = c.req.valid('json')
    return saveCoupon(c, before, { ...before, version: before.version + 1, name, metadata }, 'coupon.updated')
  },
)

route(
  couponRoutes,
  {
    method: 'delete',
    path: '/coupons/{code}',
    tags: ['Coupons'],
    summary: 'Archive a coupon',
    description: 'It is not given any more; the discounts it made go on.',
    request: { params: couponParam },
    responses: answers(200, couponSchema, 'The archived coupon'),
  },
  async (c) => {
    const before = await getCoupon(c, c.req.valid('param').code)
    const archivedAt = before.archivedAt ?? realNow()
    return saveCoupon(c, before, { ...before, version: before.version + 1, archivedAt }, 'coupon.archived')
  },
)

function saveCoupon(c: AppContext, before: Coupon, coupon: Coupon, type: string): Promise<Response> {
  const commitId = newCommitId()
  const ids = idsOfCommit(commitId)
  const body = couponToWire(coupon)
  const event = {
    ...{ type, subjectId: coupon.id, sequence: coupon.version, data: body },
    previous: couponToWire(before),
  }
  const fragments = [couponRows.changed([coupon]), ...eventFragments([eventOf(c, commitId, ids, event)])]
  return commitAndAnswer(c, { id: commitId, cause: type, fragments }, { status: 200, body })
}

async function getCoupon(c: AppContext, codeOrId: string): Promise<Coupon> {
  const id = decodeId('coupon', codeOrId)
  const by = id === null ? { code: codeOrId } : { id }
  const [row] = await couponBy(c.get('database'), c.get('caller').organizationId, by)
  if (row === undefined) throw missing('coupon', codeOrId)
  return couponFrom(row)
}

/** In the order given, each once; unknown codes are named all together. */
async function plansNamed(c: AppContext, codes: readonly string[]): Promise<readonly CouponPlan[]> {
  const rows = await plansCalled(c.get('database'), c.get('caller').organizationId, codes)
  const known = new Map(rows.map((plan) => [plan.code, plan]))
  const unknown = codes.flatMap((code, index) =>
    known.has(code) ? [] : [{ pointer: `/plans/${index}`, detail: `there is no plan with the code ${code}` }],
  )
  if (unknown.length > 0) throw invalidRequest(unknown)
  return [...new Set(codes)].flatMap((code) => known.get(code) ?? [])
}

function codeTaken(code: string): Rejection {
  return {
    code: 'coupon_code_taken',
    detail: `There is a coupon with the code ${code} already.`,
    hint: `See GET /v1/coupons/${code}, or choose another code.`,
    pointer: '/code',
  }
}
