import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readText } from '../../../src/clickhouse/clickhouse.ts';
import { openStore } from '../../../src/clickhouse/store.ts';
import { SINK_STEPS } from '../../../src/runtime/sink/sink-options.ts';
import { MIGRATIONS } from '../../clickhouse/temporary-store.ts';
import { openLog, temporaryDirectory } from '../../embedded-log.ts';
import { compile } from './compile.ts';
import { LEDGER_TOPICS, sampleLedger } from './sample-ledger.ts';

const TRANSACTIONS = 8_000;

const compiled = temporaryDirectory();
let child = '';

beforeAll(() => {
  child = compile('test/runtime/sink/crash-child.ts', compiled.path);
});
afterAll(() => compiled.remove());

interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly output: string;
}

function runChild(directory: string, place: string, count: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, directory, MIGRATIONS, place, String(count)], { timeout: 60_000 });
    let output = '';
    process_.stdout.on('data', (chunk) => (output += chunk));
    process_.stderr.on('data', (chunk) => (output += chunk));
    process_.on('error', reject);
    process_.on('close', (code, signal) => resolve({ code, signal, output }));
  });
}

test('killed for good at every step, between two tables and in the middle of an insert, the views are right to the row', async () => {
  const directory = temporaryDirectory();
  try {
    // Enough for every run to find more than it is killed in, however the cuts fall.
    const sample = sampleLedger(TRANSACTIONS, 40);
    const log = openLog(join(directory.path, 'log'));
    await log.createTopics(LEDGER_TOPICS);
    await log.append(sample.records);
    await log.close();
    const places = [
      ...SINK_STEPS.map((step) => [step, 2] as const),
      ['table', 1],
      ['table', 2],
      ['table', 5],
      ['during', 1],
      ['during', 2],
      ['insert', 1],
    ] as const;
    for (const [place, count] of places) {
      const ended = await runChild(directory.path, place, count);
      expect(ended, `${place} ${count}: ${ended.output}`).toMatchObject({ signal: 'SIGKILL' });
    }
    const last = await runChild(directory.path, 'never', 1);
    expect(last, last.output).toMatchObject({ code: 0 });
    expect(JSON.parse(last.output)).toMatchObject({ deadLetters: 0, lag: 0 });

    const store = await openStore({
      at: { path: join(directory.path, 'clickhouse') },
      migrationsDirectory: MIGRATIONS,
      clock: Date.now,
    });
    const rows = async (sql: string) => {
      const text = await readText(store.clickhouse, sql, { format: 'JSONCompactEachRow' });
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as string[])
        .sort((a, b) => (a.join('|') < b.join('|') ? -1 : 1));
    };
    try {
      expect(
        await rows('SELECT account_id, sequence, transaction_id, amount, balance_after FROM transactions'),
      ).toEqual(sample.transactions);
      expect(await rows('SELECT account_id, currency, booked FROM balances')).toEqual(sample.balances);
      expect(await rows('SELECT account_id, day, credits, debits, count FROM account_daily_summary')).toEqual(
        sample.summaries,
      );
      expect(await rows('SELECT account_id, sequence, transaction_id FROM transactions_by_id')).toEqual(
        sample.transactions.map((row) => row.slice(0, 3)),
      );
      const legs = "SELECT count(), countIf(leg = 1), sum(if(direction = 'credit', amount, -amount)) FROM postings";
      expect(await rows(legs)).toEqual([[String(2 * TRANSACTIONS), String(TRANSACTIONS), '0']]);
    } finally {
      await store.close();
    }
  } finally {
    directory.remove();
  }
}, 120_000);
