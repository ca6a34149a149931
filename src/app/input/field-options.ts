import { HeadraceError } from '../../errors.ts';
import { isTransactionField, TRANSACTION_FIELDS, type TransactionField } from './transaction-fields.ts';

export type FieldTexts = ReadonlyMap<TransactionField, string>;

/** Reads `--map field=column`, each field once. Throws USAGE. */
export function parseMap(values: readonly string[]): FieldTexts {
  return parseFieldOption('--map', 'column', values);
}

/** Reads `--set field=value`, each field once; a value may hold further equals signs. Throws USAGE. */
export function parseSet(values: readonly string[]): FieldTexts {
  return parseFieldOption('--set', 'value', values);
}

/** A field that is mapped and set at once has two sources. Throws USAGE. */
export function checkMapAndSet(map: FieldTexts, set: FieldTexts): void {
  const both = [...map.keys()].filter((field) => set.has(field));
  if (both.length > 0) {
    throw new HeadraceError('USAGE', `${both.join(', ')}: give either --map or --set for a field, not both`);
  }
}

function parseFieldOption(option: string, right: string, values: readonly string[]): FieldTexts {
  const texts = new Map<TransactionField, string>();
  for (const value of values) {
    const equals = value.indexOf('=');
    const field = value.slice(0, Math.max(0, equals)).trim();
    const text = value.slice(equals + 1);
    if (equals < 1 || text === '') {
      throw new HeadraceError('USAGE', `${option} ${value}: write it as ${option} field=${right}`);
    }
    if (!isTransactionField(field)) {
      throw new HeadraceError(
        'USAGE',
        `${option} ${value}: a transaction has no field ${field}; its fields are ${TRANSACTION_FIELDS.join(', ')}`,
      );
    }
    if (texts.has(field)) throw new HeadraceError('USAGE', `${option} gives ${field} twice`);
    texts.set(field, text);
  }
  return texts;
}
