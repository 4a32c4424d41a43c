import type { Bench } from './bench.ts'
export const getSubscription: Bench = async () => []
