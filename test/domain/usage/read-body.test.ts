import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Problem } from '../../../src/platform/http/problem.ts'
import { CLOUD_EVENT, CLOUD_EVENTS } from '../../../src/usage/read-body.ts'
import { at, id } from '../../support/given.ts'
import { eventOf, faultsOf, one, plain, read, readText, subscription } from './reading.ts'

function refusalOf(work: () => unknown): Problem {
  try {
    work()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('it was taken')
}

describe('FR-072 a batch', () => {
  test('is read in its order, and a bad event does not fail its neighbours', () => {
    const events = [plain, { ...plain, quantity: 'many' }, 5, { ...plain, id: 'evt-4' }]
    const reads = read({ events })
    expect(reads.map(({ ok }) => ok)).toEqual([true, false, false, true])
    expect(reads.flatMap((event) => (event.ok ? [] : event.faults.map(({ pointer }) => pointer)))).toEqual([
      ...['/events/1/quantity', '/events/2'],
    ])
  })

  test.each<[string, unknown, string, string]>([
    ['an array', [plain], '', 'must be an object: one event, or {"events": […]}'],
    ['a text', 'evt-1', '', 'must be an object: one event, or {"events": […]}'],
    ['null', null, '', 'must be an object: one event, or {"events": […]}'],
    ['an empty object', {}, '', 'must be an object: one event, or {"events": […]}'],
    ['events that are no array', { events: plain }, '/events', 'must be an array of events'],
    ['no event', { events: [] }, '/events', 'must have at least one event'],
    ['1,001 events', { events: Array(1001).fill(plain) }, '/events', 'must have at most 1000 events; these are 1001'],
    ['another member beside events', { events: [plain], id: 'evt-1' }, '/id', 'is not known beside `events`'],
  ])('of %s is refused whole', (_, body, pointer, detail) => {
    const problem = refusalOf(() => read(body))
    expect([problem.code, problem.errors]).toEqual(['invalid_request', [{ pointer, detail }]])
  })

  test('may have 1,000 events', () => {
    expect(read({ events: Array(1000).fill(plain) })).toHaveLength(1000)
  })

  test.each(['', '{', 'id=evt-1', '{"quantity": NaN}', '{"quantity": Infinity}'])('that is %j is no JSON', (text) => {
    expect(refusalOf(() => readText(text)).code).toBe('malformed_json')
  })

  test.each(['', 'text/plain', 'application/xml', 'json', 'application/x-www-form-urlencoded', 'constructor'])(
    'marked as %j is not read',
    (type) => {
      expect(refusalOf(() => read(plain, type)).code).toBe('unsupported_media_type')
    },
  )

  test('marked as JSON in another way is read', () => {
    for (const type of ['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.api+json']) {
      expect(one(read(plain, type)).ok, type).toBe(true)
    }
  })

  test('of whatever JSON is read or refused, and nothing else', () => {
    const eventLike = fc.record(
      {
        id: fc.string(),
        subscription: fc.constantFrom(subscription, 'sub_1'),
        metric: fc.string(),
        quantity: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    const bodies = fc.oneof(
      fc.jsonValue(),
      eventLike,
      fc.record({ events: fc.array(fc.oneof(eventLike, fc.jsonValue())) }),
    )
    fc.assert(
      fc.property(bodies, fc.constantFrom('application/json', CLOUD_EVENT, CLOUD_EVENTS), (body, type) => {
        try {
          for (const event of read(body, type)) if (!event.ok) expect(event.faults.length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(Problem)
        }
      }),
    )
  })
})

describe('a CloudEvent', () => {
  const cloud = { specversion: '1.0', id: 'evt-1', source: '/app', subject: subscription, type: 'api_calls' }
  const time = '2026-01-05T09:00:00Z'

  test('is an event of its subject, measured by its type', () => {
    const given = { ...cloud, time, datacontenttype: 'application/json', traceparent: '00-1', data: { quantity: 3 } }
    expect(eventOf(read(given, CLOUD_EVENT))).toEqual({
      ...{ id: 'evt-1', subscriptionId: id('subscription', 7), metric: 'api_calls', quantity: '3' },
      ...{ at: at(time), properties: {} },
    })
    expect(eventOf(read(cloud, CLOUD_EVENT))).toMatchObject({ quantity: '1', at: null, properties: {} })
  })

  test('has the scalars of its data as properties, or those in `properties`', () => {
    const flat = { ...cloud, data: { quantity: '3', region: 'eu', seats: 5, nested: { a: 1 }, none: null } }
    expect(eventOf(read(flat, CLOUD_EVENT)).properties).toEqual({ region: 'eu', seats: '5' })
    const nested = { ...cloud, data: { quantity: '3', region: 'us', properties: { region: 'eu' } } }
    expect(eventOf(read(nested, CLOUD_EVENT)).properties).toEqual({ region: 'eu' })
  })

  test('comes in batches, each judged by itself', () => {
    const reads = read([cloud, { ...cloud, specversion: '0.3' }, null], CLOUD_EVENTS)
    expect(reads.map(({ ok }) => ok)).toEqual([true, false, false])
    const faults = reads.flatMap((event) => (event.ok ? [] : event.faults))
    expect(faults).toEqual([
      { pointer: '/1/specversion', detail: 'must be "1.0"' },
      { pointer: '/2', detail: 'must be a CloudEvent' },
    ])
    expect(refusalOf(() => read({ events: [cloud] }, CLOUD_EVENTS)).errors[0]?.pointer).toBe('')
    expect(refusalOf(() => read([], CLOUD_EVENTS)).errors[0]?.detail).toBe('must have at least one event')
  })

  test('tells what is wrong by its own names', () => {
    const wrong = {
      specversion: 1,
      id: 5,
      subject: 'app',
      type: '',
      time: 'now',
      data: { quantity: 'x', region: '\0' },
    }
    expect(faultsOf(read(wrong, CLOUD_EVENT)).map((fault) => fault.split(' ')[0])).toEqual([
      ...['/id', '/subject', '/type', '/data/quantity', '/time', '/data/region', '/specversion'],
    ])
    const nested = { ...cloud, data: { properties: { region: {} } } }
    expect(faultsOf(read(nested, CLOUD_EVENT))[0]).toMatch(/^\/data\/properties\/region must be a string/)
    for (const data of ['3', 3, [], true]) {
      expect(faultsOf(read({ ...cloud, data }, CLOUD_EVENT))[0]).toMatch(/^\/data must be an object/)
    }
    expect(faultsOf(read({ ...cloud, data_base64: 'MQ==' }, CLOUD_EVENT))[0]).toMatch(/^\/data_base64 /)
  })
})
