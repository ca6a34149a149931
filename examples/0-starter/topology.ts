import { defineTopology, int64Serde, jsonSerde, StreamsBuilder, stringSerde } from 'headrace';

/** What a producer sends, keyed by account. */
export interface Payment {
  /** Whole cents: above zero comes in, below goes out. */
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

export default defineTopology({
  // Part of the state on disk: keep it.
  application: 'my-topology',
  topology,
  topics: [{ name: 'balances', cleanup: 'compact' }],
});
