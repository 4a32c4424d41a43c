import { NeonDbError } from '@neondatabase/serverless'
import { describe, expect, test } from 'vitest'
import type { Database } from '../../../src/platform/db/client.ts'
import { type CommitRequest, commit } from '../../../src/platform/db/commit.ts'
import { OutcomeUnknown } from '../../../src/platform/db/fault.ts'
import { at, id } from '../../support/given.ts'

type Query = { readonly text: string; readonly parameters: readonly unknown[] }
type Answer = NeonDbError | Record<string, unknown>

/** A database that answers each transaction with the next of these, and keeps what it was sent. */
function answering(...answers: readonly Answer[]) {
  const sent: Query[][] = []
  const asked: Query[] = []
  const next = answers.values()
  const http = {
    query: (text: string, parameters: readonly unknown[]) => {
      const query = { text, parameters }
      return Object.assign(Promise.resolve({ rows: [{ winners: [id('account', 2)], late: null }] }), query)
    },
    transaction: async (queries: readonly Query[]) => {
      sent.push(queries.map(({ text, parameters }) => ({ text, parameters })))
      const answer = next.next().value
      if (answer instanceof NeonDbError) throw answer
      return [{ rows: [] }, { rows: [answer] }]
    },
  }
  return { sent, asked, database: { http, orm: null } as unknown as Database }
}

function refused(code: string | undefined, constraint?: string): NeonDbError {
  return Object.assign(new NeonDbError('refused'), { code, constraint })
}

const account = id('account', 2)
const request: CommitRequest = {
  ...{ id: id('commit', 77), organizationId: id('organization', 1), cause: 'test', mode: 'every', subscriptions: [] },
  accounts: [{ organizationId: id('organization', 1), accountId: account, id: account, version: 3 }],
  fragments: [
    { name: 'new_things', rows: [{ a: 1 }], statement: (parameter) => `insert into things select from ${parameter}` },
    { name: 'new_nothing', rows: [], statement: () => 'must not be there' },
  ],
}
const key = { key: 'k', fingerprint: 'f', at: at('2026-01-31'), answer: { status: 201, body: '{}' }, resume: null }
const done = { winners: [account], late: null }

describe('a commit', () => {
  test('is one transaction: its own row, the key, the locks, then one statement', async () => {
    const { sent, database } = answering(done)
    expect(await commit(database, { ...request, idempotency: key })).toEqual({
      kind: 'committed',
      winners: new Set([account]),
      late: {},
    })
    const [statements = []] = sent
    expect(statements.map(({ text }) => text.split(/\s/).slice(0, 3).join(' '))).toEqual([
      ...['insert into commits', 'insert into idempotency_keys', 'select id from', 'with winners as'],
    ])
    expect(statements[0]?.parameters.slice(0, 3)).toEqual([request.id, request.organizationId, 'test'])
    expect(statements[2]?.text).toMatch(/order by id for update$/)
    const writes = statements[3]?.text ?? ''
    expect(writes).toContain('new_things as (insert into things select from $2)')
    expect(writes).not.toContain('must not be there')
    expect(writes).toContain('commit_must_win(1, ((select count(*) from winners))::integer)')
  })

  test('without accounts or a key is two statements', async () => {
    const { sent, database } = answering({ winners: null, late: null })
    expect(await commit(database, { ...request, accounts: [] })).toMatchObject({
      kind: 'committed',
      winners: new Set(),
    })
    expect(sent[0]).toHaveLength(2)
  })

  test.each([
    ['a guard was lost', refused('PB001'), { kind: 'conflict' }],
    ['the key is taken', refused('23505', 'idempotency_keys_pkey'), { kind: 'replayed' }],
    ['a constraint refused it', refused('23505', 'billed_once'), { kind: 'violated', constraint: 'billed_once' }],
    [
      'it is there already',
      refused('23505', 'commits_pkey'),
      { kind: 'committed', winners: new Set([account]), late: {} },
    ],
  ])('says when %s, and does not try again', async (_, error, outcome) => {
    const { sent, database } = answering(error)
    expect(await commit(database, request)).toEqual(outcome)
    expect(sent).toHaveLength(1)
  })

  test.each([
    ['no answer', undefined],
    ['a shutdown', '57P01'],
    ['a lost connection', '08006'],
    ['too many connections', '53300'],
    ['a deadlock', '40P01'],
    ['a serialization failure', '40001'],
  ])('after %s sends the same bytes again', async (_, code) => {
    const { sent, database } = answering(refused(code), refused(code), done)
    expect(await commit(database, request)).toMatchObject({ kind: 'committed' })
    expect(sent).toHaveLength(3)
    expect(sent[1]).toEqual(sent[0])
    expect(sent[2]).toEqual(sent[0])
  })

  test('three times at most: then nothing is known', async () => {
    const { sent, database } = answering(refused(undefined), refused(undefined), refused(undefined), done)
    await expect(commit(database, request)).rejects.toBeInstanceOf(OutcomeUnknown)
    expect(sent).toHaveLength(3)
  })

  test.each(['42703', '22P02', 'PB999'])('that is a bug (%s) is thrown at once', async (code) => {
    const { sent, database } = answering(refused(code), done)
    await expect(commit(database, request)).rejects.toThrow('refused')
    expect(sent).toHaveLength(1)
  })
})
