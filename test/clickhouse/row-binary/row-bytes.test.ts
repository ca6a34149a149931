import { expect, test } from 'vitest';
import { BufferPool } from '../../../src/clickhouse/row-binary/buffer-pool.ts';
import { RowBytes } from '../../../src/clickhouse/row-binary/row-bytes.ts';

const BUFFER_BYTES = 16;

function rowBytes() {
  const pool = new BufferPool(BUFFER_BYTES);
  const out = new RowBytes(pool);
  return { pool, out, written: () => [...Buffer.concat(out.pieces())] };
}

const countTo = (length: number) => Array.from({ length }, (_, i) => i & 0xff);

test('what goes beyond a buffer goes on in the next, and nothing that was written is moved', () => {
  const { out, written } = rowBytes();
  const [first] = [rowBytes().out.pieces()];
  expect(first).toEqual([]);
  for (let i = 0; i < 10; i++) out.uint8(i);
  const [piece] = out.pieces();
  for (let i = 10; i < 100; i++) out.uint8(i);
  expect(written()).toEqual(countTo(100));
  expect(out.length).toBe(100);
  expect(out.pieces()[0]!.buffer).toBe(piece!.buffer);
  expect([...piece!]).toEqual(countTo(10));
});

test('numbers are never cut in two, texts of any length are whole', () => {
  const { out, written } = rowBytes();
  const long = 'long'.repeat(100);
  out.uint8(1);
  out.uint64(2n);
  out.uint64(3n);
  out.text('é');
  out.text(long);
  out.raw(new Uint8Array([7, 8]));
  const text = (value: string, ...length: readonly number[]) => [...length, ...Buffer.from(value)];
  const due = [1, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, ...text('é', 2), ...text(long, 0x90, 3), 2, 7, 8];
  expect(written()).toEqual(due);
  expect(out.length).toBe(due.length);
});

test.each([0, 1, 3, 4, 5, 8, 15, 48, 49, 200])(
  '%i bytes from within a view come with their number before them',
  (length) => {
    const { out, written } = rowBytes();
    const source = Uint8Array.from({ length: length + 10 }, (_, i) => 255 - (i % 256));
    out.rawOf(new DataView(source.buffer), 3, 3 + length);
    out.uint8(42);
    const prefix = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
    expect(written()).toEqual([...prefix, ...source.subarray(3, 3 + length), 42]);
  },
);

test.each([0, 1, 15, 16, 17, 32, 40, 50])(
  'cut off at %i of 50 bytes, it goes on from there, and gives back what it needs no more',
  (length) => {
    const { pool, out, written } = rowBytes();
    for (let i = 0; i < 50; i++) out.uint8(i);
    const buffers = new Set(out.pieces().map(({ buffer }) => buffer));
    out.truncate(length);
    expect(out.length).toBe(length);
    for (let i = length; i < 70; i++) out.uint8(i);
    expect(written()).toEqual(countTo(70));
    // 70 bytes are five buffers, the first four of which are those of before.
    const used = out.pieces().map(({ buffer }) => buffer);
    expect(used.filter((buffer) => buffers.has(buffer))).toHaveLength(4);
    expect(new Set(used).size).toBe(5);
    expect(used).not.toContain(pool.take().buffer);
  },
);

test('released, it gives back every buffer of the pool once, and can be written anew', () => {
  const { pool, out, written } = rowBytes();
  for (let i = 0; i < 40; i++) out.uint8(i);
  out.text('a text that is longer than any buffer of the pool');
  const buffers = out.pieces().map(({ buffer }) => buffer);
  out.release();
  expect([out.length, written()]).toEqual([0, []]);
  const again = Array.from({ length: 6 }, () => pool.take().buffer);
  expect(new Set(again).size).toBe(6);
  expect(again.filter((buffer) => buffers.includes(buffer))).toHaveLength(3);
  out.uint8(7);
  expect(written()).toEqual([7]);
});
