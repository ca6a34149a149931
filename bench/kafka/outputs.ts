import type { Log } from '../../src/log/log.ts';

/** What one program wrote of one key. */
export interface KeyOutput {
  readonly updates: number;
  /** Of the last update, hexadecimal. */
  readonly last: string;
}

/** What a topic holds, by key. */
export async function outputsOf(log: Log, topic: string): Promise<ReadonlyMap<string, KeyOutput>> {
  const outputs = new Map<string, { updates: number; value: Uint8Array | null }>();
  for (const { partition, start } of await log.watermarks(topic)) {
    let offset = start;
    for (;;) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null) break;
      for (let i = 0; i < batch.length; i++) {
        const key = Buffer.from(batch.keyAt(i) ?? []).toString();
        const output = outputs.get(key) ?? { updates: 0, value: null };
        outputs.set(key, output);
        output.updates++;
        output.value = batch.valueAt(i);
      }
      offset = batch.offsetAt(batch.length - 1) + 1;
    }
  }
  return new Map(
    [...outputs].map(([key, { updates, value }]) => [key, { updates, last: Buffer.from(value ?? []).toString('hex') }]),
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
    else if (one.updates !== other.updates) found.push(`${key}: ${one.updates} updates and ${other.updates}`);
    else if (one.last !== other.last) found.push(`${key}: ends in ${one.last} and ${other.last}`);
  }
  return found;
}
