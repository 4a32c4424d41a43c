import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { pagesOf, streamOf } from '../../src/exports/stream.ts'
import { rowsOf } from '../support/csv.ts'
import { contentOf, exported } from '../support/exports.ts'
import { expectProblem } from '../support/problem.ts'
import { database, sql } from '../support/sql.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World

/**
 * 12,345 lines: the one of an invoice that was sold, 11 invoices of a thousand copies of it, and 1,344 of one. The large
 * ones come first; their lines are stored in no order.
 */
beforeAll(async () => {
  world = await newWorld()
  await world.plan('pro')
  await (await world.account()).subscribes('pro')
  const id = (n: string) => `('00000000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`
  await sql(`
    with copies as (select n, ${id('n')} as id, case when n <= 11 then 1000 else 1 end as lines from generate_series(1, 1355) n),
    made as (insert into invoices select r.* from invoices i, copies, jsonb_populate_record(null::invoices,
      to_jsonb(i) || jsonb_build_object('id', copies.id, 'number', 'COPY-' || copies.n)) r)
    insert into invoice_lines select r.* from invoice_lines l, copies, generate_series(1, copies.lines) k,
      jsonb_populate_record(null::invoice_lines, to_jsonb(l) || jsonb_build_object('invoice_id', copies.id,
        'id', ${id('copies.n * 10000 + k')}, 'position', k, 'description', 'Line ' || k)) r order by md5(k::text)`)
}, 30_000)

afterEach(() => database.down(false))

const lines = () => exported('invoices.csv?lines=true', world.client.key)

describe('FR-056 an export of 12,345 lines', () => {
  test('has each of them once, in order, a page a trip', async () => {
    await exported('ledger.csv', world.client.key).then(contentOf)
    const before = await database.trips()
    const rows = rowsOf(await contentOf(await lines()))
    // Two pages that 5,000 lines fill, of five invoices each; two of 500 invoices; what is left; and the empty one.
    expect((await database.trips()) - before).toBe(6)
    const stored = await sql('select count(*)::integer as lines from invoice_lines')
    expect([rows.length, new Set(rows.map(({ line }) => line)).size, stored]).toEqual([
      12345,
      12345,
      [{ lines: 12345 }],
    ])
    const order = rows.map(({ invoice, description }) => [invoice, Number(description?.replace('Line ', ''))] as const)
    for (const [index, [invoice, line]] of order.entries()) {
      const [earlier, earlierLine] = order[index - 1] ?? ['', 0]
      if (earlier === invoice ? line !== earlierLine + 1 : String(earlier) > String(invoice)) expect.fail(`${index}`)
    }
  })

  test('as invoices has each with all its lines', async () => {
    const text = await contentOf(await exported('invoices.ndjson', world.client.key))
    const counts = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).lines.length)
    expect(counts).toEqual([...Array(11).fill(1000), ...Array(1345).fill(1)])
  })

  test.each(['invoices.csv?lines=true', 'invoices.csv', 'invoices.ndjson', 'ledger.csv'])(
    '%s is refused where the database is down before it begins',
    async (path) => {
      await database.down(true)
      expectProblem(await world.client.get(`/v1/exports/${path}`), 503, 'database_unavailable')
    },
  )

  test.each(['invoices.csv?lines=true', 'invoices.csv', 'invoices.ndjson'])(
    '%s breaks off where the database goes down on the way: it never ends as if it were whole',
    async (path) => {
      const response = await exported(path, world.client.key)
      expect(response.status).toBe(200)
      await database.down(true)
      await expect(contentOf(response)).rejects.toThrow()
    },
  )

  test('breaks off where a single answer is lost', async () => {
    await database.losesReply('lines_before')
    expect((await lines()).status).toBe(503)
    const response = await lines()
    await database.losesReply('lines_before')
    await expect(contentOf(response)).rejects.toThrow()
  })
})

describe('FR-056 the pages of an export', () => {
  const rowsFrom = (after: string | null) =>
    Array.from({ length: 3 }, (_, index) => ({ id: String(Number(after ?? 100) + index + 1) }))

  test('are read one at a time, when the one before has been taken', async () => {
    let read = 0
    const pages = pagesOf(async (after) => {
      read += 1
      return rowsFrom(after)
    })
    const stream = await streamOf(pages, { head: 'id\n', write: ({ id }) => `${id}\n` }, { request_id: 'req_1' })
    const reader = stream.getReader()
    const next = async () => new TextDecoder().decode((await reader.read()).value)
    expect([read, await next(), read]).toEqual([1, 'id\n101\n102\n103\n', 1])
    expect([await next(), read]).toEqual(['104\n105\n106\n', 2])
    await reader.cancel()
    expect(read).toBe(2)
  })

  test('that show nothing do not end it', async () => {
    const pages = pagesOf(async (after) => (Number(after) >= 109 ? [] : rowsFrom(after)))
    const write = ({ id }: { id: string }) => (id === '109' ? id : '')
    const stream = await streamOf(pages, { head: '', write }, { request_id: 'req_1' })
    expect(await new Response(stream).text()).toBe('109')
  })

  test('that go round in circles end it with an error', async () => {
    const pages = pagesOf(async () => rowsFrom(null))
    const stream = await streamOf(pages, { head: '', write: ({ id }) => id }, { request_id: 'req_1' })
    await expect(new Response(stream).text()).rejects.toThrow()
  })
})
