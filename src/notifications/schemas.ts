import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { pageQuery } from '../platform/http/pagination.ts'
import { idSchema, optionalId, timeSchema } from '../platform/http/wire.ts'
import { htmlOf, textOf } from './domain/letter.ts'
import { type Notice, noticeKinds } from './domain/notice.ts'
import { type About, wordsOf } from './domain/words.ts'

export const notificationQuerySchema = z.strictObject({
  ...pageQuery,
  account: idSchema('account').optional(),
  kind: z.enum(noticeKinds).optional(),
  invoice: idSchema('invoice').optional(),
})

const recipientSchema = z.object({ name: z.string(), email: z.string() }).openapi('Recipient')

export const notificationSchema = z
  .object({
    id: z.string(),
    account: z.string(),
    kind: z.enum(noticeKinds),
    invoice: z.string().nullable(),
    payment: z.string().nullable(),
    to: recipientSchema.openapi({ description: 'As the account was when it was told.' }),
    subject: z.string(),
    created_at: timeSchema,
  })
  .openapi('Notification')

export const wordedNotificationSchema = notificationSchema
  .extend({
    text: z.string().openapi({ description: 'The mail without markup.' }),
    html: z.string().openapi({ description: 'The same as HTML that fetches nothing.' }),
    link: z.string().nullable().openapi({
      description: 'Where the customer pays or changes the card; signed, and good for some days from now.',
    }),
  })
  .openapi('WordedNotification')

export function notificationToWire(notice: Notice, about: Omit<About, 'link'>): z.output<typeof notificationSchema> {
  return shown(notice, wordsOf(notice, { ...about, link: null }).subject)
}

export function wordedToWire(notice: Notice, about: About): z.output<typeof wordedNotificationSchema> {
  const words = wordsOf(notice, about)
  return { ...shown(notice, words.subject), text: textOf(words), html: htmlOf(words), link: about.link }
}

function shown(notice: Notice, subject: string): z.output<typeof notificationSchema> {
  const { name, email } = notice.facts.to
  return {
    id: encodeId('notification', notice.id),
    account: encodeId('account', notice.accountId),
    kind: notice.kind,
    invoice: optionalId('invoice', notice.invoiceId),
    payment: optionalId('payment', notice.paymentId),
    to: { name, email },
    subject,
    created_at: toIso(notice.createdAt),
  }
}
