import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestProject } from 'vitest/node'
import { copyAssets } from './assets.ts'
import type { TestStack } from './test-stack.ts'

declare module 'vitest' {
  interface ProvidedContext {
    stack: TestStack
  }
}

/** Once for all files that run in workerd: Postgres, the Neon protocol and the Stripe emulator, as one process. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  copyAssets()
  const child = spawn(process.execPath, ['dev/test-stack.ts'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
    exited.then(([code]) => {
      throw new Error(`the test stack ended with ${code}`)
    }),
  ])
  project.provide('stack', JSON.parse(line) as TestStack)
  return async () => {
    child.stdin.end()
    await exited
  }
}
