import { beforeAll, expect, it } from 'vitest'
import { mark, refusal } from './stripe-words.ts'
import { clientOf, control, emulator, inEachWorld, inTheEmulator } from './stripe-world.ts'

inTheEmulator('a search', () => {
  const searched = 'sk_test_searched'
  const client = clientOf(emulator, searched)

  beforeAll(async () => {
    await client.customers.create({ name: 'Ada', email: 'ada@example.com', metadata: { plan: 'pro' } })
    await client.customers.create({ name: 'Alan', phone: '+44', metadata: { quote: 'say "hi"' } })
    await client.customers.create({ name: 'Grace', metadata: { plan: 'pro' } })
    await control('POST', 'clock', { advance_s: 60 }, searched)
  })

  it('finds nothing that is younger than a minute', async () => {
    const fresh = clientOf(emulator, 'sk_test_fresh')
    await fresh.customers.create({ email: 'ada@example.com' })
    const found = async () => (await fresh.customers.search({ query: 'email:"ada@example.com"' })).data.length
    expect(await found()).toBe(0)
    await control('POST', 'clock', { advance_s: 60 }, 'sk_test_fresh')
    expect(await found()).toBe(1)
  })

  it.each<[string, string[]]>([
    ['email:"ADA@example.com"', ['Ada']],
    ['name~"race"', ['Grace']],
    ['metadata["plan"]:"pro"', ['Grace', 'Ada']],
    ['metadata["plan"]:"pro" AND -name:"Ada"', ['Grace']],
    ['name:"Ada" OR phone:"+44"', ['Alan', 'Ada']],
    ['phone:null', ['Grace', 'Ada']],
    ['metadata["quote"]:"say \\"hi\\""', ['Alan']],
    ['created>0 name:"Alan"', ['Alan']],
    ['created<1', []],
  ])('for customers by %s', async (query, names) => {
    const { data } = await client.customers.search({ query })
    expect(data.map(({ name }) => name)).toEqual(names)
  })

  it('for payments, in pages and with their number', async () => {
    for (const amount of [1000, 2000, 3000]) {
      await client.paymentIntents.create({ amount, currency: 'usd', metadata: { invoice: `inv_${amount}` } })
    }
    await control('POST', 'clock', { advance_s: 60 }, searched)
    const query = 'status:"requires_payment_method" amount>=2000 currency:"usd"'
    const first = await client.paymentIntents.search({ query, limit: 1, expand: ['total_count'] })
    expect([first.data.map(({ amount }) => amount), first.has_more, first.total_count]).toEqual([[3000], true, 2])
    const second = await client.paymentIntents.search({ query, limit: 1, page: first.next_page ?? '' })
    expect([second.data.map(({ amount }) => amount), second.has_more, second.next_page]).toEqual([[2000], false, null])
    expect(await control('GET', 'bugs', undefined, searched)).toEqual([])
  })
})

inEachWorld('a search', ({ stripe }) => {
  it.each([
    ['both AND and OR', 'name:"a" AND name:"b" OR name:"c"'],
    ['a field that cannot be searched', 'balance:0'],
    ['an operator of another kind', 'name>"a"'],
    ['metadata without a key', 'metadata:"a"'],
    ['a short substring', 'name~"ad"'],
    ['nothing at all', ''],
    ['no query', 'hello'],
    ['a join before the first clause', 'AND name:"a"'],
  ])('with %s is refused', async (_, query) => {
    expect(await refusal(stripe.customers.search({ query }))).toMatchObject({ statusCode: 400 })
  })
})

inEachWorld('a tax id', (world) => {
  const { stripe, eventually } = world
  const someone = async () => (await stripe.customers.create({ name: 'Ada', metadata: mark })).id

  it('is added, listed and deleted', async () => {
    const customer = await someone()
    const taxId = await stripe.customers.createTaxId(customer, { type: 'eu_vat', value: 'DE123456789' })
    expect(taxId).toMatchObject({ country: 'DE', value: 'DE123456789', customer })
    expect((await stripe.customers.listTaxIds(customer)).data.map(({ id }) => id)).toEqual([taxId.id])
    expect(await stripe.customers.deleteTaxId(customer, taxId.id)).toMatchObject({ deleted: true })
    expect((await stripe.customers.listTaxIds(customer)).data).toEqual([])
    const gone = stripe.customers.retrieveTaxId(customer, taxId.id)
    expect(await refusal(gone)).toMatchObject({ statusCode: 404 })
  })

  it.each([
    ['eu_vat', '000000000', 'verified'],
    ['eu_vat', '111111111', 'unverified'],
    ['gb_vat', '222222222', 'pending'],
    ['us_ein', '12-3456789', 'unavailable'],
  ] as const)('%s %s is %s in the end', async (type, value, status) => {
    const { id: customer } = await stripe.customers.create({ tax_id_data: [{ type, value }], metadata: mark })
    await world.settles()
    const find = async () => (await stripe.customers.listTaxIds(customer)).data
    await eventually(find).toMatchObject([{ verification: { status } }])
  })

  it('of another form is refused', async () => {
    const wrong = { type: 'eu_vat' as const, value: 'XX123456789' }
    const refused = await refusal(stripe.customers.createTaxId(await someone(), wrong))
    expect(refused).toMatchObject({ code: 'tax_id_invalid' })
  })

  it('is the customer’s alone, and one of five', async () => {
    const [customer, other] = [await someone(), await someone()]
    const add = () => stripe.customers.createTaxId(customer, { type: 'us_ein', value: '12-3456789' })
    const { id } = await add()
    expect(await refusal(stripe.customers.retrieveTaxId(other, id))).toMatchObject({ statusCode: 404 })
    for (const _ of [2, 3, 4, 5]) await add()
    expect(await refusal(add())).toMatchObject({ statusCode: 400 })
  })
})

inTheEmulator('a tax id', ({ stripe }) => {
  it('is verified later, with a name', async () => {
    const { id: customer } = await stripe.customers.create({ name: 'Ada' })
    const taxId = await stripe.customers.createTaxId(customer, { type: 'eu_vat', value: 'DE 123456789' })
    expect(taxId).toMatchObject({ value: 'DE123456789', verification: { status: 'pending' } })
    expect(await control('POST', 'settle')).toEqual({ settled: [{ id: taxId.id, status: 'verified' }] })
    const verified = await stripe.customers.retrieveTaxId(customer, taxId.id)
    expect(verified.verification).toMatchObject({ status: 'verified', verified_name: 'Test Company' })
  })

  it('of another form is refused, and the customer with it', async () => {
    const email = 'with-tax-id@example.com'
    const tax_id_data = [{ type: 'eu_vat' as const, value: 'XX123456789' }]
    const refused = await refusal(stripe.customers.create({ email, tax_id_data }))
    expect(refused).toMatchObject({ code: 'tax_id_invalid', param: 'tax_id_data[0][value]' })
    expect((await stripe.customers.list({ email })).data).toEqual([])
  })

  it('goes with its customer', async () => {
    const { id: customer } = await stripe.customers.create()
    const { id } = await stripe.customers.createTaxId(customer, { type: 'eu_vat', value: 'DE123456789' })
    await stripe.customers.del(customer)
    expect(await refusal(stripe.customers.retrieveTaxId(customer, id))).toMatchObject({ statusCode: 404 })
    expect(await control('POST', 'settle')).toEqual({ settled: [] })
  })
})
