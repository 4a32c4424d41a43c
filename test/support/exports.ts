import { exports } from 'cloudflare:workers'

/** An export as it begins to arrive. */
export async function exported(path: string, key: string): Promise<Response> {
  const main = (exports as unknown as { default: Fetcher }).default
  const headers = { Authorization: `Bearer ${key}` }
  return main.fetch(new Request(`http://perennial.test/v1/exports/${path}`, { headers }))
}

/** All of it; throws where it breaks off. */
export async function contentOf(response: Response): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(await response.arrayBuffer())
}
