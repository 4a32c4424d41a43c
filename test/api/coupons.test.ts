import { expect, test } from 'vitest'
import { body, type Json, organization } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storedRows, storesNothing } from '../support/rows.ts'
import { monthly } from '../support/world.ts'

const welcome = { code: 'WELCOME', percent_off: '50' }

test('a coupon is created as JSON and shown as it was given, by its code and its id', async () => {
  const client = await organization()
  for (const code of ['pro', 'basic'])
    await client.post('/v1/plans', { code, name: code, prices: [monthly('USD', '1')] })
  const given = {
    ...{ code: 'Launch-5', name: '5 USD off for three months', amount_off: 500, currency: 'USD' },
    ...{ duration: 'periods', periods: 3, plans: ['pro', 'basic'], redeem_by: '2027-01-01T01:00:00+01:00' },
    ...{ max_redemptions: 100, metadata: { campaign: 'launch' } },
  }
  const reply = await client.post('/v1/coupons', given)
  expect(reply.status).toBe(201)
  expect(reply.body).toEqual({
    ...given,
    id: expect.stringMatching(/^coup_[0-9a-z]{26}$/),
    ...{ percent_off: null, redeem_by: '2027-01-01T00:00:00Z', redemptions: 0, archived_at: null },
    created_at: expect.stringMatching(/Z$/),
  })
  expect(body(await client.get('/v1/coupons/Launch-5'))).toEqual(reply.body)
  expect(body(await client.get(`/v1/coupons/${reply.body.id}`))).toEqual(reply.body)
  expect(body(await client.get('/v1/coupons')).data).toEqual([reply.body])
  expect((await client.get('/v1/coupons/LAUNCH-5')).status, 'codes are compared to the letter').toBe(404)
})

test('what is not given: half off the next period, of all plans, for all and always, named by its code', async () => {
  const client = await organization()
  const { id, created_at, ...shown } = body(await client.post('/v1/coupons', { ...welcome, percent_off: '12.50' }))
  expect(shown).toEqual({
    ...{ code: 'WELCOME', name: 'WELCOME', percent_off: '12.5', amount_off: null, currency: null },
    ...{ duration: 'once', periods: null, plans: null, redeem_by: null, max_redemptions: null, redemptions: 0 },
    ...{ metadata: {}, archived_at: null },
  })
})

test.each([
  ['nothing to take off', { percent_off: null }, '/percent_off'],
  ['two things to take off', { amount_off: 500, currency: 'USD' }, '/amount_off'],
  ['no percentage', { percent_off: '0' }, '/percent_off'],
  ['more than everything', { percent_off: '100.000000000001' }, '/percent_off'],
  ['a percentage as a number', { percent_off: 50 }, '/percent_off'],
  ['13 decimals', { percent_off: '0.0000000000001' }, '/percent_off'],
  ['an amount without its currency', { percent_off: null, amount_off: 500 }, '/currency'],
  ['a currency without its amount', { currency: 'USD' }, '/currency'],
  ['an amount of nothing', { percent_off: null, amount_off: 0, currency: 'USD' }, '/amount_off'],
  ['a part of a cent', { percent_off: null, amount_off: 0.5, currency: 'USD' }, '/amount_off'],
  ['periods that are not counted', { duration: 'periods' }, '/periods'],
  ['periods without end', { duration: 'forever', periods: 3 }, '/periods'],
  ['121 periods', { duration: 'periods', periods: 121 }, '/periods'],
  ['no plan at all', { plans: [] }, '/plans'],
  ['a plan that is not there', { plans: ['pro', 'gone'] }, '/plans/1'],
  ['never to be taken', { max_redemptions: 0 }, '/max_redemptions'],
  ['a time without a zone', { redeem_by: '2027-01-01' }, '/redeem_by'],
  ['a code with a space', { code: 'HALF OFF' }, '/code'],
  ['a code like an id', { code: 'coup_half' }, '/code'],
])('a coupon with %s is refused, and nothing is saved', async (_, about, pointer) => {
  const client = await organization()
  await client.post('/v1/plans', { code: 'pro', name: 'Pro', prices: [monthly('USD', '1')] })
  const reply = await storesNothing(() => client.post('/v1/coupons', { ...welcome, ...about }))
  expectProblem(reply, 422, 'invalid_request', pointsAt(pointer))
  expect(reply.body.errors).toHaveLength(1)
})

