import { expect, test } from 'vitest'
import { encodeId } from '../../../src/kernel/id.ts'
import { EUR } from '../../support/given.ts'
import {
  charge,
  compared,
  dispute,
  disputed,
  entry,
  ourDispute,
  ourPayment,
  ourRefund,
  payment,
  refund,
  refunded,
} from './given.ts'

const pay = encodeId('payment', payment(1))
const ref = encodeId('refund', refund(1))
const dp = encodeId('dispute', dispute(1))
const charged = 'The gateway’s charge of pi_1 moved 4900 USD in minor units (txn_1).'
const back = entry('refund', 1, { gatewayObject: 're_1', amount: -1000n })
const returned = entry('refund_failure', 1, { gatewayObject: 're_1', amount: 1000n })
const reversed = entry('dispute_reversal', 1, { gatewayObject: 'du_1' })
const bounced = entry('charge_failure', 1, { amount: -4900n })

test.each([
  [compared([charge(1)], {}), `${charged} It belongs to ${pay}, and nothing here says so.`],
  [
    compared([charge(1)], { payments: [ourPayment(1, { balanceTransaction: 'txn_0' })] }),
    `${charged} It belongs to ${pay}, whose money is txn_0 already.`,
  ],
  [
    compared([back], { payments: [ourPayment(1)] }),
    'The gateway’s refund re_1 moved 1000 USD in minor units (txn_refund_1). It was given back at the gateway, and no credit note says so.',
  ],
  [compared([charge(1)], { payments: [ourPayment(1, { status: 'failed' })] }), `${charged} Here ${pay} is failed.`],
  [compared([charge(1)], { payments: [ourPayment(1, { amount: 1n })] }), `${charged} Here ${pay} is of 1.`],
  [compared([charge(1)], { payments: [ourPayment(1, { currency: EUR })] }), `${charged} Here ${pay} is of 4900 EUR.`],
  [
    compared([bounced], { payments: [ourPayment(1)] }, { payments: [ourPayment(1)] }),
    `Here ${pay} succeeded with 4900 USD in minor units. The gateway has no such money for pi_1.`,
  ],
  [
    compared([refunded(1)], { refunds: [ourRefund(1, { amount: 1n })] }),
    `The gateway’s refund re_1 moved 1000 USD in minor units (txn_refund_1). Here ${ref} is of 1.`,
  ],
  [
    compared([returned], { refunds: [ourRefund(1)] }),
    `The gateway’s failed refund re_1 moved 1000 USD in minor units (txn_refund_failure_1). Here ${ref} is succeeded.`,
  ],
  [
    compared([disputed(1)], { disputes: [ourDispute(1, { status: 'inquiry' })] }),
    `The gateway’s dispute du_1 moved 4900 USD in minor units (txn_dispute_1). Here ${dp} is inquiry.`,
  ],
  [
    compared([reversed], { disputes: [ourDispute(1)] }),
    `The gateway’s won dispute du_1 moved 4900 USD in minor units (txn_dispute_reversal_1). Here ${dp} is open.`,
  ],
])('FR-071 a difference says what differs, of what, and where to look: %#', ({ findings }, detail) => {
  expect(findings.map((finding) => finding.detail)).toEqual([detail])
})
