import { columns, defineTopology, int64Serde, jsonSerde, type SinkTable, StreamsBuilder, stringSerde } from 'headrace';

export interface Payment {
  readonly cents: number;
}

export const paymentSerde = jsonSerde<Payment>();

const builder = new StreamsBuilder();
builder
  .stream('payments', { key: stringSerde, value: paymentSerde })
  .groupByKey()
  .aggregate({
    name: 'balances',
    initializer: () => 0n,
    aggregator: (_account, { cents }, balance) => balance + BigInt(cents),
    value: int64Serde,
  })
  .toStream()
  .to('balances', { key: stringSerde, value: int64Serde });
export const topology = builder.build();

/** A row for each change. The same record always makes the same row, and the greatest version of an account counts. */
export const balances: SinkTable = {
  topic: 'balances',
  table: 'headrace.account_balances_rows',
  columns: columns({ account_id: 'String', cents: 'Int64', version: 'UInt64' }),
  rows: ({ key, value, offset }) => (key === null || value === null ? [] : [[key, value as bigint, offset]]),
};

export default defineTopology({ application: 'balances', topology, tables: [balances], migrations: './sql' });
