import { nativePackage } from './native-package.ts';
import { damaged, tooLarge } from './refusals.ts';

/**
 * Snappy as Kafka has it. The JVM's client writes snappy-java's framing: a header of 16 bytes (8 of magic, version, oldest
 * version that reads it), then blocks, each with its length (4 bytes, big-endian) and a raw snappy block. librdkafka
 * writes one raw block without it. Both are read; framed is written.
 */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const HEADER = Buffer.concat([MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
/** What snappy-java puts into one block. */
const BLOCK_BYTES = 32 * 1024;

const load = () => nativePackage<typeof import('snappy')>('snappy', 'snappy');

export function compressSnappy(bytes: Uint8Array): Buffer {
  const { compressSync } = load();
  const parts: Buffer[] = [HEADER];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = compressSync(bytes.subarray(at, at + BLOCK_BYTES));
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

export function decompressSnappy(bytes: Uint8Array, limitBytes: number): Buffer {
  const blocks = blocksOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  const total = blocks.reduce((sum, block) => sum + expandedBytes(block), 0);
  if (total > limitBytes) throw tooLarge('snappy', bytes, limitBytes);
  return Buffer.concat(blocks.map(expand), total);
}

function blocksOf(bytes: Buffer): readonly Buffer[] {
  if (!startsFrame(bytes, 0)) return [bytes];
  const blocks: Buffer[] = [];
  let at = HEADER.length;
  while (at < bytes.length) {
    // Streams that were put one behind another have their headers between the blocks.
    if (startsFrame(bytes, at)) {
      at += HEADER.length;
      continue;
    }
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32BE(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw damaged('snappy', `it ends within a block at byte ${at}`);
    blocks.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}

function startsFrame(bytes: Buffer, at: number): boolean {
  return at + HEADER.length <= bytes.length && bytes.compare(MAGIC, 0, MAGIC.length, at, at + MAGIC.length) === 0;
}

/** A raw block begins with the length of what it expands to, as a varint of up to 5 bytes; the codec holds it to that. */
function expandedBytes(block: Buffer): number {
  let value = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = block[at];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return value;
  }
  throw damaged('snappy', 'the length before a block is not one');
}

function expand(block: Buffer): Buffer {
  try {
    const expanded = load().uncompressSync(block, { asBuffer: true });
    return Buffer.isBuffer(expanded) ? expanded : Buffer.from(expanded);
  } catch (error) {
    throw damaged('snappy', error);
  }
}
