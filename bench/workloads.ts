import { bytesSerde, JoinWindows, type KStream, StreamsBuilder, stringSerde, type Topology } from 'headrace';

/**
 * The workloads of Kafka Streams' anchor program, record for record: the same keys, values, timestamps and results.
 * A value has 48 bytes: int64 id, int64 amount in minor units, int64 event time in ms, int64 kind, 16 zero bytes.
 */
export const WORKLOADS = ['balances', 'stateless', 'join'] as const;
export type Workload = (typeof WORKLOADS)[number];

export const PARTITIONS = 4;
const EPOCH_MS = 1_700_000_000_000;
const VALUE_BYTES = 48;
/** Java's `i * 2654435761L % accounts`; the factor is reduced first, which gives the same and stays exact in a double. */
const KEY_FACTOR = 2_654_435_761;

export function recordKeyOf(index: number, accounts: number): string {
  return `acct-${(index * (KEY_FACTOR % accounts)) % accounts}`;
}

export function amountOf(index: number): number {
  return 100 + (index % 900);
}

export function kindOf(index: number): number {
  return index % 7;
}

export function timestampOf(index: number): number {
  return EPOCH_MS + index;
}

export function recordValueOf(index: number): Uint8Array {
  const bytes = new Uint8Array(VALUE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(index));
  view.setBigInt64(8, BigInt(amountOf(index)));
  view.setBigInt64(16, BigInt(timestampOf(index)));
  view.setBigInt64(24, BigInt(kindOf(index)));
  return bytes;
}

/** Accounts of a run, where the anchor has several. */
export const ACCOUNTS: Readonly<Record<Workload, readonly number[]>> = {
  balances: [1_000, 100_000],
  stateless: [1_000],
  join: [100_000],
};

/** How much later a confirmation is than what it confirms. */
export const CONFIRMED_AFTER_MS = 5;

/** `confirmations` is the second stream of the join. */
export function topologyOf(workload: Workload, input: string, confirmations: string, output: string): Topology {
  const builder = new StreamsBuilder();
  const serdes = { key: stringSerde, value: bytesSerde };
  const stream = builder.stream(input, serdes);
  switch (workload) {
    case 'balances':
      balances(stream).to(output, serdes);
      break;
    case 'stateless':
      stateless(stream).to(output, serdes);
      break;
    case 'join':
      joined(stream, builder.stream(confirmations, serdes)).to(output, serdes);
  }
  return builder.build();
}

/** Each record with its confirmation, which has the same id. */
function joined(
  stream: KStream<string, Uint8Array>,
  confirmations: KStream<string, Uint8Array>,
): KStream<string, Uint8Array> {
  const windows = JoinWindows.of({ timeDifferenceMs: 50, graceMs: 1_000 });
  return stream
    .join(confirmations, (left, right) => (readInt64(left, 0) === readInt64(right, 0) ? left : null), {
      name: 'confirmed',
      windows,
    })
    .filter((_key, value) => value !== null) as KStream<string, Uint8Array>;
}

/** Sum, count and last id of each account, every update written out. */
function balances(stream: KStream<string, Uint8Array>): KStream<string, Uint8Array> {
  return stream
    .groupByKey()
    .aggregate<Uint8Array>({
      name: 'balances',
      value: bytesSerde,
      initializer: () => new Uint8Array(24),
      aggregator: add,
    })
    .toStream();
}

function add(_key: string, value: Uint8Array, aggregate: Uint8Array): Uint8Array {
  const after = new Uint8Array(24);
  writeInt64(after, 0, readInt64(aggregate, 0) + readInt64(value, 8));
  writeInt64(after, 8, readInt64(aggregate, 8) + 1n);
  for (let i = 0; i < 8; i++) after[16 + i] = value[i]!;
  return after;
}

function stateless(stream: KStream<string, Uint8Array>): KStream<string, Uint8Array> {
  return stream
    .filter((_key, value) => readInt64(value, 24) !== 3n)
    .mapValues((value): Uint8Array => value.slice(0, 32));
}

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/** A DataView over a small array would move the array out of V8's heap; through a scratch of 8 bytes it costs a fifth. */
function readInt64(bytes: Uint8Array, at: number): bigint {
  for (let i = 0; i < 8; i++) scratchBytes[i] = bytes[at + i]!;
  return scratch.getBigInt64(0);
}

function writeInt64(bytes: Uint8Array, at: number, value: bigint): void {
  scratch.setBigInt64(0, value);
  for (let i = 0; i < 8; i++) bytes[at + i] = scratchBytes[i]!;
}
