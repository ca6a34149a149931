import { damaged } from './refusals.ts';

/** The LZ4 frame format 1.6.3: magic, flags, block sizes' maximum, then blocks with their length in front. */
const MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
const END_OF_FRAME_BYTES = 4;
const HAS_CONTENT_SIZE = 0x08;
const HAS_CONTENT_CHECKSUM = 0x04;
const HAS_BLOCK_CHECKSUMS = 0x10;
const HAS_DICTIONARY = 0x01;
/** A byte of the compressed form adds at most this many to a match's length. */
const EXPANSION_MAX = 255;

/**
 * An upper bound of what frames expand to, told from their blocks without expanding any. Where the blocks' greatest size
 * would be over the limit, what is in them is counted to the byte.
 */
export function lz4FrameBytesMax(bytes: Buffer, limitBytes: number): number {
  const roughly = countFrames(bytes, (block, blockBytesMax) => Math.min(blockBytesMax, block.length * EXPANSION_MAX));
  return roughly <= limitBytes ? roughly : countFrames(bytes, expandedBytes);
}

type CountBlock = (block: Buffer, blockBytesMax: number) => number;

function countFrames(bytes: Buffer, countBlock: CountBlock): number {
  let total = 0;
  let at = 0;
  while (at < bytes.length) {
    const magic = uint32(bytes, at);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      at += 8 + uint32(bytes, at + 4);
      continue;
    }
    if (magic !== MAGIC) throw damaged('lz4', 'no frame begins where one should');
    const flags = bytes[at + 4] ?? 0;
    // 4 stands for 64 KiB, and each step is four times the one before, up to 7 for 4 MiB.
    const blockBytesMax = 2 ** (8 + 2 * (((bytes[at + 5] ?? 0) >> 4) & 0x07));
    at += 7 + (flags & HAS_CONTENT_SIZE ? 8 : 0) + (flags & HAS_DICTIONARY ? 4 : 0);
    for (;;) {
      const word = uint32(bytes, at);
      at += END_OF_FRAME_BYTES;
      if (word === 0) break;
      const length = word & 0x7fffffff;
      if (at + length > bytes.length) throw damaged('lz4', 'it ends within a block');
      total += word >>> 31 === 1 ? length : countBlock(bytes.subarray(at, at + length), blockBytesMax);
      at += length + (flags & HAS_BLOCK_CHECKSUMS ? 4 : 0);
    }
    at += flags & HAS_CONTENT_CHECKSUM ? 4 : 0;
  }
  return total;
}

/** Walks the sequences of a block: a token, literals, an offset, a match; the last has no match. */
function expandedBytes(block: Buffer): number {
  let total = 0;
  let at = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    if (nibble !== 15) return length;
    for (;;) {
      const more = block[at] ?? 0;
      at += 1;
      length += more;
      if (more !== 255) return length;
    }
  };
  while (at < block.length) {
    const token = block[at] ?? 0;
    at += 1;
    const literals = lengthFrom(token >> 4);
    total += literals;
    at += literals;
    if (at >= block.length) break;
    at += 2;
    total += lengthFrom(token & 0x0f) + 4;
  }
  return total;
}

function uint32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw damaged('lz4', 'it ends within a frame');
  return bytes.readUInt32LE(at);
}
