import { HeadraceError } from '../errors.ts';
import { STATE_KEY_BYTES_MAX } from '../log/log.ts';

/**
 * A binary string holds one byte in each character. It is what a Map can hold, and its order as a string is the order
 * of the bytes.
 */
export function toBinaryString(bytes: Uint8Array): string {
  if (bytes.length > STATE_KEY_BYTES_MAX) {
    throw new HeadraceError(
      'KEY_TOO_LARGE',
      `A state key of ${bytes.length} bytes is over the limit of ${STATE_KEY_BYTES_MAX}`,
    );
  }
  // Short keys are the rule, and for them this costs half of a Buffer view and its latin1 decoder.
  if (bytes.length <= 24) {
    let text = '';
    for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!);
    return text;
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function fromBinaryString(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
