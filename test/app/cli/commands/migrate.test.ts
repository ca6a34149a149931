import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS } from '../../../../src/app/migrations.ts';
import { readMigrations } from '../../../../src/clickhouse/migrations.ts';
import { temporaryData } from '../../temporary-node.ts';
import { runCommand } from '../run-command.ts';

const files = readMigrations(MIGRATIONS).map(({ file }) => file);

/** A working directory without a configuration. */
function elsewhere(): string {
  const data = temporaryData();
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(dirname(data));
  return data;
}

it('applies what is missing, once, and lists it', async () => {
  const data = elsewhere();
  const listed = await runCommand('migrate', '--list', '--data', data);
  expect(listed.out).toBe(files.map((file) => `missing  ${file}\n`).join(''));
  expect(JSON.parse((await runCommand('migrate', '--data', data, '--json')).out)).toEqual({
    applied: files,
    last: files.at(-1),
  });
  expect((await runCommand('migrate', '--data', data)).out).toBe(`Nothing to apply: ${files.at(-1)} is the last\n`);
  const lines = (await runCommand('migrate', '--list', '--data', data, '--json')).out.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    files.map((file, at) => ({ number: at + 1, file, state: 'applied' })),
  );
}, 60_000);

it('prints the statements, plain or for a cluster, and touches nothing', async () => {
  const data = elsewhere();
  const plain = await runCommand('migrate', '--print', '--data', data);
  expect(plain.out).toContain('CREATE TABLE IF NOT EXISTS headrace.transactions_rows\n(');
  const cluster = await runCommand('migrate', '--print', '--cluster', 'main', '--data', data);
  expect(cluster).toMatchObject({ code: 0, err: '' });
  expect(cluster.out).toMatch(/^CREATE DATABASE IF NOT EXISTS headrace ON CLUSTER main;\n/);
  expect(cluster.out).toContain('CREATE USER IF NOT EXISTS headrace_reader');
  const last = await runCommand('migrate', '--print', '--cluster', 'main', '--from', String(files.length), '--json');
  expect(JSON.parse(last.out.split('\n')[0]!).statement).toMatch(/^CREATE ROLE/);
  expect(existsSync(data)).toBe(false);
}, 60_000);

it.each([
  [['--cluster', 'main'], /go with --print/],
  [['--list', '--print'], /Choose one/],
  [['--print', '--from', '99'], /The last migration is \d+/],
  [['--print', '--cluster', 'a b'], /no name of a cluster/],
])(
  '%j is wrong usage',
  async (args, message) => {
    elsewhere();
    expect(await runCommand('migrate', ...args)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  },
  30_000,
);
