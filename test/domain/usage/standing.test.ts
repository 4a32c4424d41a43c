import { expect, test } from 'vitest'
import { faultsIn } from '../../../src/usage/domain/standing.ts'

const told = { acknowledged: 10, flushed: 7, pending: 3 }
const stored = { shard: 0, flushed: 7, inserted: 5, duplicates: 1, setAside: 1 }

function faults(about: { before?: object; after?: object; stored?: object; usage?: object } = {}): readonly string[] {
  const shard = {
    ...{ shard: 0, before: { ...told, ...about.before }, after: { ...told, ...about.after } },
    stored: { ...stored, ...about.stored },
  }
  return faultsIn([shard], { rows: 5, setAside: 1, ...about.usage })
}

test.each([
  ['all is counted once', {}, []],
  ['the database is ahead by an answer that was lost', { stored: { flushed: 9, inserted: 7 }, usage: { rows: 7 } }, []],
  [
    'more comes meanwhile',
    { after: { acknowledged: 12 }, stored: { flushed: 12, inserted: 10 }, usage: { rows: 10 } },
    [],
  ],
])('it is in balance: %s', (_, about, expected) => {
  expect(faults(about)).toEqual(expected)
})

test.each([
  [
    'an event was forgotten',
    { before: { pending: 2 } },
    /acknowledged 10 events, of which 7 are flushed and 2 pending/,
  ],
  ['a flush is not there', { stored: { flushed: 6 } }, /flushed 7 events, and the database has 6/],
  ['an object has lost its storage', { after: { acknowledged: 3 } }, /acknowledged 3 events, and the database has 7/],
  ['a row is gone', { usage: { rows: 4 } }, /5 events were inserted, and there are 4/],
  ['what was set aside is gone', { usage: { setAside: 0 } }, /1 events were set aside, and there are 0/],
])('it is not: %s', (_, about, expected) => {
  expect(faults(about)).toEqual([expect.stringMatching(expected)])
})
