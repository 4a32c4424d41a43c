import { z } from '@hono/zod-openapi'
import { accountById } from '../accounts/repository.ts'
import { encodeId } from '../kernel/id.ts'
import { route, router } from '../platform/http/app.ts'
import { missing } from '../platform/http/commit.ts'
import { pageOf, pageQuery, pageSchema } from '../platform/http/pagination.ts'
import { answers } from '../platform/http/responses.ts'
import { idSchema } from '../platform/http/wire.ts'
import { ledgerPage, trialBalanceOf } from './repository.ts'
import { entryToWire, ledgerEntrySchema, trialBalanceSchema, trialBalanceToWire } from './schemas.ts'

export const ledgerRoutes = router()

route(
  ledgerRoutes,
  {
    method: 'get',
    path: '/accounts/{id}/ledger',
    tags: ['Ledger'],
    summary: 'The ledger entries of an account',
    request: { params: z.object({ id: idSchema('account') }), query: z.strictObject(pageQuery) },
    responses: answers(200, pageSchema(ledgerEntrySchema, 'LedgerEntry'), 'A page of entries, newest first'),
  },
  async (c) => {
    const { id } = c.req.valid('param')
    const page = c.req.valid('query')
    const database = c.get('database')
    const { organizationId } = c.get('caller')
    const [[account], rows] = await database.orm.batch([
      accountById(database, organizationId, id),
      ledgerPage(database, organizationId, id, page),
    ])
    if (account === undefined) throw missing('account', encodeId('account', id))
    return c.json(pageOf(rows, page, entryToWire))
  },
)

route(
  ledgerRoutes,
  {
    method: 'get',
    path: '/ledger/trial_balance',
    tags: ['Ledger'],
    summary: 'The trial balance of the organization',
    description: 'Debits equal credits in every currency, always.',
    responses: answers(200, trialBalanceSchema, 'Debits and credits by ledger account and currency'),
  },
  async (c) => c.json(trialBalanceToWire(await trialBalanceOf(c.get('database'), c.get('caller').organizationId))),
)
