import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { accountById, accountFrom } from '../../src/accounts/repository.ts'
import type { Discount } from '../../src/discounts/domain/discount.ts'
import { consume } from '../../src/discounts/domain/discount.ts'
import { redeem } from '../../src/discounts/domain/redeem.ts'
import {
  activeDiscountsOf,
  couponByCode,
  couponFrom,
  couponRows,
  discountFrom,
  discountRows,
} from '../../src/discounts/repository.ts'
import { decodeId, type Id, type IdKind, idsOfCommit } from '../../src/kernel/id.ts'
import { newCommitId, realNow } from '../../src/platform/clock.ts'
import { connect, type DatabaseEnv } from '../../src/platform/db/client.ts'
import { type CommitOutcome, commit } from '../../src/platform/db/commit.ts'
import type { Fragment } from '../../src/platform/db/fragment.ts'
import { body, type Client, type Json, organization } from '../support/client.ts'

const database = connect(env as unknown as DatabaseEnv)

function idIn<K extends IdKind>(kind: K, text: string): Id<K> {
  const id = decodeId(kind, text)
  if (id === null) throw new Error(`${text} is no id`)
  return id
}

/** An organization with one coupon. */
async function given(coupon: Json) {
  const client = await organization()
  body(await client.post('/v1/coupons', { code: 'WELCOME', ...coupon }))
  return { client, organizationId: idIn('organization', client.organization) }
}

async function newAccount(client: Client, organizationId: Id<'organization'>) {
  const { id } = body(
    await client.post('/v1/accounts', { email: 'jane@startup.example', name: 'Jane', currency: 'USD' }),
  )
  const [row] = await accountById(database, organizationId, idIn('account', id))
  if (row === undefined) throw new Error(`account ${id} is not there`)
  return accountFrom(row)
}

type Account = Awaited<ReturnType<typeof newAccount>>

async function couponOf({ organizationId }: Pick<Account, 'organizationId'>) {
  const [row] = await couponByCode(database, organizationId, 'WELCOME')
  if (row === undefined) throw new Error('the coupon is not there')
  return couponFrom(row)
}

/** Decides on the coupon as it is read now; the commit is left for later, so that two can meet. */
async function takes(account: Account): Promise<{ discount: Discount; save: () => Promise<CommitOutcome> }> {
  const coupon = await couponOf(account)
  const commitId = newCommitId()
  const redeemed = redeem(coupon, { account, subscription: null, present: [] }, realNow(), idsOfCommit(commitId))
  if (!redeemed.ok) throw new Error(redeemed.error.detail)
  const { discount, coupon: taken } = redeemed.value
  const save = () => saved(account, [couponRows.redeemed([taken]), discountRows.created([discount])], commitId)
  return { discount, save }
}

function saved(account: Account, fragments: readonly Fragment[], id = newCommitId()): Promise<CommitOutcome> {
  const { organizationId, version } = account
  const guard = { organizationId, accountId: account.id, id: account.id, version }
  return commit(database, {
    ...{ id, organizationId, cause: 'attach_discount', accounts: [guard], subscriptions: [], fragments, mode: 'every' },
  })
}

function activeOf({ organizationId, id }: Account) {
  return activeDiscountsOf(database, sql`(values (${organizationId}::uuid, ${id}::uuid))`)
}

test.each([
  ['a percentage', { percent_off: '12.5', duration: 'periods', periods: 2 }],
  ['an amount', { amount_off: 500, currency: 'USD', duration: 'forever' }],
])('a discount of %s is read as it was written', async (_, coupon) => {
  const { client, organizationId } = await given(coupon)
  const jane = await newAccount(client, organizationId)
  const john = await newAccount(client, organizationId)
  const { discount, save } = await takes(jane)
  expect((await save()).kind).toBe('committed')
  expect((await activeOf(jane)).map(discountFrom)).toEqual([discount])
  expect(await activeOf(john), 'of one account only').toEqual([])
  expect((await couponOf(jane)).redemptions).toBe(1)
})

test('of two who take the last coupon at once one gets it', async () => {
  const { client, organizationId } = await given({ percent_off: '50', max_redemptions: 1 })
  const jane = await newAccount(client, organizationId)
  const john = await newAccount(client, organizationId)
  const both = [await takes(jane), await takes(john)]
  const outcomes = await Promise.all(both.map(({ save }) => save()))
  expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['committed', 'conflict'])
  expect([...(await activeOf(jane)), ...(await activeOf(john))]).toHaveLength(1)
  expect(await couponOf(jane)).toMatchObject({ redemptions: 1, version: 2 })
  await expect(takes(john), 'decided again').rejects.toThrow('1 is the most')
})

test('a used-up discount is not active', async () => {
  const { client, organizationId } = await given({ percent_off: '50' })
  const jane = await newAccount(client, organizationId)
  const { discount, save } = await takes(jane)
  await save()
  const used = { ...consume(discount, realNow()), version: 2 }
  expect((await saved(jane, [discountRows.changed([used])])).kind).toBe('committed')
  expect(await activeOf(jane)).toEqual([])
  expect((await saved(jane, [discountRows.changed([used])])).kind, 'from the version it was read at').toBe('conflict')
})

test('one coupon twice on one account is refused by the database too', async () => {
  const { client, organizationId } = await given({ percent_off: '50' })
  const jane = await newAccount(client, organizationId)
  await (await takes(jane)).save()
  expect(await (await takes(jane)).save()).toEqual({ kind: 'violated', constraint: 'discounts_live_on_account' })
})
