import 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** dev/test-stack.ts tells its addresses. */
    readonly stack: { readonly control: string; readonly neon: string; readonly stripe: string }
  }
}
