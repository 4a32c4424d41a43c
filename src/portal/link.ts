import type { Instant } from '../kernel/instant.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import type { LinkTarget } from '../notifications/domain/link.ts'
import { fromBase64, toBase64 } from '../platform/seal.ts'
import { decodeLink, encodeLink, expiryOf, LINK_BYTES, type Link, type LinkKind, pathOf } from './domain/link.ts'

type Making = {
  readonly sealingKey: string
  /** Where we are reached: `https://billing.example`. */
  readonly origin: string
  readonly realNow: Instant
}

/** The address that is mailed. */
export async function linkUrl(target: LinkTarget, { sealingKey, origin, realNow }: Making): Promise<string> {
  const token = await signLink(sealingKey, { ...target, expiresAt: expiryOf(target.kind, realNow) })
  return new URL(pathOf(target.kind, token), origin).href
}

/** `sealingKey`: 32 bytes in base64. The same link makes the same token. */
export async function signLink(sealingKey: string, link: Link): Promise<string> {
  const payload = encodeLink(link)
  const signature = await crypto.subtle.sign('HMAC', await keyOf(sealingKey), payload)
  return toBase64(new Uint8Array([...payload, ...new Uint8Array(signature)]))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

/** `expired` is said only of a link that we made: to everyone else all are `invalid`. */
export async function readLink<K extends LinkKind>(
  sealingKey: string,
  token: string,
  kind: K,
  now: Instant,
): Promise<Result<Link<K>, 'invalid' | 'expired'>> {
  if (!wellFormed.test(token)) return err('invalid')
  const bytes = fromBase64(token.replaceAll('-', '+').replaceAll('_', '/'))
  const payload = bytes.subarray(0, LINK_BYTES)
  const key = await keyOf(sealingKey)
  if (!(await crypto.subtle.verify('HMAC', key, bytes.subarray(LINK_BYTES), payload))) return err('invalid')
  const link = decodeLink(payload, kind)
  if (link === null) return err('invalid')
  return now < link.expiresAt ? ok(link) : err('expired')
}

/** 40 bytes and the 32 of SHA-256 are 96 characters without padding or spare bits: one link has one spelling. */
const wellFormed = /^[\w-]{96}$/

const hmac = { name: 'HMAC', hash: 'SHA-256', length: 256 } as const

/** A key of its own, so that a signature says nothing of what else SEALING_KEY protects. */
async function keyOf(sealingKey: string) {
  const sealing = await crypto.subtle.importKey('raw', fromBase64(sealingKey), 'HKDF', false, ['deriveKey'])
  const info = new TextEncoder().encode('perennial: links to the pages of customers')
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  return crypto.subtle.deriveKey(derivation, sealing, hmac, false, ['sign', 'verify'])
}
