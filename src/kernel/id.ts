import { fromUUID } from 'typeid-js'
import type { Brand } from './brand.ts'
import type { Instant } from './instant.ts'
import { invariant } from './invariant.ts'

/** Every kind of thing that has an id, and what its id begins with on the wire. */
export const prefixes = {
  organization: 'org',
  api_key: 'key',
  account: 'acct',
  payment_method: 'pm',
  plan: 'plan',
  plan_version: 'pver',
  metric: 'met',
  subscription: 'sub',
  reservation: 'rsv',
  usage_report: 'urep',
  invoice: 'inv',
  line: 'line',
  credit_note: 'cn',
  coupon: 'coup',
  discount: 'disc',
  credit: 'cred',
  credit_application: 'capp',
  payment: 'pay',
  attempt: 'att',
  refund: 'ref',
  dispute: 'dp',
  difference: 'diff',
  notification: 'ntf',
  event: 'evt',
  commit: 'cmt',
  ledger_entry: 'led',
  gateway_account: 'gwa',
  test_clock: 'clock',
  billing_run: 'run',
  dead_letter: 'dead',
  request: 'req',
} as const

export type IdKind = keyof typeof prefixes

/** The lower-case text of a UUID, as Postgres prints it; the prefix is added at the wire. */
export type Id<K extends IdKind> = Brand<string, K>

/** Makes the ids of one commit, in the order they are asked for. */
export type IdSource = <K extends IdKind>(kind: K) => Id<K>

/** The TypeID on the wire: `acct_01h455vb4pex5vsknk084sn02q`. */
export function encodeId<K extends IdKind>(kind: K, id: Id<NoInfer<K>>): string {
  return fromUUID(id, prefixes[kind])
}

/** The id in a TypeID, or null when it is none of that kind: another prefix, alphabet or length, or beyond 128 bits. */
export function decodeId<K extends IdKind>(kind: K, text: string): Id<K> | null {
  const prefix = `${prefixes[kind]}_`
  const suffix = text.slice(prefix.length)
  if (!text.startsWith(prefix) || !typeIdSuffix.test(suffix)) return null
  // 130 bits, of which the first two are zero: one byte, then six times twenty bits. By hand, since every event has an id.
  let digits = hex(bitsOf(suffix, 0, 2), 2)
  for (let from = 2; from < suffix.length; from += 4) digits += hex(bitsOf(suffix, from, from + 4), 5)
  return dashed(digits) as Id<K>
}

const typeIdSuffix = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/
/** Crockford's base 32. */
const bitsOfDigit = new Map([...'0123456789abcdefghjkmnpqrstvwxyz'].map((digit, value) => [digit.charCodeAt(0), value]))

function bitsOf(digits: string, from: number, to: number): number {
  let bits = 0
  for (let at = from; at < to; at++) bits = bits * 32 + (bitsOfDigit.get(digits.charCodeAt(at)) ?? 0)
  return bits
}

/** RFC 9562 version 7: 48 bits of milliseconds, then 74 of the ten random bytes, so that ids sort by time. */
export function uuidV7(now: Instant, random: Uint8Array): string {
  invariant(now >= 0, 'a UUID of version 7 counts from 1970')
  invariant(random.length === 10, `a UUID of version 7 takes 10 random bytes, not ${random.length}`)
  const time = hex(now, 12)
  const rest = Array.from(random, (byte) => hex(byte, 2)).join('')
  const variant = '89ab'.charAt(((random[2] ?? 0) >> 4) & 3)
  return dashed(`${time}7${rest.slice(1, 4)}${variant}${rest.slice(5)}`)
}

/** 32 digits as a UUID. */
function dashed(digits: string): string {
  const [a, b, c, d] = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20)]
  return `${a}-${b}-${c}-${d}-${digits.slice(20)}`
}

/** The low 16 bits of a commit's id are zero: they number what the commit makes. */
export function commitId(now: Instant, random: Uint8Array): Id<'commit'> {
  return `${uuidV7(now, random).slice(0, -4)}0000` as Id<'commit'>
}

/** When it was made, in real time: the first 48 bits. */
export function madeAt(id: Id<IdKind>): Instant {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16) as Instant
}

const MAX_IDS = 0xffff

/**
 * The n-th id, from 1, is the commit's with n in its low 16 bits, whatever its kind: a decision that is repeated under the
 * same commit makes the same bytes. @throws {InvariantViolation} beyond 65,535 ids.
 */
export function idsOfCommit(commit: Id<'commit'>): IdSource {
  invariant(commit.endsWith('0000'), `${commit} is not the id of a commit`)
  const base = commit.slice(0, -4)
  let made = 0
  return <K extends IdKind>(_kind: K) => {
    invariant(made < MAX_IDS, `a commit makes ${MAX_IDS} ids at most`)
    made += 1
    return `${base}${hex(made, 4)}` as Id<K>
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
