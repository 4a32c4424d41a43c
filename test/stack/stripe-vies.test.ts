import { expect, it } from 'vitest'
import { control, emulator, inTheEmulator } from './stripe-world.ts'

async function asked(question: unknown): Promise<Record<string, unknown>> {
  const body = typeof question === 'string' ? question : JSON.stringify(question)
  const url = `${emulator.url}/taxation_customs/vies/rest-api/check-vat-number`
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  expect(response.status).toBe(200)
  return response.json() as Promise<Record<string, unknown>>
}

function failure(error: string): object {
  return { actionSucceed: false, errorWrappers: [{ error }] }
}

inTheEmulator('the register of VAT numbers', () => {
  it('answers with a proof to those who say who asks', async () => {
    const question = { countryCode: 'DE', vatNumber: '123456789' }
    expect(await asked(question)).toMatchObject({ ...question, valid: true, requestIdentifier: '' })
    const requester = { requesterMemberStateCode: 'FR', requesterNumber: '12345678901' }
    expect(await asked({ ...question, ...requester })).toMatchObject({
      valid: true,
      requestIdentifier: expect.stringMatching(/^WAPIAAAA\w+$/),
    })
    expect(await asked({ ...question, requesterNumber: '12345678901' })).toEqual(failure('INVALID_REQUESTER_INFO'))
  })

  it.each([
    ['EL', '123456789', true],
    ['XI', '123456789', true],
    ['DE', '1', false],
    ['DE', '200', false],
  ])('%s %s: %s', async (countryCode, vatNumber, valid) => {
    expect(await asked({ countryCode, vatNumber })).toMatchObject({ valid })
  })

  it.each([
    ['GB is not in it', { countryCode: 'GB', vatNumber: '123456789' }, 'INVALID_INPUT'],
    ['GR is EL there', { countryCode: 'GR', vatNumber: '123456789' }, 'INVALID_INPUT'],
    ['a number is missing', { countryCode: 'DE' }, 'INVALID_INPUT'],
    ['this is no JSON', 'countryCode=DE', 'INVALID_INPUT'],
    ['its test number says so', { countryCode: 'DE', vatNumber: '301' }, 'MS_UNAVAILABLE'],
    ['its test number says so', { countryCode: 'DE', vatNumber: '600' }, 'MS_MAX_CONCURRENT_REQ'],
  ])('%s: %o is %s', async (_, question, error) => {
    expect(await asked(question)).toEqual(failure(error))
  })

  it('answers as the control route says', async () => {
    const question = { countryCode: 'FR', vatNumber: '98765432109' }
    await control('POST', 'vies', { number: 'FR98765432109', answer: 'TIMEOUT' })
    expect(await asked(question)).toEqual(failure('TIMEOUT'))
    await control('POST', 'vies', { number: 'FR98765432109', answer: 'invalid' })
    expect(await asked(question)).toMatchObject({ valid: false })
    await expect(control('POST', 'vies', { number: 'FR1', answer: 'perhaps' })).rejects.toThrow('answer one of')
  })
})
