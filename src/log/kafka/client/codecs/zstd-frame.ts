import { damaged } from './refusals.ts';

/** Frames and blocks of RFC 8878, section 3.1. */
const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const BLOCK_BYTES_MAX = 128 * 1024;
const BLOCK_HEADER_BYTES = 3;
const COMPRESSED_BLOCK = 2;
const RESERVED_BLOCK = 3;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];

/**
 * An upper bound of what frames expand to, told without expanding them. It does not rest on the size that a frame may tell of
 * itself: most of Kafka's clients write none, and a made-up one proves nothing. A compressed block counts as 128 KiB, the
 * most that it may hold; writers fill their blocks, so the bound is over by less than that for each flush.
 */
export function zstdFrameBytesMax(bytes: Buffer): number {
  let total = 0;
  let at = 0;
  while (at < bytes.length) {
    const magic = uint32(bytes, at);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      at += 8 + uint32(bytes, at + 4);
      continue;
    }
    if (magic !== MAGIC) throw damaged('zstd', 'no frame begins where one should');
    const descriptor = bytes[at + 4] ?? 0;
    at += 5 + frameHeaderBytes(descriptor);
    for (let isLast = false; !isLast; ) {
      if (at + BLOCK_HEADER_BYTES > bytes.length) throw damaged('zstd', 'it ends within a frame');
      const header = bytes.readUIntLE(at, BLOCK_HEADER_BYTES);
      const type = (header >> 1) & 0x03;
      const size = header >> 3;
      if (type === RESERVED_BLOCK) throw damaged('zstd', 'a block is of a type that there is not');
      isLast = (header & 1) === 1;
      total += type === COMPRESSED_BLOCK ? BLOCK_BYTES_MAX : size;
      // A block of type 1 is one byte, repeated.
      at += BLOCK_HEADER_BYTES + (type === 1 ? 1 : size);
    }
    at += (descriptor & 0x04) === 0 ? 0 : 4;
  }
  return total;
}

/** Window, dictionary's id and content size, as the descriptor's bits say. */
function frameHeaderBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeFlag = descriptor >> 6;
  const contentSizeBytes = contentSizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[contentSizeFlag] ?? 0);
  return (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 0x03] ?? 0) + contentSizeBytes;
}

function uint32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw damaged('zstd', 'it ends within a frame');
  return bytes.readUInt32LE(at);
}
