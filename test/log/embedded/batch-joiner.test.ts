import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { seededRandom } from '../../../src/random.ts';
import { openLog, temporaryDirectory, topicConfig } from '../../embedded-log.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let log: EmbeddedLog;

beforeEach(async () => {
  directory = temporaryDirectory();
  log = openLog(directory.path);
  await log.createTopics([topicConfig('t', 1)]);
});
afterEach(async () => {
  await log.close();
  directory.remove();
});

/** Records of all sizes, some beyond what is joined, in commits of one to a thousand; each value says which it is. */
test('batches of all sizes, read in shares of all sizes, are the records as they were written', async () => {
  const random = seededRandom(5);
  const values: Buffer[] = [];
  while (values.length < 4_000) {
    const isLong = random.below(8) === 0;
    const count = isLong ? 1 + random.below(3) : [1, 3, 40, 249, 250, 251, 999][random.below(7)]!;
    const records = Array.from({ length: count }, () => {
      const value = Buffer.alloc(8 + (isLong ? random.below(700_000) : random.below(300)), values.length & 0xff);
      value.writeUInt32LE(values.length, 0);
      values.push(value);
      return { topic: 't', partition: 0, timestamp: 1, key: null, value };
    });
    await log.append(records);
  }
  for (const maxRecords of [7, 300, 2_000]) {
    const group = `g${maxRecords}`;
    const member = await log.join({ group, member: 'm', topicSets: [['t']] });
    const batches = [];
    for (let got = 0; got < values.length; ) {
      const polled = await member.poll({ maxRecords, timeoutMs: 0 });
      got += polled.batches.reduce((sum, batch) => sum + batch.length, 0);
      // Kept until all are read: none is a view of what the next ones are read into.
      batches.push(...polled.batches);
    }
    const read = batches.flatMap((batch) =>
      Array.from({ length: batch.length }, (_, i) => ({ offset: batch.offsetAt(i), value: batch.valueAt(i)! })),
    );
    expect(read.map(({ offset }) => offset)).toEqual(values.map((_, i) => i));
    expect(read.every(({ value }, i) => Buffer.compare(value, values[i]!) === 0)).toBe(true);
    await member.leave();
  }
}, 60_000);
