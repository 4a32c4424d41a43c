import type { Bench } from './bench.ts'
export const listInvoices: Bench = async () => []
