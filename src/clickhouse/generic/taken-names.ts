import type { Migration } from '../migrations.ts';
import { splitStatements } from '../sql-statements.ts';

const MADE =
  /^(?:\s|--[^\n]*\n)*CREATE\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW|MATERIALIZED\s+VIEW|DICTIONARY)\s+(?:IF\s+NOT\s+EXISTS\s+)?headrace\.`?(\w+)`?/i;

/** The tables and views of Headrace's own (or of a user's migrations), in lower case: no generic table takes their names. */
export function takenNames(migrations: readonly Migration[]): ReadonlySet<string> {
  const made = migrations
    .flatMap(({ sql }) => splitStatements(sql))
    .flatMap((statement) => MADE.exec(statement)?.[1] ?? []);
  return new Set(['schema_migrations', ...made.map((name) => name.toLowerCase())]);
}
