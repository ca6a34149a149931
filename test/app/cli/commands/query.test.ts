import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalNode } from '../../../../src/app/local-node.ts';
import { silentLogger } from '../../../../src/app/logger.ts';
import { PARTITIONS, transaction } from '../../temporary-node.ts';
import { runCommand } from '../run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'headrace-query-'));
const data = join(folder, 'data');
let node: LocalNode | undefined;

beforeAll(async () => {
  node = await LocalNode.open({
    dataDirectory: data,
    clock: Date.now,
    logger: silentLogger,
    partitions: PARTITIONS,
    flushIntervalMs: 50,
    onEngineFailure: (error) => {
      throw error;
    },
  });
  await node.append(
    Array.from({ length: 12 }, (_, i) =>
      transaction("O'Brien", `t${i + 1}`, { occurredAt: `2025-${String(i + 1).padStart(2, '0')}-05T00:00:00Z` }),
    ),
  );
  await node.drain();
  await node.serve(0);
});
afterAll(async () => {
  await node?.close();
  rmSync(folder, { recursive: true, force: true });
});

const query = (...args: readonly string[]) => runCommand('query', ...args, '--data', data);

const lastTwo = ['--name', 'last-transactions', '--param', "account=O'Brien", '--param', 'limit=2'];

describe('headrace query --name', () => {
  it('answers through the process that owns the directory, and alone: JSON, CSV and a table', async () => {
    const asked = async () => ({
      json: await query(...lastTwo),
      csv: await query(...lastTwo, '--csv'),
      table: await query(...lastTwo, '--table'),
    });
    const beside = await asked();
    expect(beside.json.err).toBe('');
    const rows = beside.json.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows).toMatchObject([
      {
        sequence: '12',
        transaction_id: 't12',
        occurred_at: '2025-12-05T00:00:00.000Z',
        amount: '10.0000',
        balance_after: '120.0000',
      },
      {
        sequence: '11',
        transaction_id: 't11',
        occurred_at: '2025-11-05T00:00:00.000Z',
        amount: '10.0000',
        balance_after: '110.0000',
      },
    ]);
    expect(beside.csv.out.split('\n')).toHaveLength(4);
    expect(beside.csv.out).toMatch(/^"sequence","transaction_id",/);
    expect(beside.table.out).toContain('│ t12 ');
    await node?.close();
    node = undefined;
    expect(await asked()).toEqual(beside);
    const all = await query('--name', 'last-transactions', '--param', "account=O'Brien", '--param', 'limit=100');
    expect(all.out.trim().split('\n')).toHaveLength(12);
  });

  it('refuses what it can not ask, with what would be right, and without opening anything', async () => {
    const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
      [
        'an unknown name',
        ['--name', 'balance'],
        /There is no query of this name; there are balance-as-of, .*velocity \[QUERY_UNKNOWN\]/,
      ],
      [
        'a missing parameter',
        ['--name', 'velocity', '--param', 'account=A'],
        /velocity needs moment: the end of the windows/,
      ],
      [
        'one too many',
        [...lastTwo, '--param', 'acount=A'],
        /last-transactions has no such parameter: it takes account, limit/,
      ],
      [
        'one of another type',
        ['--name', 'last-transactions', '--param', 'account=A', '--param', 'limit=0'],
        /limit must be a whole number from 1 to 1000/,
      ],
      ['one twice', [...lastTwo, '--param', 'limit=3'], /--param limit is given twice/],
      ['no value', ['--name', 'velocity', '--param', 'account'], /as name=value/],
      ['two ways', ['SELECT 1', '--list'], /Give one of SQL, --name and --list/],
      ['none', [], /Give one of SQL, --name and --list/],
      ['parameters of SQL', ['SELECT 1', '--param', 'a=1'], /--param belongs to --name/],
    ];
    for (const [what, args, expected] of cases) {
      const refused = await runCommand('query', ...args, '--data', join(folder, 'none'));
      expect(refused, what).toMatchObject({ code: 2, out: '' });
      expect(refused.err, what).toMatch(expected);
    }
  });
});

describe('headrace query --list', () => {
  it('tells every query with its parameters, for people and for machines', async () => {
    const text = await query('--list');
    expect(text).toMatchObject({ code: 0, err: '' });
    expect(text.out).toContain('last-transactions\n  The last transactions of an account');
    expect(text.out).toContain('    limit = 10: transactions at most (a whole number from 1 to 1000)\n');
    expect(text.out).toContain("    terminal = '': one terminal only");
    const { out } = await query('--list', '--json');
    const queries = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(queries).toHaveLength(12);
    expect(queries.find(({ name }) => name === 'velocity')).toMatchObject({
      parameters: [
        { name: 'account', type: 'String', description: 'the account' },
        { name: 'moment', type: "DateTime64(3, 'UTC')" },
      ],
      columns: [
        { name: 'hours' },
        { name: 'currency' },
        { name: 'transaction_count' },
        { name: 'credits' },
        { name: 'debits' },
      ],
    });
  });
});
