import { expect, it } from 'vitest';
import { copyBytes, viewedBytes } from '../../../../src/log/kafka/protocol/copy-bytes.ts';

it('copies just the bytes asked for, of any number, from and to any place', () => {
  const numbered = Uint8Array.from({ length: 400 }, (_, i) => i % 251);
  // A source that begins within its memory.
  const source = viewedBytes(numbered.subarray(3));
  for (let length = 0; length <= 300; length++) {
    const target = new Uint8Array(320).fill(0xee);
    const to = length % 7;
    copyBytes(source, length % 5, viewedBytes(target), to, length);
    const expected = new Uint8Array(320).fill(0xee);
    expected.set(numbered.subarray(3 + (length % 5), 3 + (length % 5) + length), to);
    expect(target).toEqual(expected);
  }
});
