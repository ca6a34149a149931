import { expect, test } from 'vitest';
import { BufferPool } from '../../../src/clickhouse/row-binary/buffer-pool.ts';
import { RowBytes } from '../../../src/clickhouse/row-binary/row-bytes.ts';

const MIB = 1024 * 1024;

test('what was given back is taken again, the shortest that is long enough', () => {
  const pool = new BufferPool();
  const [long, short] = [Buffer.alloc(300), Buffer.alloc(200)];
  pool.give(long);
  pool.give(short);
  expect(pool.take(150)).toBe(short);
  expect(pool.take(150)).toBe(long);
  expect([short, long]).not.toContain(pool.take(150));
  expect(pool.take(150)).toHaveLength(150);
});

test('what nobody uses is bounded: the longest are let go first', () => {
  const pool = new BufferPool();
  const buffers = [40, 20, 30].map((size) => Buffer.allocUnsafeSlow(size * MIB));
  for (const buffer of buffers) pool.give(buffer);
  expect(pool.take(MIB)).toBe(buffers[1]);
  expect(pool.take(MIB)).toBe(buffers[2]);
  expect(buffers).not.toContain(pool.take(MIB));
});

test('rows that grow out of a buffer give it back, and give back the last one when they are released', () => {
  const pool = new BufferPool();
  const rows = new RowBytes(undefined, pool);
  const first = Buffer.from(rows.bytes().buffer);
  for (let i = 0; i < 70_000; i++) rows.uint8(i & 0xff);
  expect([...rows.bytes()]).toEqual(Array.from({ length: 70_000 }, (_, i) => i & 0xff));
  const second = Buffer.from(rows.bytes().buffer);
  rows.release();
  expect(pool.take(1).buffer).toBe(first.buffer);
  expect(pool.take(1).buffer).toBe(second.buffer);
  expect(rows.bytes()).toHaveLength(0);
  rows.uint8(7);
  expect([...rows.bytes()]).toEqual([7]);
});
