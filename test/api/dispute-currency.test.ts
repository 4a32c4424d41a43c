import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { applyNews } from '../../src/billing/gateway-news.ts'
import type { Currency } from '../../src/kernel/currency.ts'
import { decodeId, type Id } from '../../src/kernel/id.ts'
import { connect } from '../../src/platform/db/client.ts'
import type { Env } from '../../src/platform/env.ts'
import { expectSoundBooks } from '../support/books.ts'
import { storesNothing } from '../support/rows.ts'
import { sellingTo } from '../support/selling.ts'
import { listening } from '../support/webhook.ts'

test('a dispute in another currency than its payment is an error that stays, and books nothing', async () => {
  const world = await sellingTo({ test_clock: undefined })
  const gatewayAccount = await listening(world.client)
  const { payment } = await world.jane.subscribes('pro')
  const bindings = env as unknown as Env
  const tell = (currency: string) =>
    applyNews(
      bindings,
      connect(bindings),
    )({
      organizationId: decodeId('organization', world.client.organization) as Id<'organization'>,
      gatewayAccountId: decodeId('gateway_account', gatewayAccount) as Id<'gateway_account'>,
      ...{ kind: 'dispute', gatewayPayment: payment.gateway_payment, currency: currency as Currency },
      news: { gatewayDispute: 'du_1', status: 'open', amount: 9000n, reason: 'fraudulent', evidenceDueAt: null },
    })
  await storesNothing(() => expect(tell('EUR')).rejects.toThrow('du_1 is in EUR, its payment in USD'))
  expect(await tell('USD')).toBe('applied')
  await expectSoundBooks(world)
})
