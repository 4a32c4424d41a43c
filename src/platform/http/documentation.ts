import { html } from 'hono/html'
import { router } from './app.ts'
import { problems } from './problem.ts'

type App = ReturnType<typeof router>

/** /openapi.json, the interactive documentation at /docs from our own assets, and a page for each problem. */
export function documentation(app: App) {
  const routes = router()
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  const inQuery = { type: 'apiKey', in: 'query', name: 'key', description: 'A publishable key, `pk_…`.' } as const
  app.openAPIRegistry.registerComponent('securitySchemes', 'publishable', inQuery)
  routes.get('/openapi.json', (c) => c.json(openApiDocument(app)))
  routes.get('/docs', (c) => c.html(page('Perennial API', interactive)))
  routes.get('/docs/problems', (c) => c.html(page('Problems', problemList())))
  routes.get('/docs/problems/:code', (c) => {
    const code = c.req.param('code')
    const known = Object.hasOwn(problems, code) ? problems[code as keyof typeof problems] : null
    if (known === null) return c.notFound()
    const body = html`<main><h1>${code}</h1><p>${known.title}.</p><p>HTTP status ${known.status}.</p>
      <p>The answer's <code>detail</code> says what was wrong and its <code>hint</code> what to do.</p>
      <p><a href="/docs/problems">All problems</a> · <a href="/docs">The API</a></p></main>`
    return c.html(page(code, body))
  })
  return routes
}

function openApiDocument(app: App) {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Perennial',
      version: '1',
      description:
        'Subscription billing at the edge. Amounts are integers in the currency’s minor unit; prices are decimal strings. Send an `Idempotency-Key` with a POST that makes or commands something: repeated under its key it is done once, and answered as before. Billing runs and clock advances need none: repeating them is safe.',
    },
    security: [{ bearer: [] }],
  })
}

const interactive = html`<link rel="stylesheet" href="/swagger-ui/swagger-ui.css" />
  <div id="api"></div>
  <noscript>The interactive documentation needs JavaScript; the document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
  <script src="/swagger-ui/swagger-ui-bundle.js"></script>
  <script src="/swagger-ui/start.js"></script>`

function problemList() {
  const rows = Object.entries(problems).map(
    ([code, { status, title }]) =>
      html`<tr><td><a href="/docs/problems/${code}">${code}</a></td><td>${status}</td><td>${title}</td></tr>`,
  )
  return html`<main><h1>Problems</h1>
    <table><thead><tr><th>code</th><th>status</th><th>meaning</th></tr></thead><tbody>${rows}</tbody></table></main>`
}

function page(title: string, body: ReturnType<typeof html>) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
          main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
          td, th { padding: 0.25rem 1rem 0.25rem 0; text-align: left; vertical-align: top; }
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html>`
}
