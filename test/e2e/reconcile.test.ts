import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/clickhouse/store.ts';
import { headrace, workplace } from './headrace.ts';

interface Report {
  readonly agrees: boolean;
  readonly differenceCount: number;
  readonly differences: readonly { readonly figure: string; readonly values: Readonly<Record<string, string>> }[];
}

let place: ReturnType<typeof workplace>;
let sound: string;
beforeAll(async () => {
  place = workplace();
  sound = place.file('sound');
  const rows = Array.from({ length: 40 }, (_, index) =>
    JSON.stringify({
      transactionId: `t${index}`,
      accountId: `A-${index % 4}`,
      direction: 'credit',
      amount: '10.00',
      currency: index % 2 === 0 ? 'EUR' : 'USD',
      occurredAt: '2026-01-01',
      kind: 'posting',
    }),
  );
  const taken = await headrace(['start', '--once', '--data', sound, '--input', '-'], { stdin: rows.join('\n') });
  expect(taken).toMatchObject({ status: 0 });
}, 60_000);
afterAll(() => place.remove());

/** A copy of the sound data directory, to be damaged. */
function copy(name: string): string {
  const path = place.file(name);
  cpSync(sound, path, { recursive: true });
  return path;
}

async function reconciled(data: string): Promise<{ readonly status: number | null; readonly report: Report }> {
  const { status, out, err } = await headrace(['reconcile', '--json', '--all', '--data', data]);
  if (!out.startsWith('{')) throw new RangeError(err);
  return { status, report: JSON.parse(out) as Report };
}

const figures = ({ differences }: Report) => Object.fromEntries(differences.map((each) => [each.figure, each.values]));

describe('reconcile', () => {
  it('agrees on what is sound, and says so in words', async () => {
    expect(await reconciled(sound)).toMatchObject({ status: 0, report: { agrees: true, differences: [] } });
    const { status, out } = await headrace(['reconcile', '--data', sound]);
    expect(status).toBe(0);
    expect(out).toMatch(/^Reconciled: log, state and ClickHouse agree on \d+ figures \(40 records in, 40 accepted/);
  });

  it('names what is gone or changed in ClickHouse', { timeout: 60_000 }, async () => {
    const data = copy('damaged');
    const store = await openStore({
      at: { path: join(data, 'clickhouse') },
      migrationsDirectory: fileURLToPath(new URL('../../sql', import.meta.url)),
      clock: Date.now,
    });
    const { clickhouse } = store;
    await clickhouse.command(
      `ALTER TABLE headrace.transactions_rows DELETE WHERE transaction_id = 't0' SETTINGS mutations_sync = 2`,
    );
    await clickhouse.command(
      `ALTER TABLE headrace.balances_rows UPDATE booked_minor = 700 WHERE account_id = 'A-1' SETTINGS mutations_sync = 2`,
    );
    await clickhouse.command(
      `ALTER TABLE headrace.postings_rows DELETE WHERE account_id = 'A-2' AND leg = 0 SETTINGS mutations_sync = 2`,
    );
    await clickhouse.command('TRUNCATE TABLE headrace.account_daily_summary_rows');
    await store.close();
    const { status, report } = await reconciled(data);
    expect(status).toBe(1);
    expect(report.agrees).toBe(false);
    expect(figures(report)).toMatchObject({
      transactions: { log: '40', clickhouse: '39' },
      postings: { log: '80', clickhouse: '70' },
      'credits EUR': { log: '2000000', clickhouse: '1900000' },
      'day-credits EUR': { log: '2000000', clickhouse: 'none' },
      'balance A-1 USD': { log: '1000000', state: '1000000', clickhouse: '70000' },
      'sequence A-0': { log: '10', state: '10', clickhouse: '10 in 9 rows' },
    });
    expect(report.differences).toHaveLength(7);
    const { out } = await headrace(['reconcile', '--data', data]);
    expect(out).toMatch(/^NOT reconciled: 7 of \d+ figures differ[\s\S]*balance A-1 USD: log 1000000/);
  });

  it('names a record in the ledger that no input accounts for', { timeout: 60_000 }, async () => {
    const data = copy('foreign');
    const { out } = await headrace(['consume', 'ledger.transactions', '--max', '1', '--data', data]);
    const { key, value } = JSON.parse(out) as { key: string; value: Record<string, unknown> };
    // The same transaction once more: sequence and balance break, and there is one outcome more than inputs.
    expect(
      await headrace([
        'produce',
        'ledger.transactions',
        '--key',
        key,
        '--value',
        JSON.stringify(value),
        '--data',
        data,
      ]),
    ).toMatchObject({ status: 0 });
    const { status, report } = await reconciled(data);
    expect(status).toBe(1);
    const names = report.differences.map(({ figure }) => figure);
    expect(names).toContain('outcomes');
    expect(names).toContain(`sequence of ${key} #${String(value.sequence)}`);
    expect(names.some((name) => name.startsWith(`balance ${key} `))).toBe(true);
  });
});
