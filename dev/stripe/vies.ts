import { invalidRequest } from './errors.ts'
import type { Page, PageRequest } from './page.ts'
import { newId } from './world.ts'

// The EU's register of VAT numbers, which knows no keys: one for all worlds. Its errors come with status 200, as there.

const answers = [
  ...[
    'valid',
    'invalid',
    'INVALID_INPUT',
    'INVALID_REQUESTER_INFO',
    'SERVICE_UNAVAILABLE',
    'MS_UNAVAILABLE',
    'TIMEOUT',
  ],
  ...['VAT_BLOCKED', 'IP_BLOCKED', 'GLOBAL_MAX_CONCURRENT_REQ', 'GLOBAL_MAX_CONCURRENT_REQ_TIME'],
  ...['MS_MAX_CONCURRENT_REQ', 'MS_MAX_CONCURRENT_REQ_TIME'],
]

/** Numbers of VIES's own test service. */
const testNumbers: Readonly<Record<string, string>> = {
  100: 'valid',
  200: 'invalid',
  201: 'INVALID_INPUT',
  202: 'INVALID_REQUESTER_INFO',
  300: 'SERVICE_UNAVAILABLE',
  301: 'MS_UNAVAILABLE',
  302: 'TIMEOUT',
  400: 'VAT_BLOCKED',
  401: 'IP_BLOCKED',
  500: 'GLOBAL_MAX_CONCURRENT_REQ',
  501: 'GLOBAL_MAX_CONCURRENT_REQ_TIME',
  600: 'MS_MAX_CONCURRENT_REQ',
  601: 'MS_MAX_CONCURRENT_REQ_TIME',
}

const memberStates = [
  ...['AT', 'BE', 'BG', 'CY', 'CZ', 'DE', 'DK', 'EE', 'EL', 'ES', 'FI', 'FR', 'HR', 'HU', 'IE', 'IT', 'LT', 'LU', 'LV'],
  ...['MT', 'NL', 'PL', 'PT', 'RO', 'SE', 'SI', 'SK', 'XI'],
]

/** What tests have said of single numbers, until the process ends. */
const told = new Map<string, string>()
const maxTold = 10_000

/** A control route's wish for one number, such as `{ number: 'DE123456789', answer: 'MS_UNAVAILABLE' }`. */
export function tellVies({ number, answer }: Readonly<Record<string, unknown>>): object {
  if (typeof number !== 'string' || typeof answer !== 'string' || !answers.includes(answer)) {
    throw invalidRequest(`number is a VAT number with its country, answer one of ${answers.join(', ')}`)
  }
  if (told.size >= maxTold) throw invalidRequest(`At most ${maxTold} numbers`)
  told.set(number, answer)
  return { number, answer }
}

type Question = {
  readonly countryCode?: string
  readonly vatNumber?: string
  readonly requesterMemberStateCode?: string
  readonly requesterNumber?: string
}

export function checkVatNumber({ method, url, body }: PageRequest): Page {
  if (method !== 'POST' || !url.pathname.endsWith('/check-vat-number')) return json(404, { message: 'Not found' })
  const question = read(body)
  const answer = question ? answerTo(question) : 'INVALID_INPUT'
  if (!question || (answer !== 'valid' && answer !== 'invalid')) {
    return json(200, { actionSucceed: false, errorWrappers: [{ error: answer }] })
  }
  const valid = answer === 'valid'
  const unknown = '---'
  return json(200, {
    countryCode: question.countryCode,
    vatNumber: question.vatNumber,
    requestDate: new Date().toISOString(),
    valid,
    // The proof of the question, which only those who say who they are receive.
    requestIdentifier: question.requesterNumber ? newId('WAPIAAAA', 8).replace('_', '') : '',
    name: valid ? 'Test Company' : unknown,
    address: valid ? 'Test Street 1' : unknown,
  })
}

function answerTo({ countryCode = '', vatNumber = '', requesterMemberStateCode, requesterNumber }: Question): string {
  if (!memberStates.includes(countryCode) || vatNumber === '') return 'INVALID_INPUT'
  const halfRequester = (requesterMemberStateCode === undefined) !== (requesterNumber === undefined)
  if (halfRequester) return 'INVALID_REQUESTER_INFO'
  const known = told.get(`${countryCode}${vatNumber}`) ?? testNumbers[vatNumber]
  return known ?? (/^[A-Z0-9+*]{8,12}$/.test(vatNumber) ? 'valid' : 'invalid')
}

function read(body: string): Question | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    // Not JSON: VIES calls that invalid input too.
    return undefined
  }
}

function json(status: number, value: object): Page {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}
