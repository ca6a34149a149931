import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { accessStatements } from '../../../src/clickhouse/cluster/access-statements.ts';

const GRANT = /^GRANT (?:ON CLUSTER \S+ )?(.+) ON (\S+) TO /;

/** Each right and what it is for. */
function rights(statements: readonly string[]): readonly string[] {
  return statements.flatMap((statement) => {
    const [, names = '', on] = GRANT.exec(statement) ?? [];
    return names === '' ? [] : names.split(', ').map((name) => `${name} on ${on}`);
  });
}

test('on a cluster the writer has every right that the document tells', () => {
  const document = readFileSync(new URL('../../../docs/CLICKHOUSE.md', import.meta.url), 'utf8');
  const told = rights(document.split('\n').filter((line) => GRANT.test(line)));
  // The database is asked for at each start, before anything is known of it.
  expect(told).toEqual(expect.arrayContaining(['CREATE DATABASE on headrace.*', 'KILL QUERY on *.*']));
  expect(rights(accessStatements('main').filter((each) => each.includes(' TO headrace_writing')))).toEqual(
    expect.arrayContaining([...told]),
  );
});
