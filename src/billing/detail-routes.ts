import { z } from '@hono/zod-openapi'
import { accountById, accountFrom, methodFrom, methodsOf } from '../accounts/repository.ts'
import { accountToWire } from '../accounts/schemas.ts'
import { creditBalanceOf } from '../credits/repository.ts'
import { activeDiscountsOf, discountFrom } from '../discounts/repository.ts'
import { discountToWire } from '../discounts/schemas.ts'
import { encodeId } from '../kernel/id.ts'
import { realNow } from '../platform/clock.ts'
import { route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { subscriptionById, subscriptionFrom } from '../subscriptions/repository.ts'
import { subscriptionToWire } from '../subscriptions/schemas.ts'
import { accountDetailSchema, subscriptionDetailSchema } from './schemas.ts'
import { theAccount, theAccountOf } from './snapshot-repository.ts'

/** One account or subscription with what the features downhill of it know: its credit and its discounts. */
export const detailRoutes = router()

route(
  detailRoutes,
  {
    method: 'get',
    path: '/accounts/{id}',
    tags: ['Accounts'],
    summary: 'Get an account with its payment methods, credit balance and discounts',
    request: { params: z.object({ id: idSchema('account') }) },
    responses: answers(200, accountDetailSchema, 'The account'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const [[row], methods, [balance], discounts] = await database.orm.batch([
      accountById(database, organizationId, id),
      methodsOf(database, organizationId, [id]),
      creditBalanceOf(database, organizationId, id, realNow()),
      activeDiscountsOf(database, theAccount(organizationId, id)),
    ])
    if (row === undefined || balance === undefined) throw missing('account', encodeId('account', id))
    const own = discounts.filter(({ subscriptionId }) => subscriptionId === null)
    return c.json({
      ...accountToWire(accountFrom(row), methods.map(methodFrom)),
      credit_balance: Number(balance.available),
      discounts: own.map(discountFrom).map(discountToWire),
    })
  },
)

route(
  detailRoutes,
  {
    method: 'get',
    path: '/subscriptions/{id}',
    tags: ['Subscriptions'],
    summary: 'Get a subscription with its discounts',
    request: { params: z.object({ id: idSchema('subscription') }) },
    responses: answers(200, subscriptionDetailSchema, 'The subscription'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const [[row], discounts] = await database.orm.batch([
      subscriptionById(database, organizationId, id),
      activeDiscountsOf(database, theAccountOf('subscriptions', organizationId, id)),
    ])
    if (row === undefined) throw missing('subscription', encodeId('subscription', id))
    const own = discounts.filter(({ subscriptionId }) => subscriptionId === id)
    return c.json({
      ...subscriptionToWire(subscriptionFrom(row)),
      discounts: own.map(discountFrom).map(discountToWire),
    })
  },
)
