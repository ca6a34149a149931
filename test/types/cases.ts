import { callCases } from './call-cases.ts';
import type { TypeCase } from './type-case.ts';

export const cases: readonly TypeCase[] = [
  {
    name: 'a wrong value at to()',
    right: "payments.to('out', { key: stringSerde, value: paymentSerde });",
    wrong: "payments.to('out', { key: stringSerde, value: countSerde });",
    says: /Serde<number>.*Serde<Payment>/,
  },
  {
    name: 'a wrong key at to()',
    right: "payments.to('out', { key: stringSerde, value: paymentSerde });",
    wrong: "payments.to('out', { key: int64Serde, value: paymentSerde });",
    says: /Serde<bigint>.*Serde<string>/,
  },
  {
    name: 'a value at to() that an operator before has changed',
    right: "payments.mapValues(({ account }) => account.length).to('out', { key: stringSerde, value: countSerde });",
    wrong: "payments.mapValues(({ account }) => account.length).to('out', { key: stringSerde, value: paymentSerde });",
    says: /Serde<Payment>.*Serde<number>/,
  },
  {
    name: 'a table at to()',
    right: "accounts.toStream().to('out');",
    wrong: "accounts.to('out');",
    says: /'to' does not exist/,
  },
  {
    name: 'a join of a stream and a table of unlike keys',
    right: 'payments.join(accounts, (payment, account) => [payment, account]);',
    wrong: 'payments.join(branches, (payment, branch) => [payment, branch]);',
    says: /not assignable|No overload/,
  },
  {
    name: 'a join of tables of unlike keys',
    right: 'accounts.join(accounts, (one, other) => [one, other]);',
    wrong: 'accounts.join(branches, (one, other) => [one, other]);',
    says: /not assignable/,
  },
  {
    name: 'a foreign key of another type than the table has',
    right:
      "accounts.joinOnForeignKey(branches, (account) => account.owner.length, (account, branch) => [account, branch].join(), { name: 'j', value: stringSerde });",
    wrong:
      "accounts.joinOnForeignKey(branches, (account) => account.owner, (account, branch) => [account, branch].join(), { name: 'j', value: stringSerde });",
    says: /'string' is not assignable to type 'number'/,
  },
  {
    name: 'the missing side of a left join taken for granted',
    right: "payments.leftJoin(accounts, (_payment, account) => account?.owner ?? 'nobody');",
    wrong: 'payments.leftJoin(accounts, (_payment, account) => account.owner);',
    says: /possibly 'null'/,
  },
  {
    name: 'a merge of unlike values',
    right: 'payments.merge(payments);',
    wrong: 'payments.merge(byNumber);',
    says: /not assignable/,
  },
  {
    name: 'money of two currencies, added',
    right: 'addMoney(euros, euros);',
    wrong: 'addMoney(euros, crowns);',
    says: /'"CZK"' is not assignable to type '"EUR"'/,
  },
  {
    name: 'money of two currencies, subtracted',
    right: 'subtractMoney(euros, euros);',
    wrong: 'subtractMoney(crowns, euros);',
    says: /'"EUR"' is not assignable to type '"CZK"'/,
  },
  {
    name: 'money of two currencies, compared',
    right: 'compareMoney(euros, euros);',
    wrong: 'compareMoney(euros, crowns);',
    says: /'"CZK"' is not assignable to type '"EUR"'/,
  },
  {
    name: 'a number as money',
    right: "addMoney(euros, money('EUR', 100n));",
    wrong: 'addMoney(euros, 100);',
    says: /'number' is not assignable to parameter of type 'Money<"EUR">'/,
  },
  {
    name: 'minor units that are a number',
    right: "money('EUR', 100n);",
    wrong: "money('EUR', 100);",
    says: /'number' is not assignable to parameter of type 'bigint'/,
  },
  {
    name: 'money of two currencies in one aggregate',
    right:
      "grouped.aggregate({ name: 'sum', initializer: () => money('EUR', 0n), aggregator: (_key, payment, sum) => addMoney(sum, payment.amount), value: jsonSerde<Money<'EUR'>>() });",
    wrong:
      "grouped.aggregate({ name: 'sum', initializer: () => money('CZK', 0n), aggregator: (_key, payment, sum) => addMoney(sum, payment.amount), value: jsonSerde<Money<'CZK'>>() });",
    says: /'"EUR"' is not assignable to type '"CZK"'/,
  },
  {
    name: 'time windows without a grace',
    right: 'TimeWindows.of({ sizeMs: 1, graceMs: 0 });',
    wrong: 'TimeWindows.of({ sizeMs: 1 });',
    says: /'graceMs' is missing/,
  },
  {
    name: 'hopping windows without a grace',
    right: 'TimeWindows.of({ sizeMs: 10, advanceMs: 5, graceMs: 0 });',
    wrong: 'TimeWindows.of({ sizeMs: 10, advanceMs: 5 });',
    says: /'graceMs' is missing/,
  },
  {
    name: 'sliding windows without a grace',
    right: 'SlidingWindows.of({ timeDifferenceMs: 1, graceMs: 0 });',
    wrong: 'SlidingWindows.of({ timeDifferenceMs: 1 });',
    says: /'graceMs' is missing/,
  },
  {
    name: 'sessions without a grace',
    right: 'SessionWindows.of({ gapMs: 1, graceMs: 0 });',
    wrong: 'SessionWindows.of({ gapMs: 1 });',
    says: /'graceMs' is missing/,
  },
  {
    name: 'suppress until windows close, of a table without windows',
    right:
      "grouped.windowedBy(TimeWindows.of(hour)).count({ name: 'c' }).suppress({ name: 's', kind: 'windowCloses' });",
    wrong: "grouped.count({ name: 'c' }).suppress({ name: 's', kind: 'windowCloses' });",
    says: /not assignable/,
  },
  {
    name: 'an aggregate of another type than its serde',
    right:
      "grouped.aggregate({ name: 'n', initializer: () => 0, aggregator: (_k, _v, sum) => sum + 1, value: countSerde });",
    wrong:
      "grouped.aggregate({ name: 'n', initializer: () => '', aggregator: (_k, _v, sum) => sum + 1, value: countSerde });",
    says: /not assignable/,
  },
  {
    name: 'a reducer that makes something else of the values',
    right: "grouped.reduce({ name: 'n', reducer: (one, other) => (one.account < other.account ? one : other) });",
    wrong: "grouped.reduce({ name: 'n', reducer: (one) => one.account });",
    says: /'string' is not assignable to type 'Payment'/,
  },
  {
    name: 'state without a name: count',
    right: "grouped.count({ name: 'n' });",
    wrong: 'grouped.count();',
    says: /Expected 1 arguments/,
  },
  {
    name: 'state without a name: toTable',
    right: "payments.toTable({ name: 't' });",
    wrong: 'payments.toTable({});',
    says: /'name' is missing/,
  },
  {
    name: 'state without a name: table',
    right: "builder.table('t', { name: 't', key: stringSerde, value: stringSerde });",
    wrong: "builder.table('t', { key: stringSerde, value: stringSerde });",
    says: /'name' is missing/,
  },
  {
    name: 'a repartition without a name',
    right: "payments.groupBy((_key, { account }) => account, { name: 'by-account' });",
    wrong: 'payments.groupBy((_key, { account }) => account, {});',
    says: /'name' is missing/,
  },
  {
    name: 'a store that a processor did not declare',
    right:
      "payments.process({ name: 'p', stores: { seen: keyValueStore({ name: 'seen', key: stringSerde, value: countSerde }) }, processor: (context) => (key) => context.stores.seen.put(key!, 1) });",
    wrong:
      "payments.process({ name: 'p', stores: { seen: keyValueStore({ name: 'seen', key: stringSerde, value: countSerde }) }, processor: (context) => (key) => context.stores.other.put(key!, 1) });",
    says: /'other' does not exist/,
  },
  {
    name: 'a value of another type in a store',
    right:
      "payments.process({ name: 'p', stores: { seen: keyValueStore({ name: 'seen', key: stringSerde, value: countSerde }) }, processor: (context) => (key) => context.stores.seen.put(key!, 1) });",
    wrong:
      "payments.process({ name: 'p', stores: { seen: keyValueStore({ name: 'seen', key: stringSerde, value: countSerde }) }, processor: (context) => (key) => context.stores.seen.put(key!, 'one') });",
    says: /'string' is not assignable to parameter of type 'number'/,
  },
  {
    name: 'a branch that was not split off',
    right: 'payments.split({ large: (_key, { amount }) => amount.minor > 100n }).large.filter(() => true);',
    wrong: 'payments.split({ large: (_key, { amount }) => amount.minor > 100n }).small.filter(() => true);',
    says: /'small' does not exist/,
  },
  {
    name: 'null taken for a key in a processor',
    right: "payments.process({ name: 'p', processor: () => (key) => (key ?? '').length });",
    wrong: "payments.process({ name: 'p', processor: () => (key) => key.length });",
    says: /possibly 'null'/,
  },
  {
    name: 'an answer of an error handler that is none',
    right: "const handlers: import('headrace').ErrorHandlers = { decoding: () => 'skip' }; void handlers;",
    wrong: "const handlers: import('headrace').ErrorHandlers = { decoding: () => 'ignore' }; void handlers;",
    says: /"ignore"' is not assignable to type 'ErrorAnswer'/,
  },
  {
    name: 'an error handler that answers later',
    right: "const handlers: import('headrace').ErrorHandlers = { producing: () => 'fail' }; void handlers;",
    wrong: "const handlers: import('headrace').ErrorHandlers = { producing: async () => 'fail' }; void handlers;",
    says: /Promise<.*' is not assignable to type 'ErrorAnswer'/,
  },
  {
    name: 'a serde of narrower values at to()',
    right: "refunds.to('out', { key: stringSerde, value: refundSerde });",
    wrong: "payments.to('out', { key: stringSerde, value: refundSerde });",
    says: /Serde<Refund>.*ExactSerde<Payment>/,
  },
  {
    name: 'a join of streams of unlike keys',
    right: "payments.join(refunds, (one, other) => [one, other], { name: 'j', windows: near });",
    wrong: "payments.join(byNumber, (one, other) => [one, other], { name: 'j', windows: near });",
    says: /No overload matches/,
  },
  {
    name: 'a join of streams without windows',
    right: "payments.outerJoin(refunds, (one, other) => [one, other], { name: 'j', windows: near });",
    wrong: "payments.outerJoin(refunds, (one, other) => [one, other], { name: 'j' });",
    says: /'windows' is missing/,
  },
  {
    name: 'the missing side of an outer join taken for granted',
    right: "payments.outerJoin(refunds, (one, other) => one?.account ?? other?.account, { name: 'j', windows: near });",
    wrong: "payments.outerJoin(refunds, (one, other) => one.account, { name: 'j', windows: near });",
    says: /possibly 'null'/,
  },
  {
    name: 'join windows without a grace',
    right: 'JoinWindows.of({ timeDifferenceMs: 5, graceMs: 0 });',
    wrong: 'JoinWindows.of({ timeDifferenceMs: 5 });',
    says: /not assignable/,
  },
  {
    name: 'join windows with one side alone',
    right: 'JoinWindows.of({ beforeMs: 5, afterMs: 0, graceMs: 0 });',
    wrong: 'JoinWindows.of({ beforeMs: 5, graceMs: 0 });',
    says: /not assignable/,
  },
  {
    name: 'a row of a global table by a key that it does not have',
    right: 'payments.join(rates, (_key, { amount }) => amount.currency, (payment, rate) => [payment, rate]);',
    wrong: 'payments.join(rates, (_key, { amount }) => amount.minor, (payment, rate) => [payment, rate]);',
    says: /'bigint' is not assignable to type 'string'|No overload matches/,
  },
  {
    name: 'a stream that adds something else to a common aggregate',
    right:
      "grouped.cogroup<number>((_key, _payment, sum) => sum + 1).cogroup(groupedRefunds, (_key, _refund, sum) => sum - 1).aggregate({ name: 'n', initializer: () => 0, value: countSerde });",
    wrong:
      "grouped.cogroup<number>((_key, _payment, sum) => sum + 1).cogroup(groupedRefunds, (_key, refund) => refund.of).aggregate({ name: 'n', initializer: () => 0, value: countSerde });",
    says: /'string' is not assignable to type 'number'/,
  },
  {
    name: 'late records written as something else',
    right:
      "grouped.windowedBy(TimeWindows.of(hour)).count({ name: 'c', late: (late) => late.to('late', { key: stringSerde, value: paymentSerde }) });",
    wrong:
      "grouped.windowedBy(TimeWindows.of(hour)).count({ name: 'c', late: (late) => late.to('late', { key: stringSerde, value: countSerde }) });",
    says: /Serde<number>/,
  },
  {
    name: 'a value of another type in a store of windows',
    right:
      "payments.process({ name: 'p', stores: { seen: windowStore({ name: 'seen', key: stringSerde, value: countSerde, windowMs: 1, retentionMs: 1 }) }, processor: (context) => (key) => context.stores.seen.put(key!, 0, 1) });",
    wrong:
      "payments.process({ name: 'p', stores: { seen: windowStore({ name: 'seen', key: stringSerde, value: countSerde, windowMs: 1, retentionMs: 1 }) }, processor: (context) => (key) => context.stores.seen.put(key!, 0, 'one') });",
    says: /'string' is not assignable to parameter of type 'number'/,
  },
  {
    name: 'a row with a history taken for granted',
    right:
      "payments.process({ name: 'p', stores: { rows: versionedStore({ name: 'rows', key: stringSerde, value: stringSerde, historyMs: 1 }) }, processor: (context) => (key) => context.stores.rows.asOf(key!, 0)?.length });",
    wrong:
      "payments.process({ name: 'p', stores: { rows: versionedStore({ name: 'rows', key: stringSerde, value: stringSerde, historyMs: 1 }) }, processor: (context) => (key) => context.stores.rows.asOf(key!, 0).length });",
    says: /possibly 'undefined'/,
  },
  ...callCases,
];
