import { uncompressSync } from 'lz4-napi';
import { expect } from 'vitest';
import { cityHash128 } from '../../../../src/app/http/clickhouse/city-hash.ts';

/** As ClickHouse's clients read blocks, with an LZ4 that is not ours. */
export function readBlocks(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32LE(at + 17);
    const summed = bytes.subarray(at + 16, at + 16 + size);
    expect([bytes.readBigUInt64LE(at), bytes.readBigUInt64LE(at + 8)]).toEqual(cityHash128(summed));
    expect(summed[0]).toBe(0x82);
    // That package wants the size of what comes out in front.
    blocks.push(uncompressSync(Buffer.concat([summed.subarray(5, 9), summed.subarray(9)])));
    at += 16 + size;
  }
  return Buffer.concat(blocks);
}
