/** Formats without a head and a foot: the engine's chunks put one behind the other are the whole. */
const CHUNKED: ReadonlySet<string> = new Set([
  'JSONEachRow',
  'JSONLines',
  'JSONCompactEachRow',
  'JSONStringsEachRow',
  'CSV',
  'TSV',
  'TSVRaw',
  'TabSeparated',
  'TabSeparatedRaw',
  'RowBinary',
  'Native',
  'RawBLOB',
]);

/**
 * How a format comes out of the embedded engine's stream, which writes each chunk as a document of its own: `chunked`
 * can be passed on, `headed` repeats its first line, `whole` has to be asked for in one piece.
 */
export function chunkingOf(format: string): 'chunked' | 'headed' | 'whole' {
  if (CHUNKED.has(format)) return 'chunked';
  return format === 'CSVWithNames' ? 'headed' : 'whole';
}

const NEW_LINE = 0x0a;
const QUOTE = 0x22;

/** Drops the CSV head with which every chunk but the first begins once more. */
export class RepeatedHead {
  #head: Buffer | undefined;

  strip(chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#head === undefined) {
      this.#head = Buffer.from(bytes.subarray(0, endOfFirstRow(bytes)));
      return chunk;
    }
    const head = this.#head;
    return bytes.subarray(0, head.length).equals(head) ? bytes.subarray(head.length) : chunk;
  }
}

/** A column's name may hold a line end, in quotes. */
function endOfFirstRow(bytes: Uint8Array): number {
  let isQuoted = false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === QUOTE) isQuoted = !isQuoted;
    else if (bytes[at] === NEW_LINE && !isQuoted) return at + 1;
  }
  return bytes.length;
}
