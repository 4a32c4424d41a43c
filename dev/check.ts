import './node-version.js'
import { spawn } from 'node:child_process'
import { stripVTControlCharacters, styleText } from 'node:util'

type Check = { readonly name: string; readonly command: string; readonly arguments: readonly string[] }
type Outcome = { readonly check: Check; readonly passed: boolean; readonly output: string; readonly seconds: number }

/** Long ones first: two run at a time, and the short ones fill what is left. */
const checks: readonly Check[] = [
  { name: 'domain tests', command: 'vitest', arguments: ['run', '--project', 'domain'] },
  { name: 'dead code', command: 'knip', arguments: ['--no-progress'] },
  { name: 'types of src', command: 'tsc', arguments: ['-p', 'tsconfig.json'] },
  { name: 'types of dev and tests', command: 'tsc', arguments: ['-p', 'dev/tsconfig.json'] },
  { name: 'format and lint', command: 'biome', arguments: ['check', '--error-on-warnings', '.'] },
]
const atOnce = 2
const timeoutMs = 120_000

const queue = [...checks]
const outcomes: Outcome[] = []
await Promise.all(Array.from({ length: atOnce }, work))
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1

async function work(): Promise<void> {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    const outcome = await run(check)
    outcomes.push(outcome)
    report(outcome)
  }
}

function run(check: Check): Promise<Outcome> {
  const startMs = performance.now()
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const child = spawn(check.command, check.arguments, { timeout: timeoutMs, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const end = (passed: boolean, reason = '') => {
    const seconds = (performance.now() - startMs) / 1_000
    resolve({ check, passed, output: Buffer.concat(chunks).toString() + reason, seconds })
  }
  child.on('error', (error) => end(false, `${error.message}: run npm ci, and start this with npm run check`))
  child.on('close', (code, signal) => end(code === 0, signal === null ? '' : `ended by ${signal}`))
  return promise
}

function report({ check, passed, output, seconds }: Outcome): void {
  const mark = passed ? styleText('green', '✓') : styleText('red', '✗')
  const tests = stripVTControlCharacters(output).match(/^ +Tests +(.*)$/m)?.[1] ?? ''
  console.log(`${mark} ${check.name.padEnd(24)}${seconds.toFixed(1).padStart(5)} s  ${tests}`)
  if (!passed) console.log(output.replace(/^/gm, '    '))
}
