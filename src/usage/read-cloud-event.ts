import type { Fault } from '../platform/http/problem.ts'
import { type EventRead, isObject, type Members, type Places, readMembers } from './read-event.ts'

/**
 * A CloudEvent 1.0 in structured mode: `subject` is the subscription, `type` the metric. Its attributes that say nothing
 * of usage are not looked at, as the specification wants; its `data` is ours to read.
 */
export function readCloudEvent(given: unknown, at: string): EventRead {
  if (!isObject(given)) return { ok: false, id: null, faults: [{ pointer: at, detail: 'must be a CloudEvent' }] }
  const { specversion, id, subject: subscription, type: metric, time: timestamp } = given
  const faults: Fault[] = []
  if (specversion !== '1.0') faults.push({ pointer: `${at}/specversion`, detail: 'must be "1.0"' })
  if (given.data_base64 !== undefined) {
    faults.push({ pointer: `${at}/data_base64`, detail: 'must be left out: usage is JSON in `data`' })
  }
  const { quantity, properties, places } = readData(given.data ?? {}, at, faults)
  return readMembers({ id, subscription, metric, timestamp, quantity, properties }, { at, places, faults })
}

const attributes = { id: '/id', subscription: '/subject', metric: '/type', timestamp: '/time' } as const
const flat: Places = { ...attributes, quantity: '/data/quantity', properties: '/data' }
const nested: Places = { ...attributes, quantity: '/data/quantity', properties: '/data/properties' }

type Data = { readonly quantity?: unknown; readonly properties?: unknown; readonly places: Places }

/** Either says its properties in `properties`, or all its scalars are properties. */
function readData(data: unknown, at: string, faults: Fault[]): Data {
  if (!isObject(data)) {
    faults.push({ pointer: `${at}/data`, detail: 'must be an object, such as {"quantity": "3", "region": "eu"}' })
    return { places: flat }
  }
  const { quantity, properties, ...rest } = data
  if (properties !== undefined) return { quantity, properties, places: nested }
  return { quantity, properties: scalarsOf(rest), places: flat }
}

function scalarsOf(data: Members): Members {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null && typeof value !== 'object'))
}
