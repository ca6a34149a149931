import { Transform, type TransformCallback } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cityHash128 } from './city-hash.ts';

/** A block's sum takes some milliseconds of this thread, which has other work as well. */
const BLOCK_BYTES = 64 * 1024;
const SUM_BYTES = 16;
/** Method and the two sizes. */
const HEAD_BYTES = 9;
const LZ4 = 0x82;
const NIBBLE_MAX = 15;
const BYTE_MAX = 255;

/**
 * What `compress=1` asks for: blocks of ClickHouse's own, each with its sum, method and sizes, as older drivers want them. They hold LZ4 that
 * only copies: on loopback the bytes saved are not worth the time.
 */
export class NativeCompression extends Transform {
  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#pushAll(chunk).then(() => done(), done);
  }

  async #pushAll(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += BLOCK_BYTES) {
      if (at > 0) await nextTurn();
      this.push(nativeBlock(chunk.subarray(at, at + BLOCK_BYTES)));
    }
  }
}

/** One block of at least one byte. */
export function nativeBlock(bytes: Buffer): Buffer {
  const literals = Buffer.concat([lengthOf(bytes.length), bytes]);
  const block = Buffer.alloc(SUM_BYTES + HEAD_BYTES + literals.length);
  block.writeUInt8(LZ4, SUM_BYTES);
  block.writeUInt32LE(HEAD_BYTES + literals.length, SUM_BYTES + 1);
  block.writeUInt32LE(bytes.length, SUM_BYTES + 5);
  literals.copy(block, SUM_BYTES + HEAD_BYTES);
  const [low, high] = cityHash128(block.subarray(SUM_BYTES));
  block.writeBigUInt64LE(low, 0);
  block.writeBigUInt64LE(high, 8);
  return block;
}

/** LZ4's token for literals alone: their number in the upper half, and what does not go into it in bytes behind. */
function lengthOf(literals: number): Buffer {
  if (literals < NIBBLE_MAX) return Buffer.from([literals << 4]);
  const rest = literals - NIBBLE_MAX;
  const full = Math.floor(rest / BYTE_MAX);
  return Buffer.concat([Buffer.from([NIBBLE_MAX << 4]), Buffer.alloc(full, BYTE_MAX), Buffer.from([rest % BYTE_MAX])]);
}
