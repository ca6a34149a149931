import { HeadraceError } from '../../errors.ts';
import { partitionFor } from '../../log/partitioner.ts';
import type { Serde } from '../../serde/serde.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/** Writes to a topic. Headers are those of the record in process. */
export function sink(node: Kind<'sink'>, context: OperatorContext): Receive {
  const { key: keySerde, value: valueSerde, name } = node;
  const output = context.output(node.topic);
  const { record } = context;
  return (key, value, timestamp) => {
    try {
      const keyBytes = bytesOf(keySerde, key, 'key');
      output.append(
        partitionFor(keyBytes, output.partitions),
        timestamp,
        keyBytes,
        bytesOf(valueSerde, value, 'value'),
        record.headers,
      );
    } catch (error) {
      throw failedIn(name, error);
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
