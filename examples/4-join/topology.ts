import { defineTopology, jsonSerde, StreamsBuilder, stringSerde } from 'headrace';

export interface Payment {
  readonly cents: number;
}

export interface Account {
  readonly holder: string;
}

export const paymentSerde = jsonSerde<Payment>();
export const accountSerde = jsonSerde<Account>();
export const noticeSerde = stringSerde;

const builder = new StreamsBuilder();
const accounts = builder.table('accounts', { name: 'accounts', key: stringSerde, value: accountSerde });
builder
  .stream('payments', { key: stringSerde, value: paymentSerde })
  .leftJoin(accounts, ({ cents }, account) => `${account?.holder ?? 'somebody'} spent ${cents} cents`, {})
  .to('notices', { key: stringSerde, value: noticeSerde });

export const topology = builder.build();

// Topics that are joined need equally many partitions; a table's keeps the last record of each key.
export default defineTopology({
  application: 'notices',
  topology,
  topics: [
    { name: 'accounts', partitions: 2, cleanup: 'compact' },
    { name: 'payments', partitions: 2 },
  ],
});
