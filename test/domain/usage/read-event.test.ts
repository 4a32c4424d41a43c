import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { at, id } from '../../support/given.ts'
import { eventOf, faultsOf, one, plain, read, readText } from './reading.ts'

describe('FR-072 one event', () => {
  test('says what was used, by which subscription, and when', () => {
    const given = { ...plain, quantity: '3', timestamp: '2026-01-05T09:00:00+01:00', properties: { region: 'eu' } }
    expect(eventOf(read(given))).toEqual({
      ...{ id: 'evt-1', subscriptionId: id('subscription', 7), metric: 'api_calls', quantity: '3' },
      ...{ at: at('2026-01-05T08:00:00Z'), properties: { region: 'eu' } },
    })
  })

  test('is of one, now, without properties, unless it says otherwise', () => {
    expect(eventOf(read(plain))).toMatchObject({ quantity: '1', at: null, properties: {} })
  })

  test('says all that is wrong with it at once, and keeps the id it gave', () => {
    const given = { id: 'evt-1', subscription: 'acct_1', quantity: '1e3', timestamp: 'now', properties: 1, 'a/b': 1 }
    const event = one(read(given))
    expect(event).toMatchObject({ ok: false, id: 'evt-1' })
    expect(faultsOf(read(given)).map((fault) => fault.split(' ')[0])).toEqual([
      ...['/subscription', '/metric', '/quantity', '/timestamp', '/properties', '/a~1b'],
    ])
  })

  test.each<[unknown, string]>([
    [
      undefined,
      '/id is required: an id of your own, such as a UUID, by which the event is known when it is sent again',
    ],
    ['', '/id must have 1 to 200 characters'],
    ['i'.repeat(201), '/id must have 1 to 200 characters'],
    [5, '/id must be a string'],
    [null, '/id must be a string'],
    ['a\u0000b', '/id must not contain the character U+0000'],
    ['a\ud800b', '/id must not contain half of a surrogate pair'],
  ])('with the id %j is refused', (id, fault) => {
    expect(faultsOf(read({ ...plain, id }))).toEqual([fault])
  })

  test('may have any id of 200 characters', () => {
    for (const id of ['i'.repeat(200), ' ', '😀/?#%2F', '__proto__', '0']) {
      expect(eventOf(read({ ...plain, id })).id).toBe(id)
    }
  })

  test.each([null, 'yesterday', '2026-02-30T00:00:00Z', '2026-01-05T10:00:00', 1_767_607_200, ''])(
    'FR-078 of the time %j is refused',
    (timestamp) => {
      expect(faultsOf(read({ ...plain, timestamp }))).toEqual([
        '/timestamp must be an RFC 3339 time with an offset, such as 2026-01-31T00:00:00Z; left out it is now',
      ])
    },
  )
})

describe('a quantity', () => {
  test.each<[unknown, string]>([
    ['3', '3'],
    ['0', '0'],
    ['-0', '0'],
    ['-2.50', '-2.5'],
    ['007', '7'],
    ['0.000000000001', '0.000000000001'],
    ['123456789012345678901234', '123456789012345678901234'],
    [3, '3'],
    [0.25, '0.25'],
    [-7, '-7'],
    [-0, '0'],
    [1e3, '1000'],
    [1e-7, '0.0000001'],
    [1.5e-10, '0.00000000015'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [123456789.123456, '123456789.123456'],
  ])('of %j is %s', (quantity, text) => {
    expect(eventOf(read({ ...plain, quantity })).quantity).toBe(text)
  })

  test.each<[string, string]>([
    ['"1e3"', 'must be written without an exponent, such as "1500" or "0.25"'],
    ['"1.5E+3"', 'must be written without an exponent, such as "1500" or "0.25"'],
    ['"NaN"', 'must be a finite number'],
    ['"Infinity"', 'must be a finite number'],
    ['"-inf"', 'must be a finite number'],
    ['1e400', 'must be a finite number'],
    ['"1,000"', 'must be a decimal string such as "3" or "0.25": digits, a point, no separators'],
    ['".5"', 'must be a decimal string such as "3" or "0.25": digits, a point, no separators'],
    ['" 1"', 'must be a decimal string such as "3" or "0.25": digits, a point, no separators'],
    ['"٣"', 'must be a decimal string such as "3" or "0.25": digits, a point, no separators'],
    ['""', 'must be a decimal string such as "3" or "0.25": digits, a point, no separators'],
    ['"0x10"', 'must be a decimal string such as "3" or "0.25": digits, a point, no separators'],
    ['"0.1234567890123"', 'must have at most 12 decimals'],
    ['1e-13', 'must have at most 12 decimals'],
    ['5e-324', 'must have at most 12 decimals'],
    [`"${'9'.repeat(25)}"`, 'must have at most 24 digits before the point'],
    ['9007199254740993', 'has more digits than a JSON number carries exactly: send it as a string'],
    ['1234567.123456789', 'has more digits than a JSON number carries exactly: send it as a string'],
    ['1e21', 'has more digits than a JSON number carries exactly: send it as a string'],
    ['123456789.123456789', 'has more digits than a JSON number carries exactly: send it as a string'],
    ['null', 'must be a decimal string or a number, such as "3" or 0.25'],
    ['true', 'must be a decimal string or a number, such as "3" or 0.25'],
    ['[1]', 'must be a decimal string or a number, such as "3" or 0.25'],
  ])('of %s is refused with the reason', (quantity, reason) => {
    const text = JSON.stringify({ ...plain, quantity: 'Q' }).replace('"Q"', quantity)
    expect(faultsOf(readText(text))).toEqual([`/quantity ${reason}`])
  })

  const asNumber = (number: string) => readText(JSON.stringify({ ...plain, quantity: 'Q' }).replace('"Q"', number))

  test('of up to 15 digits is the same as a number and as a string', () => {
    const written = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }), fc.integer({ min: 0, max: 12 }))
    fc.assert(
      fc.property(written, ([digits, decimals]) => {
        const padded = String(digits).padStart(decimals + 1, '0')
        const point = padded.length - decimals
        const text = decimals === 0 ? padded : `${padded.slice(0, point)}.${padded.slice(point)}`
        expect(eventOf(asNumber(text)).quantity).toBe(eventOf(read({ ...plain, quantity: text })).quantity)
      }),
    )
  })

  test('of an integer is taken as a number exactly or not at all', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), (integer) => {
        const event = one(asNumber(String(integer)))
        if (event.ok) expect(event.event.quantity).toBe(String(integer))
        else expect(integer).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER))
      }),
    )
  })
})

