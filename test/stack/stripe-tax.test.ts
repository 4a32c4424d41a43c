import type Stripe from 'stripe'
import { expect, it } from 'vitest'
import { once, refusal } from './stripe-words.ts'
import { clientOf, control, emulated, emulator, inEachWorld, inTheEmulator } from './stripe-world.ts'

type Address = { readonly country: string; readonly state?: string; readonly postal_code?: string }
type Line = Partial<Stripe.Tax.CalculationCreateParams.LineItem>

/** The tax on one net line of 100.00, unless told otherwise. */
function calculated(
  address: Address,
  lines: readonly Line[] = [{}],
  more: Partial<Stripe.Tax.CalculationCreateParams.CustomerDetails> = {},
  client = emulated.stripe,
): Promise<Stripe.Tax.Calculation> {
  return client.tax.calculations.create({
    currency: 'eur',
    line_items: lines.map((line) => ({ amount: 10_000, ...line })),
    customer_details: { address, address_source: 'billing', ...more },
    expand: ['line_items.data.tax_breakdown'],
  })
}

/** Reason, rate and amount of each tax of the calculation. */
function breakdownOf({ tax_breakdown }: Stripe.Tax.Calculation): unknown[] {
  return tax_breakdown.map(({ taxability_reason, tax_rate_details, amount }) => [
    ...[taxability_reason, tax_rate_details.percentage_decimal, amount],
  ])
}

const saas = 'txcd_10103001'
const book = 'txcd_10302000'
const california = { country: 'US', state: 'CA', postal_code: '94080' }
const newYork = { country: 'US', state: 'NY', postal_code: '10001' }

inEachWorld('a tax calculation', ({ stripe }) => {
  it('has its lines by their references, and can be read again', async () => {
    const lines = [{ reference: 'line_1' }, { reference: 'line_2', amount: 5_000 }]
    const calculation = await calculated({ country: 'DE' }, lines, {}, stripe)
    expect(calculation.amount_total).toBe(15_000 + calculation.tax_amount_exclusive)
    expect(calculation.line_items?.data).toMatchObject([
      { reference: 'line_1', amount: 10_000 },
      { reference: 'line_2', amount: 5_000 },
    ])
    const { amount_total } = await stripe.tax.calculations.retrieve(calculation.id ?? '')
    expect(amount_total).toBe(calculation.amount_total)
  })

  it('for half an American address is refused', async () => {
    const error = await refusal(calculated({ country: 'US', postal_code: '1' }, [{}], {}, stripe))
    expect(error).toMatchObject({ statusCode: 400, code: 'customer_tax_location_invalid' })
  })
})

