import { readdirSync, readFileSync } from 'node:fs'

/** CPU seconds so far, by who used them; null where the system has no /proc. */
export type Cpu = {
  readonly postgres: number
  readonly workerd: number
  /** The Neon proxy, and the Stripe emulator where it runs. */
  readonly proxy: number
  readonly bench: number
}

type Process = { readonly pid: number; readonly parent: number; readonly command: string; readonly seconds: number }

/** `backendPid`: any backend of the server, whose parent is the postmaster. */
export function cpuNow({ backendPid, proxyPid }: { backendPid: number; proxyPid: number }): Cpu | null {
  if (process.platform !== 'linux') return null
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(processOf)
  const postmaster = all.find(({ pid }) => pid === backendPid)?.parent
  const sum = (isMeant: (one: Process) => boolean) =>
    all.filter(isMeant).reduce((total, { seconds }) => total + seconds, 0)
  return {
    postgres: sum(({ pid, parent }) => pid === postmaster || parent === postmaster),
    workerd: sum(({ parent, command }) => parent === process.pid && command === 'workerd'),
    proxy: sum(({ pid }) => pid === proxyPid),
    bench: sum(({ pid }) => pid === process.pid),
  }
}

/** Cores that each kept busy between two readings. */
export function coresBusy(before: Cpu | null, after: Cpu | null, seconds: number): Record<keyof Cpu, number> | null {
  if (before === null || after === null) return null
  const busy = (who: keyof Cpu) => Number(((after[who] - before[who]) / seconds).toFixed(2))
  return { postgres: busy('postgres'), workerd: busy('workerd'), proxy: busy('proxy'), bench: busy('bench') }
}

const TICKS_A_SECOND = 100

/** With the time of children that it has waited for: backends come and go. */
function processOf(name: string): readonly Process[] {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'utf8')
    const [, command = '', rest = ''] = /\((.*)\) (.*)/s.exec(text) ?? []
    const fields = rest.split(' ')
    const ticks = fields.slice(11, command === 'postgres' ? 15 : 13).reduce((sum, field) => sum + Number(field), 0)
    return [{ pid: Number(name), parent: Number(fields[1]), command, seconds: ticks / TICKS_A_SECOND }]
  } catch {
    return [] // it has ended meanwhile
  }
}
