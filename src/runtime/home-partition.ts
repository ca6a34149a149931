import { HeadraceError } from '../errors.ts';
import { partitionFor } from '../log/partitioner.ts';
import type { TopicPartition } from '../log/record.ts';
import type { PartitioningSerde } from '../serde/partitioning-serde.ts';
import type { SourceNode } from '../streams/topology/nodes.ts';

/** Throws PARTITION_MISMATCH for a record that lies in another partition than its key belongs to; `key` is the decoded one. */
export type CheckHome = (bytes: Uint8Array, key: unknown) => void;

/** Longest part of a key that a message shows, in characters. */
const SHOWN_KEY_MAX = 64;

/**
 * What a source says of where its records lie; undefined where it says nothing. A windowed key belongs where its key does, as our
 * sinks put it.
 */
export function homeCheck(
  source: SourceNode,
  { topic, partition }: TopicPartition,
  partitions: number,
): CheckHome | undefined {
  if (source.partitionedBy === undefined) return undefined;
  const windowed = 'partitionBytes' in source.key ? (source.key as PartitioningSerde<unknown>) : undefined;
  return (bytes, key) => {
    const home = partitionFor(windowed === undefined ? bytes : windowed.partitionBytes(key), partitions);
    if (home !== partition) throw misplaced(bytes, { topic, partition }, home);
  };
}

function misplaced(key: Uint8Array, { topic, partition }: TopicPartition, home: number): HeadraceError {
  const shown = JSON.stringify(Buffer.from(key).toString().slice(0, SHOWN_KEY_MAX));
  return new HeadraceError(
    'PARTITION_MISMATCH',
    `The key ${shown} belongs into partition ${home} of ${topic} by Kafka's murmur2, and this record lies in partition ${partition}: its producer ` +
      'spreads keys in another way. Set its partitioner (librdkafka: partitioner=murmur2_random; kafkajs: Partitioners.DefaultPartitioner), ' +
      `then replay this dead letter, which sends it to partition ${home}`,
  );
}
