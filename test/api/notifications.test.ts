import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { decodeId, encodeId, type Id, type IdKind, idsOfCommit } from '../../src/kernel/id.ts'
import type { Notice } from '../../src/notifications/domain/notice.ts'
import { noticeRows } from '../../src/notifications/repository.ts'
import { newCommitId } from '../../src/platform/clock.ts'
import { connect, type DatabaseEnv } from '../../src/platform/db/client.ts'
import { commit } from '../../src/platform/db/commit.ts'
import { body, type Client, type Json, organization } from '../support/client.ts'
import { at, id, USD } from '../support/given.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { refusedBy, sql } from '../support/sql.ts'
import { newWorld } from '../support/world.ts'

const facts: Notice['facts'] = {
  ...{ to: { name: 'Jane', email: 'jane@startup.example' }, currency: USD, amount: '9007199254740991' },
  ...{ invoices: ['JANE-0001'], dueAt: at('2026-02-04T00:00:00Z'), nextAttemptAt: at('2026-02-06T02:00:00Z') },
  ...{ blockedAt: null, method: { brand: 'visa', last4: '4242' }, decline: 'stolen_card' },
}

/** Tells an account something in a commit of its own; answers the notice's id. */
async function tells(client: Client, account: string, about: Partial<Notice> = {}): Promise<string> {
  const [organizationId, accountId] = [idIn('organization', client.organization), idIn('account', account)]
  const commitId = newCommitId()
  const notice: Notice = {
    ...{ organizationId, id: idsOfCommit(commitId)('notification'), accountId, kind: 'payment_failed' },
    ...{ invoiceId: null, paymentId: null, facts, createdAt: at('2026-02-03T12:00:00Z') },
    ...about,
  }
  const [row] = await sql('select version from accounts where id = $1', accountId)
  const { kind } = await commit(connect(env as unknown as DatabaseEnv), {
    ...{ id: commitId, organizationId, cause: 'test', subscriptions: [], mode: 'every' },
    accounts: [{ organizationId, accountId, id: accountId, version: row?.version }],
    fragments: [noticeRows([notice])],
  })
  expect(kind).toBe('committed')
  return encodeId('notification', notice.id)
}

function idIn<K extends IdKind>(kind: K, text: string): Id<K> {
  const found = decodeId(kind, text)
  if (found === null) throw new Error(`${text} is no ${kind}`)
  return found
}

/** Jane in a new organization with an invoice on terms, which she is not told of. */
async function jane() {
  const { client, account } = await newWorld()
  const customer = await account({ card: null, collection: 'invoice' })
  const { id: invoice } = await customer.isBilled({ Work: '4900' })
  return { client, account: customer.id, invoice: invoice as string, invoiceId: idIn('invoice', invoice) }
}

const idsIn = async (client: Client, query: string) =>
  body(await client.get(`/v1/notifications?${query}`)).data.map(({ id }: Json) => id)

describe('FR-084 FR-065 what a customer was told', () => {
  test('is shown as the customer reads it, with the link that it leads to', async () => {
    const { client, account, invoice, invoiceId } = await jane()
    const told = await tells(client, account, { invoiceId })
    const seller = body(await client.get('/v1/settings')).name
    const shown = {
      ...{ id: told, account, kind: 'payment_failed', created_at: '2026-02-03T12:00:00Z' },
      ...{ invoice, payment: null },
      to: { name: 'Jane', email: 'jane@startup.example' },
      subject: `Your payment to ${seller} did not go through`,
    }
    expect(body(await client.get('/v1/notifications')).data).toEqual([shown])
    const whole = body(await client.get(`/v1/notifications/${told}`))
    expect(whole).toEqual({
      ...{ ...shown, link: expect.stringMatching(/^https?:\/\/[^/]+\/card\/\S+$/) },
      text: expect.stringMatching(/^Hello Jane,\n\nWe could not collect your payment of \$90,071,992,547,409\.91 for /),
      html: expect.stringMatching(/^<!doctype html>/),
    })
    expect(whole.text).toContain(`Update your card: ${whole.link}\n`)
    expect(whole.html).toContain(`href="${whole.link}"`)
    expect(whole.text).not.toMatch(/stolen/)
  })

  test('leads to the invoice where one is to be paid, and nowhere where nothing is to be done', async () => {
    const { client, account, invoice, invoiceId } = await jane()
    const reminder = await tells(client, account, { kind: 'payment_reminder', invoiceId })
    const receipt = await tells(client, account, { kind: 'payment_receipt', invoiceId })
    expect(body(await client.get(`/v1/notifications/${reminder}`)).link).toMatch(/\/pay\/\S+$/)
    expect(body(await client.get(`/v1/notifications/${receipt}`))).toMatchObject({
      ...{ link: null, payment: null, invoice },
      text: expect.not.stringContaining('http'),
    })
  })

  test('is worded when it is read: in days of the account’s zone of today', async () => {
    const { client, account } = await jane()
    const told = await tells(client, account)
    const text = async () => body(await client.get(`/v1/notifications/${told}`)).text
    expect(await text()).toContain('again on 6 Feb 2026.')
    body(await client.patch(`/v1/accounts/${account}`, { timezone: 'America/New_York' }))
    expect(await text()).toContain('again on 5 Feb 2026.')
  })
})

