import { request } from './client.ts'

/** What a customer does with a mailed link: no key, no script, forms only. Redirections are followed one at a time. */
export type Visit = { readonly status: number; readonly page: string; readonly leadsTo: string | null }

export async function visits(url: string): Promise<Visit> {
  return visitOf(await request(pathOf(url), { headers: { Accept: 'text/html' } }))
}

export async function submits(url: string, fields: Readonly<Record<string, string>> = {}): Promise<Visit> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  return visitOf(await request(pathOf(url), { method: 'POST', headers, body: String(new URLSearchParams(fields)) }))
}

/** The customer's bank, or the gateway's page, which the emulator stands for: where it sends the customer back to. */
export async function answersElsewhere(url: string | null, fields: Readonly<Record<string, string>>): Promise<string> {
  if (url === null) throw new Error('nobody was sent anywhere')
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
  const back = response.headers.get('Location')
  if (back === null) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return back
}

function visitOf({ status, text, headers }: Awaited<ReturnType<typeof request>>): Visit {
  return { status, page: text, leadsTo: headers.get('Location') }
}

function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]+/, '')
}
