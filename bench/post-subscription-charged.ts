import type { Bench } from './bench.ts'
export const postSubscriptionCharged: Bench = async () => []
