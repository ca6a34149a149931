/** Formats without a head and a foot: the engine's chunks put one behind the other are the whole. */
const CHUNKED: ReadonlySet<string> = new Set([
  'JSONEachRow',
  'JSONLines',
  'NDJSON',
  'JSONCompactEachRow',
  'JSONStringsEachRow',
  'JSONCompactStringsEachRow',
  'CSV',
  'TSV',
  'TSVRaw',
  'TabSeparated',
  'TabSeparatedRaw',
  'RowBinary',
  'Native',
  'RawBLOB',
  'Values',
]);

/** How many lines, or lists of texts, a format's head has. */
const HEADED: Readonly<Record<string, Head>> = {
  CSVWithNames: { parts: 1, kind: 'csv' },
  CSVWithNamesAndTypes: { parts: 2, kind: 'csv' },
  ...lines('TSV', 'TabSeparated', 'TSVRaw', 'TabSeparatedRaw', 'JSONCompactEachRow', 'JSONCompactStringsEachRow'),
  RowBinaryWithNames: { parts: 1, kind: 'binary' },
  RowBinaryWithNamesAndTypes: { parts: 2, kind: 'binary' },
};

interface Head {
  readonly parts: 1 | 2;
  readonly kind: 'csv' | 'lines' | 'binary';
}

function lines(...formats: readonly string[]): Readonly<Record<string, Head>> {
  return Object.fromEntries(
    formats.flatMap((format): (readonly [string, Head])[] => [
      [`${format}WithNames`, { parts: 1, kind: 'lines' }],
      [`${format}WithNamesAndTypes`, { parts: 2, kind: 'lines' }],
    ]),
  );
}

/**
 * How a format comes out of the embedded engine's stream, which writes each chunk as a document of its own: `chunked`
 * can be passed on, `headed` repeats its head, `whole` has to be asked for in one piece.
 */
export function chunkingOf(format: string): 'chunked' | 'headed' | 'whole' {
  if (CHUNKED.has(format)) return 'chunked';
  return format in HEADED ? 'headed' : 'whole';
}

const NEW_LINE = 0x0a;
const QUOTE = 0x22;

/** Drops the head with which every chunk but the first begins once more. */
export class RepeatedHead {
  readonly #shape: Head;
  #head: Buffer | undefined;

  constructor(format: string) {
    this.#shape = HEADED[format] ?? { parts: 1, kind: 'lines' };
  }

  strip(chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#head === undefined) {
      this.#head = Buffer.from(bytes.subarray(0, endOfHead(bytes, this.#shape)));
      return chunk;
    }
    const head = this.#head;
    return bytes.subarray(0, head.length).equals(head) ? bytes.subarray(head.length) : chunk;
  }
}

function endOfHead(bytes: Buffer, { parts, kind }: Head): number {
  if (kind === 'binary') return endOfTexts(bytes, parts);
  let end = 0;
  for (let part = 0; part < parts; part++) end = endOfRow(bytes, end, kind === 'csv');
  return end;
}

/** In CSV a column's name may hold a line end, in quotes. */
function endOfRow(bytes: Buffer, from: number, hasQuotes: boolean): number {
  let isQuoted = false;
  for (let at = from; at < bytes.length; at++) {
    if (hasQuotes && bytes[at] === QUOTE) isQuoted = !isQuoted;
    else if (bytes[at] === NEW_LINE && !isQuoted) return at + 1;
  }
  return bytes.length;
}

/** The number of columns, then that many texts, each behind its length; twice for names and types. */
function endOfTexts(bytes: Buffer, parts: number): number {
  let at = 0;
  const count = () => {
    let [value, factor] = [0, 1];
    for (; at < bytes.length; factor *= 0x80) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return value;
  };
  for (let texts = count() * parts; texts > 0; texts--) {
    const length = count();
    at += length;
  }
  return at;
}
