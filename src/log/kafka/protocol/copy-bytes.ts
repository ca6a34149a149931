/** Up to this length a loop beats the native copy, which first needs a view of the source. */
const LOOP_BYTES_MAX = 128;

/** Bytes with the view that reads four of them at once. */
export interface ViewedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export function viewedBytes(bytes: Uint8Array): ViewedBytes {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Copies `length` bytes between two places of two different arrays; the caller has checked that they lie within. */
export function copyBytes(source: ViewedBytes, from: number, target: ViewedBytes, to: number, length: number): void {
  if (length > LOOP_BYTES_MAX) {
    const { buffer, byteOffset } = source.bytes;
    target.bytes.set(new Uint8Array(buffer, byteOffset + from, length), to);
    return;
  }
  if (length < 4) {
    for (let i = 0; i < length; i++) target.bytes[to + i] = source.bytes[from + i]!;
    return;
  }
  const read = source.view;
  const write = target.view;
  let i = 0;
  for (; i + 16 <= length; i += 16) {
    write.setInt32(to + i, read.getInt32(from + i, true), true);
    write.setInt32(to + i + 4, read.getInt32(from + i + 4, true), true);
    write.setInt32(to + i + 8, read.getInt32(from + i + 8, true), true);
    write.setInt32(to + i + 12, read.getInt32(from + i + 12, true), true);
  }
  for (; i + 4 <= length; i += 4) write.setInt32(to + i, read.getInt32(from + i, true), true);
  // What is left, with some of what is copied already.
  if (i < length) write.setInt32(to + length - 4, read.getInt32(from + length - 4, true), true);
}