describe('the list', () => {
  test('is filtered by account, kind and invoice', async () => {
    const { client, account: first, invoice, invoiceId } = await jane()
    const { id: second } = body(await client.post('/v1/accounts', { email: 'ann@startup.example', name: 'Ann' }))
    const failed = await tells(client, first)
    const paid = await tells(client, first, { kind: 'payment_receipt', invoiceId })
    const other = await tells(client, second, { kind: 'payment_receipt' })
    expect(await idsIn(client, '')).toEqual([other, paid, failed])
    expect(await idsIn(client, `account=${first}`)).toEqual([paid, failed])
    expect(await idsIn(client, 'kind=payment_receipt')).toEqual([other, paid])
    expect(await idsIn(client, `invoice=${invoice}`)).toEqual([paid])
    expect(await idsIn(client, `account=${second}&invoice=${invoice}`)).toEqual([])
    expect(await idsIn(client, `account=${first}&kind=payment_failed&limit=1`)).toEqual([failed])
  })

  test('FR-128 refuses a kind that is none, and what is no id', async () => {
    const { client } = await jane()
    for (const [query, pointer] of [
      ['kind=refunded', '/kind'],
      ['account=jane', '/account'],
      ['invoice=acct_1', '/invoice'],
    ]) {
      expectProblem(await client.get(`/v1/notifications?${query}`), 422, 'invalid_request', pointsAt(pointer ?? ''))
    }
  })
})

describe('invariant 10: a notification', () => {
  test('is its organization’s only', async () => {
    const { client, account, invoice, invoiceId } = await jane()
    const told = await tells(client, account, { invoiceId })
    const stranger = await organization()
    expectProblem(await stranger.get(`/v1/notifications/${told}`), 404, 'not_found')
    expect(await idsIn(stranger, '')).toEqual([])
    expect(await idsIn(stranger, `account=${account}`)).toEqual([])
    expect(await idsIn(stranger, `invoice=${invoice}`)).toEqual([])
    const moved = 'update notifications set organization_id = $1 where id = $2'
    const [organizationId, notice] = [idIn('organization', stranger.organization), idIn('notification', told)]
    expect(await refusedBy(moved, organizationId, notice)).toBe('notifications_account')
  })

  test('that is not there is not found', async () => {
    const { client } = await jane()
    const nowhere = encodeId('notification', id('notification', 1))
    expectProblem(await client.get(`/v1/notifications/${nowhere}`), 404, 'not_found')
  })
})

test('the database refuses a kind that has no words', async () => {
  const { client, account } = await jane()
  await tells(client, account)
  expect(await refusedBy(`update notifications set kind = 'refunded'`)).toBe('notifications_kind')
})

test('of an account that lost its race nothing is written', async () => {
  const { client, account } = await jane()
  const [organizationId, accountId] = [idIn('organization', client.organization), idIn('account', account)]
  const commitId = newCommitId()
  const notice: Notice = {
    ...{ organizationId, id: idsOfCommit(commitId)('notification'), accountId, kind: 'payment_receipt' },
    ...{ invoiceId: null, paymentId: null, facts, createdAt: at('2026-02-03') },
  }
  const outcome = await commit(connect(env as unknown as DatabaseEnv), {
    ...{ id: commitId, organizationId, cause: 'test', subscriptions: [], mode: 'winners' },
    accounts: [{ organizationId, accountId, id: accountId, version: 99 }],
    fragments: [noticeRows([notice])],
  })
  expect(outcome).toMatchObject({ kind: 'committed', winners: new Set() })
  expect(await idsIn(client, '')).toEqual([])
})
