import { env } from 'cloudflare:workers'
import { afterAll, inject } from 'vitest'

// Before the tests of each file: a database of its own, which fetch, objects and consumers all see.
const { control } = inject('stack')
const response = await fetch(`${control}/databases`, { method: 'POST' })
if (!response.ok) throw new Error(await response.text())
const database: { readonly name: string; readonly url: string } = await response.json()
Object.assign(env, {
  DATABASE_URL: database.url,
  DATABASE_NAME: database.name,
  SEALING_KEY: btoa('a key of thirty-two bytes, truly.'.slice(0, 32)),
})

afterAll(async () => {
  await fetch(`${control}/databases/${database.name}`, { method: 'DELETE' })
})
