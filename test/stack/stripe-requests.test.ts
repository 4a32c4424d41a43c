import { expect, it } from 'vitest'
import { apiVersion } from '../../dev/stripe/document.ts'
import { inEachWorld, inTheEmulator } from './stripe-world.ts'

inEachWorld('a request that the document does not allow', ({ key, url }) => {
  const api = url === '' ? 'https://api.stripe.com' : url

  it.each([
    ['an unknown parameter', 'customers', 'nickname=x', { code: 'parameter_unknown', param: 'nickname' }],
    ['an unknown inner one', 'customers', 'address[planet]=x', { code: 'parameter_unknown', param: 'address[planet]' }],
    ['a missing one', 'payment_intents', 'amount=500', { code: 'parameter_missing', param: 'currency' }],
    [
      'no integer',
      'payment_intents',
      'amount=5.5&currency=usd',
      { code: 'parameter_invalid_integer', param: 'amount' },
    ],
    [
      'a value outside the list',
      'payment_intents',
      'amount=500&currency=usd&capture_method=x',
      { param: 'capture_method' },
    ],
    ['an object for a string', 'customers', 'name[first]=x', { param: 'name' }],
    [
      'an unset integer',
      'payment_intents',
      'amount=&currency=usd',
      { code: 'parameter_invalid_empty', param: 'amount' },
    ],
    ['too little money', 'payment_intents', 'amount=49&currency=usd', { code: 'amount_too_small', param: 'amount' }],
    [
      'a customer who is not there',
      'payment_intents',
      'amount=500&currency=usd&customer=cus_x',
      { code: 'resource_missing' },
    ],
  ])('with %s is refused', async (_, path, body, expected) => {
    const response = await post(api, key, path, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', ...expected } })
  })

  it('is told 404 and 401 apart', async () => {
    expect((await post(api, key, 'unicorns', '')).status).toBe(404)
    expect((await fetch(`${api}/v1/customers`)).status).toBe(401)
  })
})

inTheEmulator('a request that is not served', ({ key, url }) => {
  it('is told so', async () => {
    const later = await post(url, key, 'checkout/sessions', 'mode=payment')
    expect([later.status, later.headers.get('request-id')]).toEqual([501, expect.stringMatching(/^req_/)])
  })
})

function post(api: string, key: string, path: string, body: string): Promise<Response> {
  const type = 'application/x-www-form-urlencoded'
  const headers = { authorization: `Bearer ${key}`, 'content-type': type, 'stripe-version': apiVersion }
  return fetch(`${api}/v1/${path}`, { method: 'POST', headers, body })
}
