import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HeadraceError } from '../../errors.ts';
import { type NamedQuery, parseNamedQuery } from './named-query.ts';

/** sql/ stands in the package's root: three folders up from src/clickhouse/queries, four from dist/src/clickhouse/queries. */
const HERE = new URL('.', import.meta.url);
const ROOT = new URL(HERE.pathname.endsWith('/dist/src/clickhouse/queries/') ? '../../../../' : '../../../', HERE);

/** Where the named queries are. */
export const QUERIES = fileURLToPath(new URL('sql/queries/', ROOT));

const FILE_NAME = /^([a-z][a-z0-9-]*)\.sql$/;

/** The named queries of a directory, by name. Throws QUERY_FILE_INVALID. */
export function readNamedQueries(directory: string): readonly NamedQuery[] {
  try {
    return readdirSync(directory)
      .sort()
      .flatMap((file) => {
        const [, name] = FILE_NAME.exec(file) ?? [];
        return name === undefined ? [] : [parseNamedQuery(name, readFileSync(join(directory, file), 'utf8'))];
      });
  } catch (cause) {
    if (cause instanceof HeadraceError) throw cause;
    throw new HeadraceError('QUERY_FILE_INVALID', `The named queries in ${directory} cannot be read`, { cause });
  }
}

let read: readonly NamedQuery[] | undefined;

/** The named queries that come with Headrace. */
export function namedQueries(): readonly NamedQuery[] {
  read ??= readNamedQueries(QUERIES);
  return read;
}

/** One of them. Throws QUERY_UNKNOWN, naming those that there are. */
export function namedQuery(name: string): NamedQuery {
  const found = namedQueries().find((query) => query.name === name);
  if (found !== undefined) return found;
  const names = namedQueries().map((query) => query.name);
  throw new HeadraceError('QUERY_UNKNOWN', `There is no query of this name; there are ${names.join(', ')}`);
}
