import { expect, test } from 'vitest'
import { apiKeyText } from '../../../src/organizations/domain/api-key.ts'

test.each([
  ['live', [0, 0, 0], 'sk_live_AAAA'],
  ['sandbox', [0, 0, 0], 'sk_test_AAAA'],
  ['live', [251, 239, 190, 251, 239, 190], 'sk_live_--------'],
  ['live', [255, 255, 255, 255, 255, 255], 'sk_live_________'],
] as const)('a key of %s of the bytes %j is %s, which fits in a header and a path', (mode, bytes, text) => {
  expect(apiKeyText(mode, Uint8Array.from(bytes))).toBe(text)
})
