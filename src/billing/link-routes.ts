import { z } from '@hono/zod-openapi'
import { getAccount } from '../accounts/routes.ts'
import { invoiceById } from '../invoices/repository.ts'
import { encodeId, type Id } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import type { LinkTarget } from '../notifications/domain/link.ts'
import { realNow } from '../platform/clock.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { Problem } from '../platform/http/problem.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema, timeSchema } from '../platform/http/wire.ts'
import { expiryOf } from '../portal/domain/link.ts'
import { linkUrl } from '../portal/link.ts'

/** Signed links to the customer's pages. */
export const linkRoutes = router()

const linkSchema = z
  .object({
    url: z
      .string()
      .openapi({ description: 'Whoever has it may use it, until it expires: send it to the customer only.' }),
    expires_at: timeSchema,
  })
  .openapi('PaymentLink')

route(
  linkRoutes,
  {
    method: 'post',
    path: '/accounts/{id}/payment_link',
    tags: ['Accounts'],
    summary: 'Make a link where the customer gives a new card',
    description:
      'The card becomes the default, and everything that is owed is charged to it at once. It works for 7 days.',
    request: { params: z.object({ id: idSchema('account') }) },
    responses: answers(201, linkSchema, 'The link'),
  },
  async (c) => {
    const { account } = await getAccount(c, c.req.valid('param').id)
    return c.json(await linkTo(c, { kind: 'card', organizationId: account.organizationId, id: account.id }), 201)
  },
)

route(
  linkRoutes,
  {
    method: 'post',
    path: '/invoices/{id}/payment_link',
    tags: ['Invoices'],
    summary: 'Make a link where the customer pays an invoice',
    description: 'With a card that is on file or a new one, the bank’s question included. It works for 30 days.',
    request: { params: z.object({ id: idSchema('invoice') }) },
    responses: answers(201, linkSchema, 'The link'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const { organizationId } = c.get('caller')
    const [invoice] = await invoiceById(c.get('database'), organizationId, id)
    if (invoice === undefined) throw missing('invoice', encodeId('invoice', id))
    if (invoice.status !== 'open') throw notOpen(id)
    return c.json(await linkTo(c, { kind: 'pay', organizationId, id }), 201)
  },
)

/** A link that begins to live now. */
export async function linkTo(c: AppContext, target: LinkTarget): Promise<z.output<typeof linkSchema>> {
  const now = realNow()
  const { origin } = new URL(c.req.url)
  const url = await linkUrl(target, { sealingKey: c.env.SEALING_KEY, origin, realNow: now })
  return { url, expires_at: toIso(expiryOf(target.kind, now)) }
}

function notOpen(id: Id<'invoice'>): Problem {
  return new Problem('invoice_not_open', {
    detail: `Invoice ${encodeId('invoice', id)} is not open: nothing is owed on it.`,
    hint: 'A draft is finalised first; what is paid, void or given up needs no link.',
  })
}
