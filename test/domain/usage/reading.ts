import { expect } from 'vitest'
import { encodeId } from '../../../src/kernel/id.ts'
import { readBody } from '../../../src/usage/read-body.ts'
import type { EventRead } from '../../../src/usage/read-event.ts'
import { id } from '../../support/given.ts'

/** Reading what senders send. */
export const subscription = encodeId('subscription', id('subscription', 7))
/** The least that an event says. */
export const plain = { id: 'evt-1', subscription, metric: 'api_calls' }

export const readText = (text: string, type = 'application/json') => readBody(text, type)
export const read = (body: unknown, type?: string) => readText(JSON.stringify(body), type)

export function one(reads: readonly EventRead[]): EventRead {
  expect(reads).toHaveLength(1)
  return reads[0] as EventRead
}

export function eventOf(reads: readonly EventRead[]) {
  const event = one(reads)
  if (!event.ok) throw new Error(JSON.stringify(event.faults))
  return event.event
}

export function faultsOf(reads: readonly EventRead[]): readonly string[] {
  const event = one(reads)
  return event.ok ? [] : event.faults.map(({ pointer, detail }) => `${pointer} ${detail}`)
}