test('a code is taken once in an organization, also by an archived coupon', async () => {
  const client = await organization()
  body(await client.post('/v1/coupons', welcome))
  body(await client.delete('/v1/coupons/WELCOME'))
  const taken = await storesNothing(() => client.post('/v1/coupons', { ...welcome, percent_off: '10' }))
  expectProblem(taken, 409, 'coupon_code_taken', pointsAt('/code'))
  body(await client.post('/v1/coupons', { ...welcome, code: 'welcome' }))
  body(await (await organization()).post('/v1/coupons', welcome))
})

test('its name and metadata can be changed, its terms cannot', async () => {
  const client = await organization()
  const before = body(await client.post('/v1/coupons', welcome))
  const after = { ...before, name: 'Half price', metadata: { a: '1' } }
  expect(body(await client.patch('/v1/coupons/WELCOME', { name: 'Half price', metadata: { a: '1' } }))).toEqual(after)
  expect(body(await client.patch(`/v1/coupons/${before.id}`, {}))).toEqual(after)
  const terms = await storesNothing(() => client.patch('/v1/coupons/WELCOME', { percent_off: '10' }))
  expectProblem(terms, 422, 'invalid_request', pointsAt('/percent_off'))
  expect(body(await client.get('/v1/coupons/WELCOME'))).toEqual(after)
})

test('an archived coupon is shown, and listed only when asked for', async () => {
  const client = await organization()
  for (const code of ['A', 'B', 'C']) body(await client.post('/v1/coupons', { ...welcome, code }))
  const archived = body(await client.delete('/v1/coupons/B'))
  expect(archived).toMatchObject({ code: 'B', archived_at: expect.stringMatching(/Z$/) })
  expect(body(await client.delete('/v1/coupons/B')), 'again changes nothing').toEqual(archived)
  const codes = async (query: string) =>
    body(await client.get(`/v1/coupons${query}`)).data.map(({ code }: Json) => code)
  expect(await codes('')).toEqual(['C', 'A'])
  expect(await codes('?archived=true')).toEqual(['C', 'B', 'A'])
  const page = body(await client.get('/v1/coupons?limit=1'))
  expect(page.has_more).toBe(true)
  expect(await codes(`?limit=1&cursor=${page.next_cursor}`)).toEqual(['A'])
})

test('another organization’s coupon is not there', async () => {
  const client = await organization()
  const { id } = body(await client.post('/v1/coupons', welcome))
  const other = await organization()
  for (const path of ['/v1/coupons/WELCOME', `/v1/coupons/${id}`]) {
    expectProblem(await other.get(path), 404, 'not_found')
    expectProblem(await storesNothing(() => other.patch(path, { name: 'Mine' })), 404, 'not_found')
    expectProblem(await storesNothing(() => other.delete(path)), 404, 'not_found')
  }
  expect(body(await other.get('/v1/coupons')).data).toEqual([])
})

test('every change is an event', async () => {
  const client = await organization()
  const made = body(await client.post('/v1/coupons', welcome))
  body(await client.patch('/v1/coupons/WELCOME', { name: 'Half price' }))
  body(await client.delete('/v1/coupons/WELCOME'))
  const events: Json[] = JSON.parse((await storedRows()).events ?? '[]')
  const ofCoupon = events.filter(({ data }) => data.id === made.id).toSorted((a, b) => a.sequence - b.sequence)
  expect(ofCoupon.map(({ type, data, previous }) => [type, data.name, previous?.name])).toEqual([
    ['coupon.created', 'WELCOME', undefined],
    ['coupon.updated', 'Half price', 'WELCOME'],
    ['coupon.archived', 'Half price', 'Half price'],
  ])
})
