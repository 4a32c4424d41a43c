import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { copyAssets } from './assets.ts'

const root = join(import.meta.dirname, '..')

/** Bundles src/index.ts exactly as `wrangler deploy` would upload it, and answers the path of the module. */
export async function build(options: { readonly minify?: boolean } = {}): Promise<string> {
  copyAssets()
  const outdir = join(root, 'dist')
  const wrangler = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin', 'wrangler.js')
  const args = [wrangler, 'deploy', '--dry-run', '--outdir', outdir, ...(options.minify ? ['--minify'] : [])]
  try {
    execFileSync(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...quiet },
      stdio: 'pipe',
      encoding: 'utf8',
    })
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
    throw new Error(`the bundle could not be built:\n${output}`, { cause: error })
  }
  return join(outdir, 'index.js')
}

/** Wrangler without questions, colours, a look at the network, or a log file. */
export const quiet = {
  CI: '1',
  NO_COLOR: '1',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_WRITE_LOGS: 'false',
}

if (import.meta.main) console.log(await build({ minify: process.argv.includes('--minify') }))
