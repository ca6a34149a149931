import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMap, parseSet } from '../../../src/app/input/field-options.ts';
import type { InputRow } from '../../../src/app/input/input-row.ts';
import { type InputOptions, readInput } from '../../../src/app/input/read-input.ts';
import type { HeadraceError } from '../../../src/errors.ts';

export const HEADER = 'transactionId,accountId,direction,amount,currency,occurredAt,kind,description';

export function csvLine(id: string, changes: { account?: string; amount?: string; description?: string } = {}): string {
  const { account = 'a1', amount = '1.00', description = '' } = changes;
  return `${id},${account},credit,${amount},EUR,2024-01-01,posting,${description}`;
}

export function jsonLine(id: string, changes: Record<string, unknown> = {}): string {
  return JSON.stringify({ transactionId: id, accountId: 'a1', amount: '1.00', ...changes });
}

export function writeInput(directory: string, name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

export interface Outcome {
  readonly rows: readonly InputRow[];
  readonly error: HeadraceError | undefined;
}

/** All rows until the end or an error. */
export async function readAll(
  path: string,
  options: Partial<Omit<InputOptions, 'map' | 'set'>> & { map?: readonly string[]; set?: readonly string[] } = {},
): Promise<Outcome> {
  const { map = [], set = [], ...rest } = options;
  const rows: InputRow[] = [];
  try {
    for await (const row of readInput({ path, ...rest, map: parseMap(map), set: parseSet(set) })) rows.push(row);
    return { rows, error: undefined };
  } catch (error) {
    return { rows, error: error as HeadraceError };
  }
}

/** Each row in short: its line with its transactionId, or with why it was rejected. */
export function summary(rows: readonly InputRow[]): readonly string[] {
  return rows.map((row) =>
    row.kind === 'transaction'
      ? `${row.line} ${String(row.fields.transactionId)}`
      : `${row.line} rejected: ${row.reason}`,
  );
}
