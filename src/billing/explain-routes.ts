import { z } from '@hono/zod-openapi'
import { explainInvoice } from '../invoices/domain/explain.ts'
import { encodeId, type Id } from '../kernel/id.ts'
import { getOrganization } from '../organizations/repository.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { verifyInvoice } from './domain/verify-invoice.ts'
import { type Derived, findDerived } from './explain-repository.ts'
import { explanationSchema, explanationToWire, verificationSchema, verificationToWire } from './explain-schemas.ts'

/** Where every minor unit of an invoice comes from, and whether it still comes to the same. */
export const explainRoutes = router()

const idParam = z.object({ id: idSchema('invoice') })

route(
  explainRoutes,
  {
    method: 'get',
    path: '/invoices/{id}/explain',
    tags: ['Invoices'],
    summary: 'Explain an invoice, line by line',
    description:
      'The price version, quantity, tiers and part of the period of every line, its value before it was rounded, what each discount took, its taxes, and what credit paid.',
    request: { params: idParam },
    responses: answers(200, explanationSchema, 'The derivation of every line'),
  },
  async (c) => {
    const { invoice, derivation, applications } = await read(c, c.req.valid('param').id)
    return c.json(explanationToWire(invoice, explainInvoice(invoice, derivation), applications))
  },
)

route(
  explainRoutes,
  {
    method: 'post',
    path: '/invoices/{id}/verify',
    tags: ['Invoices'],
    summary: 'Compute an invoice again from what it was made of',
    description:
      'By the functions that made it. Taxes that were computed elsewhere and amounts of coupons are taken as given, and their sums are checked. Nothing is written.',
    request: { params: idParam },
    responses: answers(200, verificationSchema, 'Whether it is identical, and what differs'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { organizationId } = c.get('caller')
    const [{ invoice, derivation }, organization] = await Promise.all([
      read(c, id),
      getOrganization(c.get('database'), organizationId),
    ])
    return c.json(verificationToWire(verifyInvoice(invoice, derivation, organization.settings)))
  },
)

async function read(c: AppContext, id: Id<'invoice'>): Promise<Derived> {
  const derived = await findDerived(c.get('database'), c.get('caller').organizationId, id)
  if (derived === null) throw missing('invoice', encodeId('invoice', id))
  return derived
}
