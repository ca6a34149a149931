import { type Codec, codecs } from './batch-layout.ts';

/**
 * Expands what a client of Kafka compressed, into no more than `limitBytes`. Throws LOG_CORRUPT, RECORD_TOO_LARGE,
 * KAFKA_CLIENT_UNSUPPORTED.
 */
export type Decompress = (codec: Codec, bytes: Uint8Array, limitBytes: number) => Buffer;

export type Compress = (codec: Codec, bytes: Uint8Array) => Uint8Array;

/** The codec for the number in a batch's attributes; undefined for one that Kafka has not given out. */
export function codecOf(attributeBits: number): (typeof codecs)[number] | undefined {
  return codecs[attributeBits];
}

export function attributeBitsOf(codec: (typeof codecs)[number]): number {
  return codecs.indexOf(codec);
}
