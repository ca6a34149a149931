import { parse } from 'csv-parse/sync';
import { type FieldColumns, fieldColumns } from './csv-header.ts';
import type { FieldTexts } from './field-options.ts';
import { invalid } from './input-head.ts';
import { type InputRow, inputRow } from './input-row.ts';
import { brokenRow, isBlank, rawText } from './raw-text.ts';
import type { RawRow } from './row-splitter.ts';

/**
 * Reads rows of CSV (RFC 4180, with the delimiter given): the first is the header, cells are strings, an empty cell is
 * an absent field. The rows come cut already, so that one that can't be read leaves the others alone.
 */
export class CsvRows {
  readonly #name: string;
  readonly #map: FieldTexts;
  readonly #set: FieldTexts;
  readonly #delimiter: string;
  #columns: FieldColumns | undefined;
  #width = 0;

  constructor(name: string, delimiter: string, map: FieldTexts, set: FieldTexts) {
    this.#name = name;
    this.#delimiter = delimiter;
    this.#map = map;
    this.#set = set;
  }

  /** Throws INPUT_INVALID for a header that can't be used. */
  read(rows: readonly RawRow[]): InputRow[] {
    let filled = rows.filter(({ bytes, problem }) => problem !== undefined || !isBlank(bytes));
    if (this.#columns === undefined && filled.length > 0) {
      this.#readHeader(filled[0]!);
      filled = filled.slice(1);
    }
    const broken = filled.map(brokenRow);
    const cells = this.#cells(filled.filter((_row, i) => broken[i] === undefined).map(({ bytes }) => bytes));
    let next = 0;
    return filled.map((row, i) => broken[i] ?? this.#row(row, cells[next++]!));
  }

  #readHeader(row: RawRow): void {
    const broken = brokenRow(row);
    if (broken !== undefined) throw invalid(this.#name, `has a header that ${broken.reason}`, row.line);
    const header = this.#cells([row.bytes])[0];
    if (!Array.isArray(header)) throw invalid(this.#name, `has a header that ${header}`, row.line);
    this.#columns = fieldColumns(this.#name, header, this.#map, this.#set);
    this.#width = header.length;
  }

  #row({ line, bytes }: RawRow, cells: readonly string[] | string): InputRow {
    const raw = () => rawText(bytes);
    if (typeof cells === 'string') return { kind: 'rejected', line, reason: cells, raw: raw() };
    if (cells.length !== this.#width) {
      const few = cells.length < this.#width ? 'too few' : 'too many';
      const reason = `has ${few} columns: ${cells.length}, the header has ${this.#width}`;
      return { kind: 'rejected', line, reason, raw: raw() };
    }
    const fields: Record<string, unknown> = Object.create(null);
    for (const [field, text] of this.#set) fields[field] = text;
    for (const [field, index] of this.#columns!) {
      const cell = cells[index]!;
      if (cell !== '') fields[field] = cell;
    }
    return inputRow(line, fields, raw);
  }

  /** The cells of each row, or why it has none. All rows are read at once; one by one only where that fails. */
  #cells(rows: readonly Buffer[]): readonly (readonly string[] | string)[] {
    if (rows.length === 0) return [];
    try {
      const all = this.#parse(Buffer.concat(rows.flatMap((row) => [row, LINE_BREAK])));
      if (all.length === rows.length) return all;
    } catch (error) {
      if (rows.length === 1) return [csvProblem(error)];
    }
    return rows.length === 1 ? ['is not one row of CSV'] : rows.map((row) => this.#cells([row])[0]!);
  }

  #parse(bytes: Buffer): string[][] {
    return parse(bytes, { delimiter: this.#delimiter, record_delimiter: '\n', relax_column_count: true });
  }
}

const LINE_BREAK = Buffer.from('\n');

/** The parser's own message shows a piece of the row, so that only its code is used. */
function csvProblem(error: unknown): string {
  const code = (error as { readonly code?: string }).code;
  if (code === 'INVALID_OPENING_QUOTE') return 'has a quote in a cell that does not begin with one';
  return `is not valid CSV (${code ?? 'unknown reason'})`;
}