inTheEmulator('a tax calculation', ({ stripe }) => {
  it.each<[string, Address, Line, unknown[][]]>([
    ['Germany', { country: 'DE' }, {}, [['standard_rated', '19.0', 1900]]],
    ['Finland, to the half percent', { country: 'FI' }, {}, [['standard_rated', '25.5', 2550]]],
    ['a book in Germany', { country: 'DE' }, { tax_code: book }, [['reduced_rated', '7.0', 700]]],
    ['a book in Ireland', { country: 'IE' }, { tax_code: book }, [['zero_rated', '0.0', 0]]],
    ['nothing taxable', { country: 'DE' }, { tax_code: 'txcd_00000000' }, [['product_exempt', '0.0', 0]]],
    ['New York City, three authorities', newYork, {}, [['standard_rated', '8.875', 888]]],
    ['software in California', california, { tax_code: saas }, [['product_exempt', '0.0', 0]]],
    [
      'Québec, two taxes',
      { country: 'CA', state: 'QC' },
      {},
      [
        ['standard_rated', '5.0', 500],
        ['standard_rated', '9.975', 998],
      ],
    ],
    ['nowhere it knows', { country: 'BR' }, {}, [['not_supported', '0.0', 0]]],
  ])('for %s', async (_, address, line, expected) => {
    const calculation = await calculated(address, [line])
    expect(breakdownOf(calculation)).toEqual(expected)
    expect(calculation.amount_total).toBe(10_000 + calculation.tax_amount_exclusive)
  })

  it('names each authority on the line, and rounds each tax by itself', async () => {
    const { line_items } = await calculated(newYork, [{ amount: 999, reference: 'line_1', metadata: { item: 'seat' } }])
    const [line] = line_items?.data ?? []
    expect(line).toMatchObject({ reference: 'line_1', amount_tax: 40 + 45 + 4, metadata: { item: 'seat' } })
    expect(line?.tax_breakdown?.map(({ amount, jurisdiction }) => [jurisdiction.level, amount])).toEqual([
      ['state', 40],
      ['city', 45],
      ['district', 4],
    ])
  })

  it('takes the tax out of an inclusive amount', async () => {
    const calculation = await calculated({ country: 'DE' }, [{ amount: 11_900, tax_behavior: 'inclusive' }, {}])
    expect(calculation).toMatchObject({
      ...{ amount_total: 23_800, tax_amount_inclusive: 1900, tax_amount_exclusive: 1900 },
      tax_breakdown: [
        { inclusive: true, amount: 1900, taxable_amount: 10_000 },
        { inclusive: false, amount: 1900, taxable_amount: 10_000 },
      ],
    })
  })

  it('of a business abroad is its own affair: reverse charge, by the form of its id alone', async () => {
    const tax_ids = [{ type: 'eu_vat' as const, value: 'FR12345678901' }]
    expect(breakdownOf(await calculated({ country: 'FR' }, [{}], { tax_ids }))).toEqual([['reverse_charge', '0.0', 0]])
    const own = clientOf(emulator, 'sk_test_french')
    await control('POST', 'seller', { country: 'FR' }, 'sk_test_french')
    expect(breakdownOf(await calculated({ country: 'FR' }, [{}], { tax_ids }, own))).toEqual([
      ['standard_rated', '20.0', 2000],
    ])
  })

  it('is none where the seller does not collect, and where the customer is exempt', async () => {
    const abroad = clientOf(emulator, 'sk_test_collecting')
    await control('POST', 'seller', { country: 'DE', collects_in: ['DE', 'US-NY'] }, 'sk_test_collecting')
    const reasons = async (address: Address) => breakdownOf(await calculated(address, [{}], {}, abroad)).flat()[0]
    expect([await reasons({ country: 'DE' }), await reasons(newYork)]).toEqual(['standard_rated', 'standard_rated'])
    expect(await reasons({ country: 'FR' })).toBe('not_collecting')
    const exempt = await calculated({ country: 'DE' }, [{}], { taxability_override: 'customer_exempt' })
    expect(breakdownOf(exempt)).toEqual([['customer_exempt', '0.0', 0]])
  })

  it('takes a customer on file, with address, ids and exemption', async () => {
    const { id: customer } = await stripe.customers.create({
      address: { country: 'DE' },
      tax_exempt: 'exempt',
      tax_id_data: [{ type: 'eu_vat', value: 'DE123456789' }],
    })
    const terms = { currency: 'eur', customer, line_items: [{ amount: 10_000 }] }
    const calculation = await stripe.tax.calculations.create(terms)
    expect(calculation.customer_details).toMatchObject({
      taxability_override: 'customer_exempt',
      tax_ids: [{ type: 'eu_vat', value: 'DE123456789' }],
    })
    expect(calculation.line_items).toBeUndefined()
    const lines = await stripe.tax.calculations.listLineItems(calculation.id ?? '', { limit: 1 })
    expect(lines.data).toMatchObject([{ reference: 'L1', amount_tax: 0 }])
    expect(lines.data[0]?.tax_breakdown).toBeUndefined()
  })

  it.each<[string, Address, readonly Line[], object]>([
    ['no country', { country: 'Germany' }, [{}], { code: 'customer_tax_location_invalid' }],
    ['less than nothing', { country: 'DE' }, [{ amount: -1 }], { param: 'line_items[0][amount]' }],
    ['no tax code', { country: 'DE' }, [{ tax_code: 'saas' }], { param: 'line_items[0][tax_code]' }],
    [
      'one reference twice',
      { country: 'DE' },
      [{ reference: 'a' }, { reference: 'a' }],
      { param: 'line_items[1][reference]' },
    ],
  ])('for %s is refused', async (_, address, lines, expected) => {
    expect(await refusal(calculated(address, lines))).toMatchObject({ statusCode: 400, ...expected })
  })

  it('for a day too far away is refused', async () => {
    const tax_date = Math.floor(Date.now() / 1000) - 32 * 24 * 3600
    const terms = { currency: 'eur', line_items: [{ amount: 1 }], customer_details: { address: { country: 'DE' } } }
    expect(await refusal(stripe.tax.calculations.create({ ...terms, tax_date }))).toMatchObject({ param: 'tax_date' })
  })
})

let made = 0

/** A transaction of two lines, 100.00 and 50.00 plus 19 %, under a reference of its own. */
async function recorded(client = emulated.stripe): Promise<Stripe.Tax.Transaction> {
  made += 1
  const { id } = await calculated({ country: 'DE' }, [{}, { amount: 5_000 }], {}, client)
  return client.tax.transactions.createFromCalculation({
    ...{ calculation: id ?? '', reference: once(`INV-${made}`) },
    expand: ['line_items'],
  })
}

