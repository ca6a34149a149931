import type { TypeCase } from './type-case.ts';

/** Of `builder.invariant`. */
export const invariantCases: readonly TypeCase[] = [
  {
    name: 'a forwarded value of another type in an invariant',
    right:
      "builder.invariant('i', { topics: { out: { key: stringSerde, value: paymentSerde } }, holds: ({ forwarded }) => forwarded.out.every(({ value }) => value!.amount.minor > 0n) || 'negative' });",
    wrong:
      "builder.invariant('i', { topics: { out: { key: stringSerde, value: paymentSerde } }, holds: ({ forwarded }) => forwarded.out.every(({ value }) => value!.amount > 0n) || 'negative' });",
    says: /cannot be applied to types 'Money<"EUR">' and|Operator '>'/,
  },
  {
    name: 'a topic that an invariant did not name',
    right:
      "builder.invariant('i', { topics: { out: { key: stringSerde, value: countSerde } }, holds: ({ forwarded }) => forwarded.out.length > 0 || 'none' });",
    wrong:
      "builder.invariant('i', { topics: { out: { key: stringSerde, value: countSerde } }, holds: ({ forwarded }) => forwarded.other.length > 0 || 'none' });",
    says: /'other' does not exist/,
  },
  {
    name: 'stores and tables in an invariant, with what was not there before',
    right:
      "builder.invariant('i', { stores: { accounts, seen: keyValueStore({ name: 'seen', key: stringSerde, value: countSerde }) }, holds: ({ stores }) => stores.seen.changes.every(({ key, before, after }) => (after ?? 0) > (before ?? 0) && stores.accounts.get(key)?.owner !== '') || 'fell' });",
    wrong:
      "builder.invariant('i', { stores: { accounts, seen: keyValueStore({ name: 'seen', key: stringSerde, value: countSerde }) }, holds: ({ stores }) => stores.seen.changes.every(({ before, after }) => after > before) || 'fell' });",
    says: /possibly 'undefined'/,
  },
  {
    name: 'a key of another type asked of a table in an invariant',
    right:
      "builder.invariant('i', { stores: { branches }, holds: ({ stores }) => stores.branches.get(1) !== 'x' || 'x' });",
    wrong:
      "builder.invariant('i', { stores: { branches }, holds: ({ stores }) => stores.branches.get('1') !== 'x' || 'x' });",
    says: /'string' is not assignable to parameter of type 'number'/,
  },
  {
    name: 'the input of an invariant taken for granted',
    right:
      "builder.invariant('i', { inputs: { payments, refunds }, stores: { accounts }, holds: ({ inputs }) => inputs.refunds?.value?.of !== '' || inputs.payments!.value!.account });",
    wrong:
      "builder.invariant('i', { inputs: { payments, refunds }, stores: { accounts }, holds: ({ inputs }) => inputs.refunds.value?.of !== '' || 'empty' });",
    says: /possibly 'undefined'/,
  },
  {
    name: 'a table as the input of an invariant',
    right: "builder.invariant('i', { inputs: { payments }, stores: { accounts }, holds: () => true });",
    wrong: "builder.invariant('i', { inputs: { accounts }, stores: { accounts }, holds: () => true });",
    says: /Property 'input' is missing/,
  },
  {
    name: 'a store of windows in an invariant',
    right:
      "builder.invariant('i', { stores: { seen: keyValueStore({ name: 'seen', key: stringSerde, value: countSerde }) }, holds: () => true });",
    wrong:
      "builder.invariant('i', { stores: { seen: windowStore({ name: 'seen', key: stringSerde, value: countSerde, windowMs: 1, retentionMs: 1 }) }, holds: () => true });",
    says: /not assignable/,
  },
  {
    name: 'an invariant that does not say what is wrong',
    right:
      "builder.invariant('i', { stores: { accounts }, holds: ({ stores }) => stores.accounts.changes.length < 2 || 'two' });",
    wrong:
      "builder.invariant('i', { stores: { accounts }, holds: ({ stores }) => stores.accounts.changes.length < 2 });",
    says: /'boolean' is not assignable/,
  },
  {
    name: 'an invariant that answers later',
    right: "builder.invariant('i', { stores: { accounts }, holds: () => true });",
    wrong: "builder.invariant('i', { stores: { accounts }, holds: async () => true as const });",
    says: /Promise<.*' is not assignable/,
  },
];
