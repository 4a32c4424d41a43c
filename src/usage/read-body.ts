import { invalidRequest } from '../platform/http/app.ts'
import { pointerOf } from '../platform/http/faults.ts'
import { malformedJson, unsupportedMediaType } from '../platform/http/problem.ts'
import { readCloudEvent } from './read-cloud-event.ts'
import { type EventRead, isObject, readEvent } from './read-event.ts'

/** So many events come in a request. */
export const MAX_EVENTS = 1_000

export const CLOUD_EVENT = 'application/cloudevents+json'
export const CLOUD_EVENTS = 'application/cloudevents-batch+json'

type ReadBody = (body: unknown) => readonly EventRead[]

const formats: ReadonlyMap<string, ReadBody> = new Map<string, ReadBody>([
  [CLOUD_EVENT, (body) => [readCloudEvent(body, '')]],
  [CLOUD_EVENTS, (body) => someOf(body, '').map((event, index) => readCloudEvent(event, `/${index}`))],
])

/**
 * The events of a request, in its order. `type` is its Content-Type.
 * @throws {Problem} for what is no JSON, and for no event or too many: what is wrong with one is told of that one.
 */
export function readBody(text: string, type: string): readonly EventRead[] {
  const essence = (type.split(';')[0] ?? '').trim().toLowerCase()
  const format = formats.get(essence) ?? (isJson.test(essence) ? readOwn : null)
  if (format === null) throw unsupportedMediaType()
  return format(parsed(text))
}

const isJson = /^application\/(?:[\w.-]+\+)?json$/

/** One event, or `{"events": […]}`. */
function readOwn(body: unknown): readonly EventRead[] {
  if (!isObject(body) || Object.keys(body).length === 0) {
    throw refused('', 'must be an object: one event, or {"events": […]}')
  }
  if (!Object.hasOwn(body, 'events')) return [readEvent(body, '')]
  const { events, ...rest } = body
  const [surplus] = Object.keys(rest)
  if (surplus !== undefined) throw refused(pointerOf([surplus]), 'is not known beside `events`')
  return someOf(events, '/events').map((event, index) => readEvent(event, `/events/${index}`))
}

function someOf(events: unknown, pointer: string): readonly unknown[] {
  if (!Array.isArray(events)) throw refused(pointer, 'must be an array of events')
  if (events.length === 0) throw refused(pointer, 'must have at least one event')
  if (events.length > MAX_EVENTS) {
    throw refused(pointer, `must have at most ${MAX_EVENTS} events; these are ${events.length}`)
  }
  return events
}

function refused(pointer: string, detail: string) {
  return invalidRequest([{ pointer, detail }])
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformedJson()
  }
}
