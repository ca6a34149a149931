import { defineTopology, int64Serde, jsonSerde, keyValueStore, StreamsBuilder, stringSerde } from 'headrace';
import { type Posting, postingsOf, type Refusal, type Transfer } from './rules.js';

export const transferSerde = jsonSerde<Transfer>();
export const postingSerde = jsonSerde<Posting>();

/** What became of a transfer: its postings, or why it was refused. */
type Outcome = readonly Posting[] | Refusal;

const builder = new StreamsBuilder();
const outcomes = builder
  .stream('transfers', { key: stringSerde, value: transferSerde, partitionedBy: 'murmur2' })
  .process({
    name: 'post',
    stores: { posted: keyValueStore({ name: 'posted', key: stringSerde, value: transferSerde }) },
    // The store, the postings and the offset of the transfer are one atomic commit: a crash posts nothing twice.
    processor: (context) => (transferId, transfer) => {
      // What is thrown makes the record a dead letter.
      if (transferId === null || transfer === null)
        throw new TypeError('a transfer needs its id as the key, and a value');
      const outcome = postingsOf(transferId, transfer, context.stores.posted.get(transferId) ?? undefined);
      if (typeof outcome !== 'string') context.stores.posted.put(transferId, transfer);
      context.forward(transferId, outcome);
    },
    key: stringSerde,
    value: jsonSerde<Outcome>(),
  });
const { refused, rest } = outcomes.split({ refused: (_transferId, outcome) => typeof outcome === 'string' });
refused.mapValues((outcome) => String(outcome)).to('transfers.refused', { key: stringSerde, value: stringSerde });

const postings = rest
  .flatMap((_transferId, outcome) =>
    (outcome as readonly Posting[]).map((posting) => [posting.account, posting] as const),
  )
  .repartition({ name: 'by-account', key: stringSerde, value: postingSerde });
postings.to('postings', { key: stringSerde, value: postingSerde });
postings
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

// The topics that the topology does not name here get as many partitions as `headrace start --partitions` says.
export default defineTopology({
  application: 'double-entry',
  topology,
  topics: [{ name: 'balances', cleanup: 'compact' }],
});
