import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ChangelogKeyWriter,
  decodeChangelogKey,
  isResetMark,
  resetMarks,
} from '../../../../src/log/kafka/state/changelog-record.ts';
import { STATE_KEY_BYTES_MAX } from '../../../../src/log/log.ts';
import { RecordBatch } from '../../../../src/log/record-batch.ts';

const stores = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((name) => Buffer.byteLength(name) < 255);
const binaryStrings = fc
  .uint8Array({ maxLength: STATE_KEY_BYTES_MAX })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

describe('the key of a changelog record', () => {
  it('comes back as it was, whatever store, partition and bytes', () => {
    fc.assert(
      fc.property(
        stores,
        fc.nat(0xffff_ffff),
        fc.array(binaryStrings, { minLength: 1, maxLength: 5 }),
        (store, partition, keys) => {
          const writer = new ChangelogKeyWriter(store, partition);
          for (const key of keys)
            expect(decodeChangelogKey(writer.write(key).slice())).toEqual({ store, partition, key });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('has the documented bytes', () => {
    expect(Buffer.from(new ChangelogKeyWriter('sums', 258).write('k\u00ff')).toString('hex')).toBe(
      '0473756d73000001026bff',
    );
  });

  it('takes names of up to 254 bytes', () => {
    expect(decodeChangelogKey(new ChangelogKeyWriter('é'.repeat(127), 0).write('')).store).toBe('é'.repeat(127));
    expect(() => new ChangelogKeyWriter('é'.repeat(128), 0)).toThrow(
      expect.objectContaining({ code: 'KEY_TOO_LARGE' }),
    );
  });

  it.each([
    ['none', null],
    ['an empty one', new Uint8Array(0)],
    ['one that ends within the name', Uint8Array.of(4, 1, 2)],
    ['one that ends within the partition', Uint8Array.of(1, 65, 0, 0, 0)],
  ])('is refused where something else wrote it: %s', (_what, key) => {
    expect(() => decodeChangelogKey(key)).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }));
  });

  it('of a mark is no key of a store', () => {
    const [{ bytes, count }] = resetMarks(5).batches() as [{ bytes: Buffer; count: number }];
    const batch = new RecordBatch('c', 0, 0, 0, bytes, count);
    expect([batch.length, isResetMark(batch.keyAt(0))]).toEqual([1, true]);
    expect(isResetMark(new ChangelogKeyWriter('s', 0).write(''))).toBe(false);
    expect(() => decodeChangelogKey(batch.keyAt(0))).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }));
  });
});
