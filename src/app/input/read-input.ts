import { delimiterOf } from './csv-header.ts';
import { CsvRows } from './csv-rows.ts';
import { checkMapAndSet, type FieldTexts } from './field-options.ts';
import { checkIsNdjson, formatOf, type InputFormat } from './input-head.ts';
import type { InputRow } from './input-row.ts';
import { NdjsonRows } from './ndjson-rows.ts';
import { type Rows, readRows } from './read-rows.ts';

export interface InputOptions {
  /** A file, or `-` for standard input. */
  readonly path: string;
  /** Left out, the name's ending says, else the first character. */
  readonly format?: InputFormat;
  readonly map?: FieldTexts;
  readonly set?: FieldTexts;
  /** What `-` reads; the process's standard input where it is left out. */
  readonly stdin?: AsyncIterable<unknown>;
  /** Ends the rows after those read so far. */
  readonly signal?: AbortSignal;
}

/** Rows of an input, read as they are asked for; to be used once. */
export type InputRows = Rows<InputRow>;

/**
 * Reads transactions from a file or standard input, NDJSON or CSV, plain or gzip, in bounded memory. A row that is no
 * transaction comes as a rejected row, and the rest goes on. Bank rules are not looked at: those are the ledger's.
 *
 * Iterating throws INPUT_NOT_FOUND for a missing file; INPUT_INVALID for a directory, an input that is empty, binary or
 * holds no rows, a header that can't be used, and, after the rows before it, for bytes that can't be read or unpacked;
 * USAGE for a field both mapped and set.
 */
export function readInput({ format, map = new Map(), set = new Map(), ...options }: InputOptions): InputRows {
  return readRows<InputRow>({
    ...options,
    begin: (name, text) => {
      checkMapAndSet(map, set);
      const found = format ?? formatOf(options.path, text);
      const delimiter = found === 'csv' ? delimiterOf(text) : undefined;
      if (delimiter === undefined) checkIsNdjson(name, text);
      const reader = delimiter === undefined ? new NdjsonRows(map, set) : new CsvRows(name, delimiter, map, set);
      const emptiness = found === 'csv' ? 'has a header but no rows' : 'has no rows';
      return { delimiter, emptiness, read: (rows) => reader.read(rows) };
    },
  });
}
