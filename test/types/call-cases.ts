import type { TypeCase } from './type-case.ts';

export const callCases: readonly TypeCase[] = [
  {
    name: 'the answer of a call written as something else',
    right:
      "payments.callAsync({ name: 'c', call: async ({ value }) => value.account.length, result: countSerde }).to('out');",
    wrong: "payments.callAsync({ name: 'c', call: async ({ value }) => value.account, result: countSerde }).to('out');",
    says: /'string' is not assignable to type 'number'|Serde<number>/,
  },
  {
    name: 'a call that does not wait',
    right: "payments.callAsync({ name: 'c', call: async ({ key }) => key });",
    wrong: "payments.callAsync({ name: 'c', call: ({ key }) => key });",
    says: /PromiseLike/,
  },
  {
    name: 'what failures become left out of the result',
    right:
      "payments.callAsync({ name: 'c', call: async () => 1, onFailure: () => 'unknown' }).mapValues((answer) => typeof answer === 'string' ? answer : answer.toFixed());",
    wrong:
      "payments.callAsync({ name: 'c', call: async () => 1, onFailure: () => 'unknown' }).mapValues((answer) => answer.toFixed());",
    says: /'toFixed' does not exist on type 'string/,
  },
  {
    name: 'a call about a value of another type',
    right: "payments.callAsync({ name: 'c', call: async ({ value }) => value.amount });",
    wrong: "payments.callAsync({ name: 'c', call: async ({ value }) => value.of });",
    says: /Property 'of' does not exist on type 'Payment'/,
  },
  {
    name: 'a serde of other requests',
    right: "payments.callAsync({ name: 'c', value: paymentSerde, call: async ({ key }) => key });",
    wrong: "payments.callAsync({ name: 'c', value: refundSerde, call: async ({ key }) => key });",
    says: /Serde<Refund>/,
  },
];
