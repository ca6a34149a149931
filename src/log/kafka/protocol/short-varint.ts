/**
 * A zigzag varint of up to four bytes without moving a cursor: bits 0 to 2 of the result are the number of its bytes, the rest is what
 * {@link decoded} reads. 0 for a longer number, or past the end of the bytes.
 */
export function shortVarint(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return (first << 3) | 1;
  const second = bytes[at + 1]!;
  const two = (first & 0x7f) | ((second & 0x7f) << 7);
  if (second < 0x80) return (two << 3) | 2;
  const third = bytes[at + 2]!;
  const three = two | ((third & 0x7f) << 14);
  if (third < 0x80) return (three << 3) | 3;
  const fourth = bytes[at + 3]!;
  return fourth < 0x80 ? ((three | (fourth << 21)) << 3) | 4 : 0;
}

/** The number in what {@link shortVarint} returned. */
export function decoded(short: number): number {
  const zigzag = short >>> 3;
  return (zigzag >>> 1) ^ -(zigzag & 1);
}
