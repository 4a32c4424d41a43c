import type { Child } from 'hono/jsx'
import { language, type Notice, trust } from './domain/words.ts'
import { style } from './style.ts'

type Layout = {
  readonly title: string
  /** Null where it is not known whose customer reads. */
  readonly seller: string | null
  readonly notice?: Notice | null
  /** A link below the notice, if it leads anywhere. */
  readonly wayOn?: Child
  readonly children: Child
}

/** The whole document. What happened is also in its title: it is what is read out first. */
export function layout({ title, seller, notice = null, wayOn = null, children }: Layout): string {
  const page = (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{notice === null ? title : `${notice.heading} · ${title}`}</title>
        <style>{style}</style>
      </head>
      <body>
        {seller !== null && (
          <header>
            <p>{seller}</p>
          </header>
        )}
        <main>
          {notice !== null && (
            <div class={`notice ${notice.tone}`} role={notice.tone === 'bad' ? 'alert' : 'status'}>
              <p>
                <strong>{notice.heading}</strong>
              </p>
              <p>{notice.words}</p>
              {wayOn}
            </div>
          )}
          {children}
        </main>
        {seller !== null && (
          <footer>
            <p>{trust}</p>
          </footer>
        )}
      </body>
    </html>
  )
  return `<!doctype html>${page}`
}
