import type { FieldTexts } from './field-options.ts';
import { invalid } from './input-head.ts';
import { REQUIRED_FIELDS, snakeCase, TRANSACTION_FIELDS, type TransactionField } from './transaction-fields.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;

/** The delimiter that the header has most of; a comma where it has none. */
export function delimiterOf(head: Buffer): string {
  const text = head.toString('utf8');
  const header = /[^\r\n]*\S[^\r\n]*/.exec(text)?.[0] ?? '';
  let best: string = ',';
  for (const delimiter of DELIMITERS) {
    if (header.split(delimiter).length > header.split(best).length) best = delimiter;
  }
  return best;
}

/** Which cell each field comes from. */
export type FieldColumns = readonly (readonly [field: TransactionField, index: number])[];

/**
 * Finds the column of every field: the one that `map` names, else one named like the field (`occurredAt` or
 * `occurred_at`), unless `set` gives the field. Throws INPUT_INVALID, naming the columns that there are, where a mapped
 * column is missing, a used one stands twice, or a field that every transaction needs comes from nowhere.
 */
export function fieldColumns(name: string, header: readonly string[], map: FieldTexts, set: FieldTexts): FieldColumns {
  const columns = header.map((column) => column.trim());
  const known = `its columns are ${columns.join(', ')}`;
  const mapped = new Set(map.values());
  const found: [TransactionField, number][] = [];
  for (const field of TRANSACTION_FIELDS) {
    if (set.has(field)) continue;
    const wanted = map.get(field);
    const names = wanted === undefined ? [field, snakeCase(field)].filter((own) => !mapped.has(own)) : [wanted.trim()];
    const indexes = columns.flatMap((column, i) => (names.includes(column) ? [i] : []));
    if (indexes.length > 1) {
      throw invalid(name, `has ${indexes.length} columns for ${field}; ${known}`, 1);
    }
    if (indexes.length === 1) found.push([field, indexes[0]!]);
    else if (wanted !== undefined)
      throw invalid(name, `has no column ${wanted} (--map ${field}=${wanted}); ${known}`, 1);
  }
  const missing = REQUIRED_FIELDS.filter((field) => !set.has(field) && !found.some(([has]) => has === field));
  if (missing.length > 0) {
    throw invalid(
      name,
      `has no column for ${missing.join(', ')}; ${known}. Name the column with --map ${missing[0]}=COLUMN or give one value for all rows with --set ${missing[0]}=VALUE`,
      1,
    );
  }
  return found;
}
