import { crc32c as nativeCrc32c } from '@node-rs/crc32';

/** CRC-32C (Castagnoli, RFC 3720), as Kafka's record batches use it. */
export function crc32c(bytes: Uint8Array): number {
  return nativeCrc32c(bytes);
}
