import type { World } from './world.ts'

export type PageRequest = {
  readonly worlds: ReadonlyMap<string, World>
  readonly method: string
  readonly url: URL
  readonly body: string
}

export type Page = { readonly status: number; readonly headers: Record<string, string>; readonly body: string }

export function html(status: number, body: string): Page {
  const headers = { 'content-type': 'text/html; charset=utf-8' }
  return { status, headers, body: `<!doctype html><meta charset="utf-8"><title>Stripe emulator</title>${body}` }
}

export function seeOther(location: string): Page {
  return { status: 303, headers: { location }, body: '' }
}
