const encoder = new TextEncoder()
const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** SHA-256 in hex. Enough for an API key, which is 24 random bytes: nothing slower is needed. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(text))
  let hex = ''
  for (const byte of new Uint8Array(digest)) hex += hexOf[byte]
  return hex
}
