import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { HeadraceError } from '../../../errors.ts';
import { compressLz4, decompressLz4 } from './codecs/lz4.ts';
import { damaged, tooLarge } from './codecs/refusals.ts';
import { compressSnappy, decompressSnappy } from './codecs/snappy.ts';
import { compressZstd, decompressZstd } from './codecs/zstd.ts';

/** The compressions of Kafka's record batches; bits 0 to 2 of a batch's attributes name them. */
export type KafkaCodec = 'gzip' | 'snappy' | 'lz4' | 'zstd';

/**
 * Compresses the records of a batch as the JVM's clients do: gzip members, snappy blocks in snappy-java's framing, an
 * LZ4 frame, a zstd frame. Throws KAFKA_CLIENT_UNSUPPORTED where the codec's package has no binary for this platform.
 */
export function compress(codec: KafkaCodec, bytes: Uint8Array): Buffer {
  switch (codec) {
    case 'gzip':
      return gzipSync(bytes);
    case 'snappy':
      return compressSnappy(bytes);
    case 'lz4':
      return compressLz4(bytes);
    case 'zstd':
      return compressZstd(bytes);
  }
}

/**
 * What `compress` of any client of Kafka compressed. No more than `limitBytes` are ever allocated for the output: throws
 * RECORD_TOO_LARGE where they would be exceeded, LOG_CORRUPT where the bytes are damaged, KAFKA_CLIENT_UNSUPPORTED where
 * the codec's package has no binary for this platform.
 */
export function decompress(codec: KafkaCodec, bytes: Uint8Array, limitBytes: number): Buffer {
  switch (codec) {
    case 'gzip':
      return decompressGzip(bytes, limitBytes);
    case 'snappy':
      return decompressSnappy(bytes, limitBytes);
    case 'lz4':
      return decompressLz4(bytes, limitBytes);
    case 'zstd':
      return decompressZstd(bytes, limitBytes);
  }
}

function decompressGzip(bytes: Uint8Array, limitBytes: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: limitBytes, finishFlush: constants.Z_FINISH });
  } catch (error) {
    if (error instanceof HeadraceError) throw error;
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge ? tooLarge('gzip', bytes, limitBytes) : damaged('gzip', error);
  }
}
