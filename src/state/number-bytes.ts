const NUMBER_BYTES = 8;

/** A `DataView` over a small array would move the array out of V8's heap; through a scratch of 8 bytes it costs a fifth. */
const scratch = new DataView(new ArrayBuffer(NUMBER_BYTES));
const scratchBytes = new Uint8Array(scratch.buffer);

/** A number as 8 bytes: a big-endian float64, exact for whole milliseconds. */
export function numberBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(NUMBER_BYTES);
  writeNumber(bytes, 0, value);
  return bytes;
}

export function writeNumber(bytes: Uint8Array, at: number, value: number): void {
  scratch.setFloat64(0, value);
  for (let i = 0; i < NUMBER_BYTES; i++) bytes[at + i] = scratchBytes[i]!;
}

export function numberAt(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < NUMBER_BYTES; i++) scratchBytes[i] = bytes[at + i]!;
  return scratch.getFloat64(0);
}
