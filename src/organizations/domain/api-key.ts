import type { Id } from '../../kernel/id.ts'

/** read and write an organization's data · admin: its settings and keys · operate: what is not any one organization's. */
export const scopes = ['read', 'write', 'admin', 'operate'] as const
export type Scope = (typeof scopes)[number]

export type ApiKey = {
  readonly id: Id<'api_key'>
  readonly name: string
  readonly scopes: readonly Scope[]
  /** The last characters of the key, to tell keys apart; the key itself is kept only as a hash. */
  readonly ending: string
}

/** `sk_live_…` or `sk_test_…`: 24 random bytes in base64url. */
export function apiKeyText(mode: 'live' | 'sandbox', random: Uint8Array): string {
  const secret = btoa(String.fromCharCode(...random))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
  return `sk_${mode === 'live' ? 'live' : 'test'}_${secret}`
}
