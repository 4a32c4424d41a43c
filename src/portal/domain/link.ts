import type { Id } from '../../kernel/id.ts'
import { DAY_MS, type Instant, instant, plusMs } from '../../kernel/instant.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { LinkTarget } from '../../notifications/domain/link.ts'

export type LinkKind = LinkTarget['kind']

/** What a mailed link lets its holder see and do, without a login, until it ends in real time. */
export type Link<K extends LinkKind = LinkKind> = Extract<LinkTarget, { readonly kind: K }> & {
  readonly expiresAt: Instant
}

/** An invoice waits on a desk for a month's round of payments. The page of an invoice leads to that of the card. */
const lifetimesMs = { pay: 30 * DAY_MS, card: 7 * DAY_MS } as const satisfies Record<LinkKind, number>

export function expiryOf(kind: LinkKind, realNow: Instant): Instant {
  return plusMs(realNow, lifetimesMs[kind])
}

export function pathOf(kind: LinkKind, token: string): string {
  return `/${kind}/${token}`
}

/** Hex digits. Another layout takes another version, and links that are in the mail keep the meaning they had. */
const VERSION = '01'
const codes = { pay: '01', card: '02' } as const satisfies Record<LinkKind, string>
/** Version, kind, organization, id, and the end as milliseconds of six bytes. */
const layout = /^01(0[12])([0-9a-f]{32})([0-9a-f]{32})([0-9a-f]{12})$/
export const LINK_BYTES = 1 + 1 + 16 + 16 + 6

/** The same bytes for the same link. */
export function encodeLink({ kind, organizationId, id, expiresAt }: Link): Uint8Array<ArrayBuffer> {
  invariant(expiresAt >= 0, 'a link ends after 1970')
  const end = expiresAt.toString(16).padStart(12, '0')
  const digits = [VERSION, codes[kind], organizationId.replaceAll('-', ''), id.replaceAll('-', ''), end].join('')
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

/** Null for what is no link of this version and kind. @throws {InvariantViolation} for an end that no link can have. */
export function decodeLink<K extends LinkKind>(bytes: Uint8Array, kind: K): Link<K> | null {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const [, code, organization = '', subject = '', end = ''] = layout.exec(digits) ?? []
  if (code !== codes[kind]) return null
  const expiresAt = instant(Number.parseInt(end, 16))
  return { kind, organizationId: uuid(organization), id: uuid(subject), expiresAt } as Link<K>
}

function uuid<K extends 'organization' | 'invoice' | 'account'>(digits: string): Id<K> {
  const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)]
  return parts.join('-') as Id<K>
}
