import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { type AppContext, route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { pageOf, pageSchema } from '../platform/http/pagination.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { type LinkTarget, linkTargetOf } from './domain/link.ts'
import { noticeById, noticeFrom, noticePage } from './repository.ts'
import {
  notificationQuerySchema,
  notificationSchema,
  notificationToWire,
  wordedNotificationSchema,
  wordedToWire,
} from './schemas.ts'

/** The signed address of a customer's page. The pages are another room's, downhill: the entry joins them. */
export type LinkMaker = (target: LinkTarget, c: AppContext) => Promise<string>

export function notificationRoutes(linkMaker: LinkMaker) {
  const routes = router()

  route(
    routes,
    {
      method: 'get',
      path: '/notifications',
      tags: ['Notifications'],
      summary: 'List what customers were told',
      request: { query: notificationQuerySchema },
      responses: answers(200, pageSchema(notificationSchema, 'Notification'), 'A page of notifications, newest first'),
    },
    async (c) => {
      const { account, kind, invoice, ...page } = c.req.valid('query')
      const filter = { account, kind, invoice }
      const rows = await noticePage(c.get('database'), c.get('caller').organizationId, filter, page)
      return c.json(pageOf(rows, page, (row) => notificationToWire(noticeFrom(row), row)))
    },
  )

  route(
    routes,
    {
      method: 'get',
      path: '/notifications/{id}',
      tags: ['Notifications'],
      summary: 'Get a notification as the customer reads it',
      description: 'Its link is there for keys that may write: whoever has it may use it.',
      request: { params: z.object({ id: idSchema('notification') }) },
      responses: answers(200, wordedNotificationSchema, 'The notification, worded now'),
    },
    async (c) => {
      const { id } = c.req.valid('param')
      const [row] = await noticeById(c.get('database'), c.get('caller').organizationId, id)
      if (row === undefined) throw missing('notification', encodeId('notification', id))
      const notice = noticeFrom(row)
      const target = linkTargetOf(notice)
      // Whoever has the link may pay by it: that is more than to read.
      const mayPay = c.get('caller').scopes.includes('write')
      const link = target === null || !mayPay ? null : await linkMaker(target, c)
      return c.json(wordedToWire(notice, { seller: row.seller, zone: row.zone, link }))
    },
  )

  return routes
}
