import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createWorld, type World, type WorldState } from './world.ts'

const debounce_ms = 200
/** A big state is written less often, so that writing never takes more than a tenth of the time. */
const restFactor = 10

export type Store = { readonly worlds: Map<string, World>; readonly changed: () => void; readonly close: () => void }

/**
 * The worlds, kept in a file when one is named. A kill loses at most what changed since the last write; the rename
 * makes the file whole at every moment.
 */
export function openStore(dataFile: string | undefined): Store {
  const worlds = dataFile === undefined ? new Map<string, World>() : readWorlds(dataFile)
  let timer: NodeJS.Timeout | undefined
  let lastWrite_ms = 0

  function write(): void {
    timer = undefined
    if (dataFile === undefined) return
    const start_ms = performance.now()
    writeWorlds(dataFile, worlds)
    lastWrite_ms = performance.now() - start_ms
  }

  function changed(): void {
    if (dataFile === undefined) return
    timer ??= setTimeout(write, Math.max(debounce_ms, lastWrite_ms * restFactor))
  }

  function close(): void {
    clearTimeout(timer)
    write()
  }

  return { worlds, changed, close }
}

type Stored = { readonly version: 1; readonly worlds: Record<string, WorldState> }

function writeWorlds(dataFile: string, worlds: ReadonlyMap<string, World>): void {
  const stored: Stored = {
    version: 1,
    worlds: Object.fromEntries([...worlds].map(([key, world]) => [key, world.state])),
  }
  const text = JSON.stringify(stored, (_, value: unknown) => (value instanceof Map ? { $map: [...value] } : value))
  mkdirSync(dirname(dataFile), { recursive: true })
  writeFileSync(`${dataFile}.new`, text)
  renameSync(`${dataFile}.new`, dataFile)
}

function readWorlds(dataFile: string): Map<string, World> {
  if (!existsSync(dataFile)) return new Map()
  const stored: Stored = JSON.parse(readFileSync(dataFile, 'utf8'), (_, value: unknown) => {
    const entries = (value as { $map?: [string, unknown][] } | null)?.$map
    return entries ? new Map(entries) : value
  })
  if (stored.version !== 1) throw new Error(`${dataFile} was written by another version of the emulator; remove it`)
  for (const state of Object.values(stored.worlds)) dropUnanswered(state)
  return new Map(Object.entries(stored.worlds).map(([key, state]) => [key, createWorld(key, state)]))
}

/** A request that was in flight when the process ended will never be answered; its key must not stay taken. */
function dropUnanswered(state: WorldState): void {
  for (const [key, record] of state.idempotency) if (record.answer === null) state.idempotency.delete(key)
}
