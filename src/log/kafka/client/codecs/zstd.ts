import { nativePackage } from './native-package.ts';
import { damaged, tooLarge } from './refusals.ts';
import { zstdFrameBytesMax } from './zstd-frame.ts';

type ZstdPackage = typeof import('@toondepauw/node-zstd');

/** Kafka's default (KIP-390). */
const LEVEL = 3;

const load = () => nativePackage<ZstdPackage>('zstd', '@toondepauw/node-zstd');
let encoder: InstanceType<ZstdPackage['Encoder']> | undefined;
let decoder: InstanceType<ZstdPackage['Decoder']> | undefined;

export function compressZstd(bytes: Uint8Array): Buffer {
  encoder ??= new (load().Encoder)(LEVEL);
  return encoder.encodeSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

export function decompressZstd(bytes: Uint8Array, limitBytes: number): Buffer {
  decoder ??= new (load().Decoder)();
  const frames = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (zstdFrameBytesMax(frames) > limitBytes) throw tooLarge('zstd', bytes, limitBytes);
  let expanded: Buffer;
  try {
    expanded = decoder.decodeSync(frames);
  } catch (error) {
    throw damaged('zstd', error);
  }
  if (expanded.length > limitBytes) throw tooLarge('zstd', bytes, limitBytes);
  return expanded;
}
