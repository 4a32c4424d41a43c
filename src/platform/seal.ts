/** A secret at rest: AES-256-GCM, with the version of the key that sealed it, which a change of keys will need. */
export type Sealed = { readonly key: number; readonly nonce: string; readonly text: string }

/** The version of SEALING_KEY in use. */
const KEY_VERSION = 1

/** `sealingKey`: 32 bytes in base64. `context` names the row: a sealed secret moved to another row does not open. */
export async function seal(secret: string, sealingKey: string, context: string): Promise<Sealed> {
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const algorithm = { name: 'AES-GCM', iv: nonce, additionalData: new TextEncoder().encode(context) }
  const text = await crypto.subtle.encrypt(algorithm, await keyOf(sealingKey), new TextEncoder().encode(secret))
  return { key: KEY_VERSION, nonce: toBase64(nonce), text: toBase64(new Uint8Array(text)) }
}

/** @throws where the key or the context is another, or the text was changed. */
export async function unseal(sealed: Sealed, sealingKey: string, context: string): Promise<string> {
  const algorithm = { name: 'AES-GCM', iv: fromBase64(sealed.nonce), additionalData: new TextEncoder().encode(context) }
  const secret = await crypto.subtle.decrypt(algorithm, await keyOf(sealingKey), fromBase64(sealed.text))
  return new TextDecoder().decode(secret)
}

function keyOf(sealingKey: string) {
  return crypto.subtle.importKey('raw', fromBase64(sealingKey), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
