import { compress, decompress, type KafkaCodec } from '../codecs.ts';
import { type Correction, patch } from '../correction.ts';

/**
 * Defect: of Kafka's four compressions only gzip is there; a consumer that meets another one crashes. The output of gzip is not bounded, so
 * that a batch of a megabyte can fill a gigabyte of memory (src/protocol/message/compression/index.js, 13-24, and gzip.js).
 *
 * Correction: gzip, snappy, lz4 and zstd, each with a bounded output. Other codecs can still be put into `CompressionCodecs`.
 */
export const compressionCodecs: Correction = {
  name: 'compression-codecs',
  summary: 'gzip, snappy, lz4 and zstd work, and none expands without bounds',
  patches: {
    'src/protocol/message/compression/index.js': patch<Compression>((compression) => {
      for (const [type, codec] of Object.entries(codecs)) compression.Codecs[type] = () => asKafkajs(codec);
    }),
  },
};

/** What one batch may expand to: more than a hundred times what a broker takes for one unless told otherwise. */
export const EXPANDED_BYTES_MAX = 128 * 1024 * 1024;

const codecs: Readonly<Record<string, KafkaCodec>> = { 1: 'gzip', 2: 'snappy', 3: 'lz4', 4: 'zstd' };

function asKafkajs(codec: KafkaCodec): Codec {
  return {
    compress: async ({ buffer }) => compress(codec, buffer),
    decompress: async (bytes) => decompress(codec, bytes, EXPANDED_BYTES_MAX),
  };
}

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

interface Compression {
  readonly Codecs: Record<string, () => Codec>;
}
