import { crc32 } from 'node:zlib';
import type { Log } from '../../src/log/log.ts';

/** What one program wrote of one key. */
export interface KeyOutput {
  readonly partition: number;
  readonly updates: number;
  /** Of the values of all updates in their order. */
  readonly checksum: number;
  /** Of the last update, hexadecimal; null for a tombstone. */
  readonly last: string | null;
}

/** What a topic holds, by key: every committed record is read and counts. Throws RangeError for a key in two partitions. */
export async function outputsOf(log: Log, topic: string): Promise<ReadonlyMap<string, KeyOutput>> {
  const outputs = new Map<string, { partition: number; updates: number; checksum: number; value: Uint8Array | null }>();
  for (const { partition, start } of await log.watermarks(topic)) {
    let offset = start;
    for (;;) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null) break;
      for (let i = 0; i < batch.length; i++) {
        const key = Buffer.from(batch.keyAt(i) ?? []).toString();
        const output = outputs.get(key) ?? { partition, updates: 0, checksum: 0, value: null };
        if (output.partition !== partition) {
          throw new RangeError(`${topic} holds ${key} in partitions ${output.partition} and ${partition}`);
        }
        outputs.set(key, output);
        output.updates++;
        output.value = batch.valueAt(i);
        // The length first, so that what one value ends with can't be what the next one begins with.
        output.checksum = crc32(output.value ?? 'null', crc32(`${output.value?.length}`, output.checksum));
      }
      offset = batch.offsetAt(batch.length - 1) + 1;
    }
  }
  return new Map(
    [...outputs].map(([key, { value, ...output }]) => [
      key,
      { ...output, last: value && Buffer.from(value).toString('hex') },
    ]),
  );
}

/** In which keys two outputs differ, in words; nothing where they are equal. */
export function differences(
  ours: ReadonlyMap<string, KeyOutput>,
  theirs: ReadonlyMap<string, KeyOutput>,
): readonly string[] {
  const found: string[] = [];
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [one, other] = [ours.get(key), theirs.get(key)];
    if (one === undefined || other === undefined) found.push(`${key}: only one of the two wrote it`);
    else if (one.partition !== other.partition)
      found.push(`${key}: in partition ${one.partition} and ${other.partition}`);
    else if (one.updates !== other.updates) found.push(`${key}: ${one.updates} updates and ${other.updates}`);
    else if (one.last !== other.last) found.push(`${key}: ends in ${one.last} and ${other.last}`);
    else if (one.checksum !== other.checksum) found.push(`${key}: ends alike, but an update before differs`);
  }
  return found;
}
