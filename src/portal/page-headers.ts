import { STYLE_HASH } from './style.ts'

/**
 * The page and its address are for one reader: neither is kept, indexed, framed or told to whom a link leads. A form goes to
 * us, who redirect to the gateway or a bank, and browsers hold that against `form-action` too. `gatewayUrl`: the
 * gateway's, where it is not reached by https; else ''.
 */
export function pageHeaders(gatewayUrl: string): Readonly<Record<string, string>> {
  const targets = gatewayUrl === '' ? 'https:' : `https: ${new URL(gatewayUrl).origin}`
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': [
      "default-src 'none'",
      `style-src '${STYLE_HASH}'`,
      `form-action 'self' ${targets}`,
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Robots-Tag': 'noindex',
  }
}
