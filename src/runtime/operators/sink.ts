import { HeadraceError } from '../../errors.ts';
import { partitionFor } from '../../log/partitioner.ts';
import type { PartitioningSerde } from '../../serde/partitioning-serde.ts';
import type { Serde } from '../../serde/serde.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import { withoutCallPlace } from '../async/call-place.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/** Writes to a topic. Headers are those of the record in process. */
export function sink(node: Kind<'sink'>, context: OperatorContext): Receive {
  const { key: keySerde, value: valueSerde, name } = node;
  const output = context.output(node.topic);
  const { isInternal } = node.topic;
  const { record } = context;
  const partitioning = 'partitionBytes' in keySerde ? (keySerde as PartitioningSerde<unknown>) : undefined;
  return (key, value, timestamp) => {
    try {
      const keyBytes = bytesOf(keySerde, key, 'key');
      output.append(
        partitionFor(partitioning === undefined ? keyBytes : chosenBy(partitioning, key), output.partitions),
        timestamp,
        keyBytes,
        bytesOf(valueSerde, value, 'value'),
        // What is asked of a callee next is not what a replay was asked before.
        isInternal ? withoutCallPlace(record.headers) : record.headers,
      );
    } catch (error) {
      context.unproduced(failedIn(name, error, 'SERIALIZATION_FAILED'), output.topic);
    }
  };
}

function bytesOf(serde: Serde<unknown>, value: unknown, part: 'key' | 'value'): Uint8Array | null {
  if (value === null) return null;
  if (value === undefined) {
    throw new HeadraceError('SERIALIZATION_FAILED', `the ${part} is undefined; return null for a tombstone`);
  }
  return serde.serialize(value);
}

function chosenBy(serde: PartitioningSerde<unknown>, key: unknown): Uint8Array | null {
  return key === null ? null : serde.partitionBytes(key);
}
