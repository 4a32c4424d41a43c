import type { Id } from '../../kernel/id.ts'

/** read and write an organization's data · admin: its settings and keys · operate: what is not any one organization's. */
export const scopes = ['read', 'write', 'admin', 'operate'] as const
/** usage: writes usage events and nothing else; all that a publishable key may do. */
export type Scope = (typeof scopes)[number] | 'usage'

/** secret: a server's own · publishable: in the source of web pages, for everybody to see. */
export const keyKinds = ['secret', 'publishable'] as const
export type KeyKind = (typeof keyKinds)[number]

export type ApiKey = {
  readonly id: Id<'api_key'>
  readonly name: string
  readonly scopes: readonly Scope[]
  /** The web pages a publishable key is for; null of a secret key. */
  readonly origins: readonly string[] | null
  /** The last characters of the key, to tell keys apart; the key itself is kept only as a hash. */
  readonly ending: string
}

/** `sk_live_…`, `sk_test_…`, or a publishable `pk_…`: 24 random bytes in base64url. */
export function apiKeyText(mode: 'live' | 'sandbox', random: Uint8Array, kind: KeyKind = 'secret'): string {
  const secret = btoa(String.fromCharCode(...random))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
  return `${kind === 'secret' ? 'sk' : 'pk'}_${mode === 'live' ? 'live' : 'test'}_${secret}`
}

/** `https://app.example`, as browsers write it; or `*`, all pages and whatever is none. */
export function isOrigin(text: string): boolean {
  if (text === '*') return true
  const url = /^https?:\/\/[^*]+$/.test(text) ? URL.parse(text) : null
  return url?.origin === text
}
