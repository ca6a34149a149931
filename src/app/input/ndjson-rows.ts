import type { FieldTexts } from './field-options.ts';
import { type InputRow, inputRow } from './input-row.ts';
import { brokenRow, isBlank, rawText } from './raw-text.ts';
import type { RawRow } from './row-splitter.ts';
import { TRANSACTION_FIELDS } from './transaction-fields.ts';

/**
 * Reads rows of NDJSON: the fields of a transaction as they are (a number stays a number: the ledger refuses it), from
 * the property of the same name or the one that `map` names; `set` comes first. Other properties are left out.
 */
export class NdjsonRows {
  readonly #sources: readonly (readonly [field: string, property: string])[];
  readonly #set: FieldTexts;

  constructor(map: FieldTexts, set: FieldTexts) {
    this.#set = set;
    this.#sources = TRANSACTION_FIELDS.filter((field) => !set.has(field)).map((field) => [
      field,
      map.get(field) ?? field,
    ]);
  }

  read(rows: readonly RawRow[]): InputRow[] {
    return rows.filter(({ bytes, problem }) => problem !== undefined || !isBlank(bytes)).map((row) => this.#row(row));
  }

  #row(row: RawRow): InputRow {
    const broken = brokenRow(row);
    if (broken !== undefined) return broken;
    const raw = rawText(row.bytes);
    let value: unknown;
    try {
      value = JSON.parse(raw);
    } catch {
      // The parser's message shows a piece of the row, perhaps a card number in part.
      return { kind: 'rejected', line: row.line, reason: 'is not valid JSON', raw };
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { kind: 'rejected', line: row.line, reason: 'is JSON, but not an object', raw };
    }
    const fields: Record<string, unknown> = Object.create(null);
    for (const [field, text] of this.#set) fields[field] = text;
    for (const [field, property] of this.#sources) {
      if (Object.hasOwn(value, property)) fields[field] = (value as Record<string, unknown>)[property];
    }
    return inputRow(row.line, fields, () => raw);
  }
}
