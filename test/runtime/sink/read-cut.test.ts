import { expect, test } from 'vitest';
import { readCut } from '../../../src/runtime/sink/read-cut.ts';
import { setUp } from './sink-under-test.ts';

test('every record of the ranges comes again, in the order of each partition', async () => {
  const { log, append } = await setUp();
  for (let i = 0; i < 5; i++) await append(60);
  const ranges = [
    { topic: 'a', partition: 0, from: 3, to: 41 },
    { topic: 'b', partition: 1, from: 0, to: 50 },
  ];
  const batches = await readCut(log, { sink: 's', number: 1, ranges });
  for (const { topic, partition, from, to } of ranges) {
    const offsets = batches
      .filter((batch) => batch.topic === topic && batch.partition === partition)
      .flatMap((batch) => Array.from({ length: batch.length }, (_, i) => batch.offsetAt(i)));
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(offsets[0]).toBe(from);
    expect(offsets.filter((offset) => offset < to)).toHaveLength(to - from);
  }
});

test('a log that ends before the cut is damaged, and is not read past', async () => {
  const { log, append } = await setUp();
  await append(6);
  const cut = { sink: 's', number: 7, ranges: [{ topic: 'a', partition: 0, from: 0, to: 5 }] };
  await expect(readCut(log, cut)).rejects.toMatchObject({
    code: 'LOG_CORRUPT',
    message: expect.stringMatching(/cut 7.*offset 5.*ends at 1/),
  });
});
