/** The bytes from one place to another of all that the pieces hold in their order, as views of them. */
export function slicePieces(
  pieces: readonly Uint8Array[],
  from: number,
  to = Number.POSITIVE_INFINITY,
): readonly Uint8Array[] {
  const sliced: Uint8Array[] = [];
  let start = 0;
  for (const piece of pieces) {
    const [first, last] = [Math.max(from - start, 0), Math.min(to - start, piece.length)];
    if (first < last) sliced.push(piece.subarray(first, last));
    start += piece.length;
    if (start >= to) break;
  }
  return sliced;
}
