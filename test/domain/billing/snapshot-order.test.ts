import { expect, test } from 'vitest'
import { type SnapshotRows, snapshotsFrom } from '../../../src/billing/snapshot-repository.ts'
import { givenAccount, id } from '../../support/given.ts'

test('accounts are decided by id, in whichever order the database answers', () => {
  const [first, second] = [givenAccount({ id: id('account', 1) }), givenAccount({ id: id('account', 2) })]
  const organization = { id: first.organizationId, settings: {} }
  const rows = [[organization], [second, first], ...Array.from({ length: 16 }, () => [])] as unknown as SnapshotRows
  expect(snapshotsFrom(rows).map(({ account }) => account.id)).toEqual([first.id, second.id])
})
