import { expect, test } from 'vitest'
import { app } from '../src/app.ts'

// No request reaches it: the document needs no database.
const env = { DATABASE_URL: 'postgresql://nobody:nothing@nowhere.test/none', NEON_HTTP_ENDPOINT: '' }

test('FR-122 the OpenAPI document is the committed one, so that a change of the API shows in the diff', async () => {
  const response = await app.request('/openapi.json', {}, env)
  const document = `${JSON.stringify(await response.json(), null, 2)}\n`
  // After a change that is meant: vitest run --project domain test/openapi.test.ts -u
  await expect(document).toMatchFileSnapshot('golden/openapi.json')
})
