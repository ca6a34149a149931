import { mkdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headrace, workplace } from './headrace.ts';

let place: ReturnType<typeof workplace>;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place.remove());

const commands = [
  'start',
  'migrate',
  'clickhouse',
  'ingest',
  'produce',
  'consume',
  'query',
  'topology',
  'reconcile',
  'cases',
  'dlq',
  'reset',
];

describe('help', () => {
  it('has an example for every command', { timeout: 60_000 }, async () => {
    const all = await headrace(['--help']);
    expect(all.status).toBe(0);
    for (const command of commands) {
      expect(all.out).toContain(`\n  ${command} `);
      const one = await headrace([command, '--help']);
      expect(one).toMatchObject({ status: 0, out: expect.stringMatching(/Examples?:\n {2}headrace /) });
      expect(one.out).toContain('--data <directory>');
    }
  });

  it('tells the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await headrace(['--version'])).toMatchObject({ status: 0, out: `${version}\n` });
  });
});

describe('wrong usage', () => {
  it.each<[string, string[]]>([
    ['no command', []],
    ['an unknown command', ['bogus']],
    ['an unknown option', ['reconcile', '--bogus']],
    ['a missing argument', ['query']],
    ['a number that is none', ['consume', 'transactions', '--max', 'many']],
    ['two forms at once', ['query', 'SELECT 1', '--json', '--csv']],
    ['--once without --input', ['start', '--once']],
    ['--input without --once', ['start', '--input', 'x.csv']],
    ['a time zone that is none', ['start', '--business-zone', 'Mars/Olympus']],
    ['threads without Kafka', ['start', '--threads', '2']],
    ['no thread at all', ['start', '--threads', '0', '--kafka', '127.0.0.1:1']],
    ['more threads than it may be', ['start', '--threads', '65', '--kafka', '127.0.0.1:1']],
    ['threads once', ['start', '--once', '--input', 'x.csv', '--threads', '2', '--kafka', '127.0.0.1:1']],
    ['a format that is none', ['ingest', 'x.csv', '--format', 'xml']],
    ['a decision that is none', ['cases', 'resolve', 'case:w', '--decision', 'burn', '--by', 'anna']],
    ['a case without a person', ['cases', 'assign', 'case:w', '--to', 'anna']],
    ['a status that is none', ['cases', 'list', '--status', 'lost']],
    ['a system that is none', ['topology', 'lottery']],
    ['a reset without a direction', ['reset', 'account-ledger']],
    ['one plan to compare', ['topology', 'diff', 'account-ledger']],
    ['half a place', ['dlq', 'replay', 'transactions.dlq', '0']],
    ['a place and a key', ['dlq', 'replay', 'transactions.dlq', '0', '0', '--key', 'P']],
    ['a discard without a person', ['dlq', 'discard', 'transactions.dlq', '0', '0', '--why', 'no']],
  ])('%s exits 2', async (_what, args) => {
    const { status, out, err } = await headrace([...args], { environment: { HEADRACE_DATA: place.file('data') } });
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).not.toBe('');
    expect(err).not.toMatch(/\n {4}at /);
  });
});

describe('output', () => {
  it('is JSON, a table or CSV', { timeout: 30_000 }, async () => {
    mkdirSync(place.file('data-forms'));
    const ask = async (form: string) => {
      const sql = `SELECT 'a' AS name, toDecimal64('12345678901234.5678', 4) AS amount`;
      return (await headrace(['query', sql, form, '--data', place.file('data-forms')])).out;
    };
    expect(await ask('--json')).toBe('{"name":"a","amount":"12345678901234.5678"}\n');
    expect(await ask('--csv')).toBe('"name","amount"\n"a",12345678901234.5678\n');
    expect(await ask('--table')).toMatch(/name.*amount[\s\S]*a.*12345678901234\.5678/);
  });

  it('of the topology is text or Mermaid', { timeout: 30_000 }, async () => {
    expect((await headrace(['topology'])).out).toMatch(/^Topologies:\n {3}Sub-topology: 0/);
    expect((await headrace(['topology', '--mermaid'])).out).toMatch(/^flowchart/);
    expect((await headrace(['topology', 'reconciliation'])).out).toContain('atm.dispense.failed');
  });
});
