import { HeadraceError } from '../errors.ts';
import type { PartitioningSerde } from '../serde/partitioning-serde.ts';
import type { Serde } from '../serde/serde.ts';
import { nameAround } from '../serde/serde-name.ts';
import type { Windowed } from '../state/windowed.ts';

const TIME_BYTES = 8;

/**
 * A key in a time or sliding window, as Kafka Streams' TimeWindowedSerde writes it: the key's bytes, then the window's start in 8 bytes,
 * big-endian. `windowMs` is what a reader adds for the end, which is not written.
 */
export function timeWindowedSerde<K>(key: Serde<K>, windowMs: number): PartitioningSerde<Windowed<K>> {
  return {
    ...nameAround('time-windowed', key),
    serialize: (windowed) => join(key.serialize(windowed.key), [windowed.window.start]),
    partitionBytes: (windowed) => key.serialize(windowed.key),
    deserialize(bytes, headers) {
      const [own, [start]] = split(bytes, 1);
      return { key: key.deserialize(own, headers), window: { start: start!, end: start! + windowMs } };
    },
  };
}

/** A key in a session, as Kafka Streams' SessionWindowedSerde writes it: the key's bytes, then end and start in 8 bytes each. */
export function sessionWindowedSerde<K>(key: Serde<K>): PartitioningSerde<Windowed<K>> {
  return {
    ...nameAround('session-windowed', key),
    serialize: (windowed) => join(key.serialize(windowed.key), [windowed.window.end, windowed.window.start]),
    partitionBytes: (windowed) => key.serialize(windowed.key),
    deserialize(bytes, headers) {
      const [own, [end, start]] = split(bytes, 2);
      return { key: key.deserialize(own, headers), window: { start: start!, end: end! } };
    },
  };
}

function join(key: Uint8Array, times: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(key.length + times.length * TIME_BYTES);
  bytes.set(key);
  const view = new DataView(bytes.buffer);
  times.forEach((time, index) => {
    view.setBigInt64(key.length + index * TIME_BYTES, BigInt(time));
  });
  return bytes;
}

function split(bytes: Uint8Array, count: number): readonly [Uint8Array, readonly number[]] {
  const length = bytes.length - count * TIME_BYTES;
  if (length < 0) {
    throw new HeadraceError(
      'DESERIALIZATION_FAILED',
      `A windowed key ends in ${count * TIME_BYTES} bytes of time; there are ${bytes.length} bytes in all`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const times = Array.from({ length: count }, (_, index) => Number(view.getBigInt64(length + index * TIME_BYTES)));
  if (times.some((time) => !Number.isSafeInteger(time))) {
    throw new HeadraceError('DESERIALIZATION_FAILED', 'The window of a windowed key lies beyond all times');
  }
  return [bytes.slice(0, length), times];
}
