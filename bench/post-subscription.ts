import type { Bench } from './bench.ts'
export const postSubscription: Bench = async () => []