inEachWorld('a tax transaction', ({ stripe }) => {
  it('is recorded once under its reference', async () => {
    const transaction = await recorded(stripe)
    expect(transaction).toMatchObject({ type: 'transaction', currency: 'eur', reversal: null })
    expect(transaction.line_items?.data.map(({ amount }) => amount)).toEqual([10_000, 5_000])
    expect(await stripe.tax.transactions.retrieve(transaction.id)).toMatchObject({ reference: transaction.reference })
    const { id } = await calculated({ country: 'DE' }, [{}], {}, stripe)
    const again = { calculation: id ?? '', reference: transaction.reference }
    const taken = await refusal(stripe.tax.transactions.createFromCalculation(again))
    expect(taken).toMatchObject({ code: 'resource_already_exists', param: 'reference' })
  })

  it('is reversed whole, and then has nothing left', async () => {
    const { id: original_transaction } = await recorded(stripe)
    const full = { mode: 'full' as const, original_transaction }
    const reversal = await stripe.tax.transactions.createReversal({ ...full, reference: `${original_transaction}-1` })
    expect(reversal).toMatchObject({ type: 'reversal', reversal: { original_transaction } })
    const lines = await stripe.tax.transactions.listLineItems(reversal.id)
    expect(lines.data.map(({ amount }) => amount)).toEqual([-10_000, -5_000])
    const again = stripe.tax.transactions.createReversal({ ...full, reference: `${original_transaction}-2` })
    expect(await refusal(again)).toMatchObject({ statusCode: 400 })
    const twice = { mode: 'full' as const, original_transaction: reversal.id, reference: once('twice') }
    expect(await refusal(stripe.tax.transactions.createReversal(twice))).toMatchObject({ statusCode: 400 })
  })
})

inTheEmulator('a tax transaction', ({ stripe }) => {
  it('has the tax of its lines, and so has its reversal', async () => {
    const { id: original_transaction, line_items } = await recorded()
    const taxes = line_items?.data.map(({ amount, amount_tax }) => [amount, amount_tax])
    expect(taxes).toEqual([
      [10_000, 1900],
      [5_000, 950],
    ])
    const about = { mode: 'full' as const, original_transaction, reference: once('taxed') }
    const reversal = await stripe.tax.transactions.createReversal(about)
    const lines = await stripe.tax.transactions.listLineItems(reversal.id)
    expect(lines.data.map(({ amount, amount_tax }) => [amount, amount_tax])).toEqual([
      [-10_000, -1900],
      [-5_000, -950],
    ])
  })

  it('comes from a calculation of the last 90 days', async () => {
    const late = clientOf(emulator, 'sk_test_late_tax')
    const { id } = await calculated({ country: 'DE' }, [{}], {}, late)
    await control('POST', 'clock', { advance_s: 90 * 24 * 3600 }, 'sk_test_late_tax')
    const create = late.tax.transactions.createFromCalculation({ calculation: id ?? '', reference: 'late' })
    expect(await refusal(create)).toMatchObject({ param: 'calculation' })
    expect(await refusal(late.tax.calculations.retrieve(id ?? ''))).toMatchObject({ statusCode: 404 })
  })

  it('is reversed by lines, as far as they go', async () => {
    const { id: original_transaction, line_items } = await recorded()
    const original_line_item = line_items?.data[0]?.id ?? ''
    const reverse = (amount: number, amount_tax: number, reference: string) =>
      stripe.tax.transactions.createReversal({
        ...{ mode: 'partial', original_transaction, reference: `${original_transaction}-${reference}` },
        line_items: [{ amount, amount_tax, original_line_item, reference: 'credited' }],
        expand: ['line_items'],
      })
    const first = await reverse(-6_000, -1140, 'a')
    expect(first.line_items?.data).toMatchObject([
      { amount: -6_000, amount_tax: -1140, reference: 'credited', reversal: { original_line_item } },
    ])
    expect(await refusal(reverse(-4_001, -760, 'b'))).toMatchObject({ param: 'line_items[0][amount]' })
    expect(await refusal(reverse(-4_000, -761, 'c'))).toMatchObject({ param: 'line_items[0][amount_tax]' })
    expect(await refusal(reverse(1, 0, 'd'))).toMatchObject({ param: 'line_items[0][amount]' })
    expect((await reverse(-4_000, -760, 'e')).type).toBe('reversal')
  })

  it('is reversed by one sum, spread over its lines', async () => {
    const { id: original_transaction } = await recorded()
    const reverse = (flat_amount: number, n: number) =>
      stripe.tax.transactions.createReversal({
        ...{ mode: 'partial', original_transaction, reference: `${original_transaction}-${n}`, flat_amount },
        expand: ['line_items'],
      })
    const { line_items } = await reverse(-1_000, 1)
    const amounts = line_items?.data.map(({ amount, amount_tax }) => [amount, amount_tax]) ?? []
    expect(amounts).toEqual([
      [-560, -106],
      [-281, -53],
    ])
    expect(amounts.flat().reduce((sum, amount) => sum + amount, 0)).toBe(-1_000)
    expect(await refusal(reverse(-16_851, 2))).toMatchObject({ param: 'flat_amount' })
  })
})
