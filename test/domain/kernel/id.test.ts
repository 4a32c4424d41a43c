import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  commitId,
  decodeId,
  encodeId,
  type Id,
  type IdKind,
  idsOfCommit,
  prefixes,
  uuidV7,
} from '../../../src/kernel/id.ts'
import { instant } from '../../../src/kernel/instant.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'

const kinds = Object.keys(prefixes) as readonly IdKind[]
const randomBytes = fc.uint8Array({ minLength: 10, maxLength: 10 })
const instants = fc.integer({ min: 0, max: Date.UTC(9999) }).map(instant)
const commits = fc.tuple(instants, randomBytes).map(([now, random]) => commitId(now, random))

describe('on the wire an id is a TypeID', () => {
  // The specification's own vectors, by way of a known prefix.
  test.each([
    ['01890a5d-ac96-774b-bcce-b302099a8057', 'acct_01h455vb4pex5vsknk084sn02q'],
    ['0188bac7-4afa-78aa-bc3b-bd1eef28d881', 'acct_01h2xcejqtf2nbrexx3vqjhp41'],
  ])('%s is %s', (uuid, text) => {
    expect(encodeId('account', uuid as Id<'account'>)).toBe(text)
    expect(decodeId('account', text)).toBe(uuid)
  })

  test.each([
    ['another kind', 'sub_01h455vb4pex5vsknk084sn02q'],
    ['no prefix', '01h455vb4pex5vsknk084sn02q'],
    ['an upper-case suffix', 'acct_01H455VB4PEX5VSKNK084SN02Q'],
    ['a letter not in the alphabet', 'acct_01h455vb4pex5vsknk084sn02u'],
    ['129 bits', 'acct_8zzzzzzzzzzzzzzzzzzzzzzzzz'],
    ['one character short', 'acct_01h455vb4pex5vsknk084sn02'],
    ['one too long', 'acct_01h455vb4pex5vsknk084sn02q0'],
    ['a character of two bytes', 'acct_01h455vb4pex5vsknk084sn0é'],
    ['a UUID', '01890a5d-ac96-774b-bcce-b302099a8057'],
    ['nothing', ''],
  ])('%s is none of an account', (_name, text) => {
    expect(decodeId('account', text)).toBeNull()
  })

  test('every id of every kind comes back, as its own kind only', () => {
    fc.assert(
      fc.property(commits, fc.constantFrom(...kinds), fc.constantFrom(...kinds), (commit, kind, other) => {
        const id = idsOfCommit(commit)(kind)
        const text = encodeId(kind, id)
        expect(text).toMatch(/^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$/)
        expect(decodeId(kind, text)).toBe(id)
        if (other !== kind) expect(decodeId(other, text)).toBeNull()
      }),
    )
  })

  test('no two kinds share a prefix', () => {
    expect(new Set(Object.values(prefixes)).size).toBe(kinds.length)
  })

  test('ids of two kinds do not mix', () => {
    const id = '01890a5d-ac96-774b-bcce-b302099a8057' as Id<'invoice'>
    // @ts-expect-error an invoice is no account
    expect(encodeId('account', id)).toMatch(/^acct_/)
  })
})

describe('uuidV7', () => {
  test('is RFC 9562’s example', () => {
    // Appendix A.6: 2022-02-22 19:22:22 UTC, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F.
    const random = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
    expect(uuidV7(instant(0x017f22e279b0), random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
  })

  test('always shows its version and variant, and sorts by time', () => {
    fc.assert(
      fc.property(instants, instants, randomBytes, randomBytes, (one, other, random, otherRandom) => {
        const [id, otherId] = [uuidV7(one, random), uuidV7(other, otherRandom)]
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        if (one !== other) expect(id < otherId).toBe(one < other)
      }),
    )
  })

  test('takes ten bytes and a time since 1970', () => {
    expect(() => uuidV7(instant(0), new Uint8Array(16))).toThrow(InvariantViolation)
    expect(() => uuidV7(instant(-1), new Uint8Array(10))).toThrow(InvariantViolation)
  })
})

describe('the ids of a commit', () => {
  const commit = commitId(instant(0x017f22e279b0), new Uint8Array(10).fill(0xff))

  test('count in the low 16 bits, whatever the kind', () => {
    const ids = idsOfCommit(commit)
    expect(commit).toBe('017f22e2-79b0-7fff-bfff-ffffffff0000')
    expect([ids('invoice'), ids('line'), ids('line')]).toEqual([
      '017f22e2-79b0-7fff-bfff-ffffffff0001',
      '017f22e2-79b0-7fff-bfff-ffffffff0002',
      '017f22e2-79b0-7fff-bfff-ffffffff0003',
    ])
  })

  test('are 65,535, no two equal, none the commit’s', () => {
    const ids = idsOfCommit(commit)
    const made = new Set<string>([commit])
    for (let n = 1; n <= 65_535; n += 1) made.add(ids('line'))
    expect(made.size).toBe(65_536)
    expect(() => ids('line')).toThrow(InvariantViolation)
  })

  test('are the same when the decision is repeated', () => {
    fc.assert(
      fc.property(commits, fc.array(fc.constantFrom(...kinds), { maxLength: 50 }), (any, asked) => {
        const [once, again] = [idsOfCommit(any), idsOfCommit(any)]
        expect(asked.map((kind) => once(kind))).toEqual(asked.map((kind) => again(kind)))
      }),
    )
  })

  test('need the id of a commit', () => {
    const other = '017f22e2-79b0-7fff-bfff-ffffffff0001' as Id<'commit'>
    expect(() => idsOfCommit(other)).toThrow(InvariantViolation)
  })
})
