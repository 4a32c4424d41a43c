import { startNeonProxy } from '../dev/neon-proxy.ts'
import { startStripeEmulator } from '../dev/stripe/server.ts'

/** What stands between the Worker and the world, in a process of its own: its CPU is told from the load generator's. */
export type Services = { readonly neon: string; readonly stripe: string }

const [port, withStripe] = process.argv.slice(2)
const proxy = await startNeonProxy({ postgres: { host: '127.0.0.1', port: Number(port) } })
const stripe = withStripe === 'stripe' ? await startStripeEmulator() : null
const services: Services = { neon: proxy.url, stripe: stripe?.url ?? '' }
console.log(JSON.stringify(services))

// Our parent's Ctrl-C reaches us too; its pipe says when we are no longer needed.
process.on('SIGINT', () => {})
process.stdin.resume().once('close', async () => {
  await Promise.all([proxy.stop(), stripe?.stop()])
  process.exit(0)
})
