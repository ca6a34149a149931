import { lz4FrameBytesMax } from './lz4-frame.ts';
import { nativePackage } from './native-package.ts';
import { damaged, tooLarge } from './refusals.ts';

const load = () => nativePackage<typeof import('lz4-napi')>('lz4', 'lz4-napi');

/** An LZ4 frame of independent blocks: the JVM's reader refuses blocks that build on each other. */
export function compressLz4(bytes: Uint8Array): Buffer {
  return load().compressFrameSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

export function decompressLz4(bytes: Uint8Array, limitBytes: number): Buffer {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { decompressFrameSync } = load();
  if (lz4FrameBytesMax(frame, limitBytes) > limitBytes) throw tooLarge('lz4', bytes, limitBytes);
  let expanded: Buffer;
  try {
    expanded = decompressFrameSync(frame);
  } catch (error) {
    throw damaged('lz4', error);
  }
  if (expanded.length > limitBytes) throw tooLarge('lz4', bytes, limitBytes);
  return expanded;
}
