import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The static assets that the Worker serves: the interactive documentation, from our own origin and nobody else's. */
export function copyAssets(): void {
  const from = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  const to = join(root, 'dist', 'assets', 'swagger-ui')
  mkdirSync(to, { recursive: true })
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'LICENSE']) cpSync(join(from, file), join(to, file))
  writeFileSync(
    join(to, 'start.js'),
    "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, persistAuthorization: true })\n",
  )
}