describe('properties', () => {
  test('of numbers and booleans become text', () => {
    const properties = { region: 'eu', seats: 5, ratio: 0.5, tiny: 1e-7, beta: true, empty: '' }
    expect(eventOf(read({ ...plain, properties })).properties).toEqual({
      ...{ region: 'eu', seats: '5', ratio: '0.5', tiny: '0.0000001', beta: 'true', empty: '' },
    })
  })

  test('are 32 of 40 characters with values of 500 at most', () => {
    const keys = Array.from({ length: 32 }, (_, index) => `${index}`.padEnd(40, 'k'))
    const properties = Object.fromEntries(keys.map((key) => [key, 'v'.repeat(500)]))
    expect(eventOf(read({ ...plain, properties })).properties).toEqual(properties)
    expect(faultsOf(read({ ...plain, properties: { ...properties, more: '' } }))).toEqual([
      '/properties must have at most 32 members',
    ])
    const long = { ['k'.repeat(41)]: 'v', a: 'v'.repeat(501), '': 'v' }
    expect(faultsOf(read({ ...plain, properties: long }))).toEqual([
      `/properties/${'k'.repeat(41)} must have a name of 1 to 40 characters`,
      '/properties/a must have at most 500 characters',
      '/properties/ must have a name of 1 to 40 characters',
    ])
  })

  test.each<[string, string]>([
    ['{"a": {"b": 1}}', '/properties/a must be a string, a number or a boolean; left out if there is none'],
    ['{"a": null}', '/properties/a must be a string, a number or a boolean; left out if there is none'],
    ['{"a/b~c": []}', '/properties/a~1b~0c must be a string, a number or a boolean; left out if there is none'],
    [
      '{"a": 9007199254740993}',
      '/properties/a has more digits than a JSON number carries exactly: send it as a string',
    ],
    ['{"a": 1e400}', '/properties/a must be a finite number'],
    ['{"a": "\\u0000"}', '/properties/a must not contain the character U+0000'],
    ['{"\\ud800": "v"}', '/properties/\ud800 must not contain half of a surrogate pair'],
    ['{"__proto__": "v"}', '/properties/__proto__ is not a name that a member can have'],
    ['{"__proto__": {"polluted": "yes"}}', '/properties/__proto__ is not a name that a member can have'],
    ['[]', '/properties must be an object of strings, numbers and booleans'],
    ['null', '/properties must be an object of strings, numbers and booleans'],
  ])('%s are refused', (properties, fault) => {
    const text = JSON.stringify({ ...plain, properties: 'P' }).replace('"P"', properties)
    expect(faultsOf(readText(text))).toEqual([fault])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('named as what every object has are kept as they are', () => {
    const properties = { constructor: 'c', toString: 't', hasOwnProperty: 'h' }
    expect(eventOf(read({ ...plain, properties })).properties).toEqual(properties)
    expect(faultsOf(read({ ...plain, constructor: 1 }))).toEqual(['/constructor is not a known member'])
  })
})
