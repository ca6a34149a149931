import { expect, test } from 'vitest';
import { BufferPool } from '../../../src/clickhouse/row-binary/buffer-pool.ts';

const MIB = 1024 * 1024;

test('what was given back is taken again, the last first; of another length nothing is kept', () => {
  const pool = new BufferPool(200);
  const [one, other] = [pool.take(), pool.take()];
  expect([one.length, other.length, one === other]).toEqual([200, 200, false]);
  pool.give(one);
  pool.give(other);
  pool.give(Buffer.alloc(300));
  pool.give(Buffer.alloc(0));
  expect(pool.take()).toBe(other);
  expect(pool.take()).toBe(one);
  const next = pool.take();
  expect([one, other]).not.toContain(next);
  expect(next).toHaveLength(200);
});

test('what nobody uses is bounded', () => {
  const pool = new BufferPool(MIB);
  const buffers = Array.from({ length: 100 }, () => pool.take());
  for (const buffer of buffers) pool.give(buffer);
  const again = Array.from({ length: 100 }, () => pool.take());
  expect(again.filter((buffer) => buffers.includes(buffer))).toHaveLength(64);
});
