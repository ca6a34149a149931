import { HeadraceError } from '../errors.ts';

const LENGTH_BYTES = 4;
/** Stands in the place of a length where there is no part. */
const NONE = 0xff_ff_ff_ff;

/** Parts one after the other, each with its length before it, four bytes; all ones for none. They begin behind `headBytes`. */
export function joinParts(parts: readonly (Uint8Array | null)[], headBytes = 0): Uint8Array {
  const length = parts.reduce((sum, part) => sum + LENGTH_BYTES + (part?.length ?? 0), headBytes);
  const bytes = new Uint8Array(length);
  let at = headBytes;
  for (const part of parts) {
    writeLength(bytes, at, part === null ? NONE : part.length);
    if (part !== null) bytes.set(part, at + LENGTH_BYTES);
    at += LENGTH_BYTES + (part?.length ?? 0);
  }
  return bytes;
}

/** All parts, as views. Throws DESERIALIZATION_FAILED, naming `what` they are of, where one is cut off. */
export function partsIn(bytes: Uint8Array, what: string, headBytes = 0): readonly (Uint8Array | null)[] {
  const parts: (Uint8Array | null)[] = [];
  for (let at = headBytes; at < bytes.length; ) {
    if (at + LENGTH_BYTES > bytes.length) throw cutOff(what);
    const length = lengthAt(bytes, at);
    at += LENGTH_BYTES;
    if (length === NONE) parts.push(null);
    else {
      if (at + length > bytes.length) throw cutOff(what);
      parts.push(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return parts;
}

/** As {@link partsIn}, where there must be so many. */
export function partsOf(bytes: Uint8Array, what: string, count: number): readonly (Uint8Array | null)[] {
  const parts = partsIn(bytes, what);
  if (parts.length !== count) throw cutOff(what);
  return parts;
}

function cutOff(what: string): HeadraceError {
  return new HeadraceError('DESERIALIZATION_FAILED', `${what} is cut off or has more than it needs`);
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}

function writeLength(bytes: Uint8Array, at: number, length: number): void {
  bytes[at] = length >>> 24;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length;
}
