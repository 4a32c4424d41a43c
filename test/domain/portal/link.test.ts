import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Id } from '../../../src/kernel/id.ts'
import { DAY_MS, type Instant, instant, plusMs } from '../../../src/kernel/instant.ts'
import { InvariantViolation } from '../../../src/kernel/invariant.ts'
import { decodeLink, encodeLink, expiryOf, type Link, type LinkKind, pathOf } from '../../../src/portal/domain/link.ts'
import { linkUrl, readLink, signLink } from '../../../src/portal/link.ts'
import { at, id } from '../../support/given.ts'

const linkKinds = ['pay', 'card'] as const satisfies readonly LinkKind[]
const keys = ['the key of thirty-two bytes here', 'another key of thirty-two bytes.'].map((text) => btoa(text))
const [key = '', otherKey = ''] = keys
const now = at('2026-03-01')
const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']

const payLink: Link<'pay'> = {
  ...{ kind: 'pay', organizationId: id('organization', 1), id: id('invoice', 7), expiresAt: at('2026-03-31') },
}

const uuids = fc.uuid().map((text) => text as Id<'organization'> & Id<'invoice'> & Id<'account'>)
const instants = fc.integer({ min: 1, max: Date.UTC(9999, 11) }).map(instant)
const links = fc
  .record({ kind: fc.constantFrom(...linkKinds), organizationId: uuids, id: uuids, expiresAt: instants })
  .map((link) => link as Link)

function other(kind: LinkKind): LinkKind {
  return kind === 'pay' ? 'card' : 'pay'
}

function justBefore(end: Instant): Instant {
  return instant(end - 1)
}

describe('the bytes of a link', () => {
  test('give the link again, and are the same for the same link', () => {
    fc.assert(
      fc.property(links, (link) => {
        expect(decodeLink(encodeLink(link), link.kind)).toEqual(link)
        expect(encodeLink({ ...link })).toEqual(encodeLink(link))
      }),
    )
  })

  test('of one kind are none of the other', () => {
    fc.assert(
      fc.property(links, (link) => {
        expect(decodeLink(encodeLink(link), other(link.kind))).toBe(null)
      }),
    )
  })

  test('of another version, or cut off, or too long, are no link', () => {
    const bytes = encodeLink(payLink)
    expect(decodeLink(Uint8Array.of(2, ...bytes.slice(1)), 'pay')).toBe(null)
    expect(decodeLink(bytes.slice(0, -1), 'pay')).toBe(null)
    expect(decodeLink(Uint8Array.of(...bytes, 0), 'pay')).toBe(null)
    expect(decodeLink(new Uint8Array(), 'pay')).toBe(null)
  })

  test('hold no end before 1970', () => {
    expect(() => encodeLink({ ...payLink, expiresAt: at('1969-12-31') })).toThrow(InvariantViolation)
  })
})

test('an invoice can be paid for 30 days and a card changed for 7', () => {
  expect(linkKinds.map((kind) => (expiryOf(kind, now) - now) / DAY_MS)).toEqual([30, 7])
})

test('a path says what the page is for', () => {
  expect(linkKinds.map((kind) => pathOf(kind, 'abc'))).toEqual(['/pay/abc', '/card/abc'])
})

test('a mailed address holds the link, for as long as its kind is given', async () => {
  const { kind, organizationId, id: invoice } = payLink
  const making = { sealingKey: key, origin: 'https://billing.example', realNow: now }
  const address = await linkUrl({ kind, organizationId, id: invoice }, making)
  expect(address).toBe(`https://billing.example/pay/${await signLink(key, payLink)}`)
})

describe('a signed link', () => {
  test('stays as it was written once: what is in the mail must open', async () => {
    const head = 'AQEBlFo-fAB6EIAAAAAAAAABAZRaPnwAehCAAAAAAAAABwGdQTCkAL'
    const tail = '52vKb9J48sEJXiDmtsc87jKeDLZ6D_8DXiUqphgrVx'
    expect(await signLink(key, payLink)).toBe(`${head}${tail}`)
  })

  test('is short, goes into a URL as it is, and reads as what was signed', async () => {
    await fc.assert(
      fc.asyncProperty(links, async (link) => {
        const token = await signLink(key, link)
        expect(token).toMatch(/^[A-Za-z0-9_-]{96}$/)
        expect(await signLink(key, { ...link })).toBe(token)
        expect(await readLink(key, token, link.kind, justBefore(link.expiresAt))).toEqual({ ok: true, value: link })
      }),
    )
  })

  test('is refused when any one character is changed', async () => {
    const token = await signLink(key, payLink)
    const changed = [...token].flatMap((was, index) =>
      alphabet
        .filter((character) => character !== was)
        .map((character) => `${token.slice(0, index)}${character}${token.slice(index + 1)}`),
    )
    expect(changed).toHaveLength(96 * 63)
    for (const text of changed) expect(await readLink(key, text, 'pay', now)).toEqual({ ok: false, error: 'invalid' })
  })

  test('is refused when it is cut, lengthened, padded, or something else altogether', async () => {
    const token = await signLink(key, payLink)
    const others = ['', token.slice(0, -1), `${token}A`, `${token}=`, `${token}\n`, ` ${token}`, 'x'.repeat(10_000)]
    for (const text of [...others, `${token.slice(0, -1)}=`, `${token.slice(0, -1)}é`, encodeURIComponent('%00')]) {
      expect(await readLink(key, text, 'pay', now), text).toEqual({ ok: false, error: 'invalid' })
    }
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        expect(await readLink(key, text, 'pay', now)).toEqual({ ok: false, error: 'invalid' })
      }),
    )
  })

  test('of one kind opens no page of the other', async () => {
    await fc.assert(
      fc.asyncProperty(links, async (link) => {
        const read = await readLink(key, await signLink(key, link), other(link.kind), instant(0))
        expect(read).toEqual({ ok: false, error: 'invalid' })
      }),
    )
  })

  test('of another installation is refused, expired or not', async () => {
    const token = await signLink(otherKey, payLink)
    for (const time of [now, payLink.expiresAt]) {
      expect(await readLink(key, token, 'pay', time)).toEqual({ ok: false, error: 'invalid' })
    }
  })

  test("does not open with another one's payload: each signature is for one link", async () => {
    const token = await signLink(key, payLink)
    await fc.assert(
      fc.asyncProperty(links, async (link) => {
        const foreign = await signLink(key, link)
        const read = await readLink(key, foreign.slice(0, 54) + token.slice(54), link.kind, instant(0))
        expect(read).toEqual({ ok: false, error: 'invalid' })
      }),
    )
  })

  test('works until its end and says then that it has expired, unless it was changed', async () => {
    const token = await signLink(key, payLink)
    const changed = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`
    expect(await readLink(key, token, 'pay', justBefore(payLink.expiresAt))).toMatchObject({ ok: true })
    for (const time of [payLink.expiresAt, plusMs(payLink.expiresAt, 365 * DAY_MS)]) {
      expect(await readLink(key, token, 'pay', time)).toEqual({ ok: false, error: 'expired' })
      expect(await readLink(key, changed, 'pay', time)).toEqual({ ok: false, error: 'invalid' })
      expect(await readLink(key, token, 'card', time)).toEqual({ ok: false, error: 'invalid' })
    }
  })
})
