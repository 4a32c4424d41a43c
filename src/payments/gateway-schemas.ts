import { z } from '@hono/zod-openapi'
import { encodeId } from '../kernel/id.ts'
import { type Instant, toIso } from '../kernel/instant.ts'
import { timeOrNull, timeSchema } from '../platform/http/wire.ts'
import type { GatewayAccount } from './repository.ts'

const name = z.string().trim().min(1).max(100)

const secretKey = z
  .string()
  .regex(/^(sk|rk)_(test|live)_\w{1,250}$/, 'must be a Stripe secret key')
  .openapi({ description: 'Sealed before it is stored; never shown again.' })

export const newGatewayAccountSchema = z
  .strictObject({ kind: z.literal('stripe'), name, secret_key: secretKey })
  .openapi('NewGatewayAccount')

export const gatewayAccountPatchSchema = z
  .strictObject({
    name,
    secret_key: secretKey,
    webhook_secret: z
      .string()
      .regex(/^whsec_\w{1,250}$/, 'must be the signing secret of a Stripe webhook endpoint, whsec_…')
      .nullable()
      .openapi({
        description:
          'Of an endpoint that you made at Stripe yourself. Sealed before it is stored; never shown. null: its webhooks are refused from now on.',
      }),
  })
  .partial()
  .openapi('GatewayAccountPatch')

export const newWebhookSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .optional()
      .openapi({ description: 'Where it leads to `webhook.url` by another way; that address itself by default.' }),
  })
  .openapi('NewGatewayWebhook')

export const gatewayAccountSchema = z
  .object({
    id: z.string(),
    kind: z.literal('stripe'),
    name: z.string(),
    webhook: z.object({
      url: z.string().openapi({ description: 'Where this deployment takes the gateway’s webhooks.' }),
      endpoint: z.string().nullable().openapi({ description: 'The gateway’s id of the endpoint that was made here.' }),
      configured: z
        .boolean()
        .openapi({ description: 'Whether the signing secret is known, so that webhooks are taken.' }),
      last_event_at: timeSchema.nullable(),
    }),
    created_at: timeSchema,
  })
  .openapi('GatewayAccount')

type Shown = Pick<GatewayAccount, 'id' | 'kind' | 'name' | 'webhookEndpoint' | 'webhookSecret' | 'createdAt'> & {
  readonly lastEventAt: Instant | null
}

/** `origin` is the one that the request came to. */
export function gatewayAccountToWire(row: Shown, origin: string): z.output<typeof gatewayAccountSchema> {
  const id = encodeId('gateway_account', row.id)
  return {
    id,
    kind: row.kind,
    name: row.name,
    webhook: {
      url: `${origin}/gateways/stripe/${id}/webhook`,
      endpoint: row.webhookEndpoint,
      configured: row.webhookSecret !== null,
      last_event_at: timeOrNull(row.lastEventAt),
    },
    created_at: toIso(row.createdAt),
  }
}
