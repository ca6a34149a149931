import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/clickhouse/store.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';
import { MetaTable } from '../../src/storage/meta-table.ts';
import { endsWell, headrace, query, startHeadrace, workplace } from './headrace.ts';

let place: ReturnType<typeof workplace>;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place.remove());

const once = (data: string, input: string, ...more: string[]) =>
  headrace(['start', '--once', '--data', place.file(data), '--input', input, ...more]);

const valid = {
  transactionId: 't0',
  accountId: 'A',
  direction: 'credit',
  amount: '10.00',
  currency: 'EUR',
  occurredAt: '2026-01-01',
  kind: 'posting',
};
const line = (change: Record<string, unknown>) => JSON.stringify({ ...valid, ...change });

describe('an input that is no use as a whole', () => {
  it.each<[string, string, string | Buffer | undefined, RegExp, number]>([
    ['a missing file', 'missing.csv', undefined, /missing\.csv.*INPUT_NOT_FOUND/s, 1],
    ['an empty file', 'empty.csv', '', /empty/i, 1],
    [
      'a binary file',
      'binary.csv',
      Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 7) % 256)),
      /binary|not text/i,
      1,
    ],
    [
      'a header only',
      'header.csv',
      'transactionId,accountId,direction,amount,currency,occurredAt,kind\n',
      /no rows/,
      1,
    ],
    ['no usable row', 'useless.ndjson', '{"a":1}\n', /no row.*usable/s, 1],
  ])('%s', async (_what, name, content, message, status) => {
    if (content !== undefined) writeFileSync(place.file(name), content);
    const result = await once('data-whole', place.file(name));
    expect(result.status).toBe(status);
    expect(result.err).toMatch(message);
    expect(result.err).not.toMatch(/\n {4}at /);
  });

  it('a directory, and columns that are not there', async () => {
    mkdirSync(place.file('folder'));
    expect(await once('data-whole', place.file('folder'))).toMatchObject({
      status: 1,
      err: expect.stringMatching(/directory/),
    });
    writeFileSync(place.file('columns.csv'), 'id,amount\n1,2\n');
    expect(await once('data-whole', place.file('columns.csv'), '--map', 'transactionId=nope')).toMatchObject({
      err: expect.stringMatching(/nope/),
    });
    expect(await once('data-whole', place.file('columns.csv'), '--map', 'nope=id')).toMatchObject({
      status: 2,
      err: expect.stringMatching(/no field nope/),
    });
  });
});

describe('bad rows', () => {
  it('are refused with a code or kept with a reason, and the rest goes on', { timeout: 60_000 }, async () => {
    const codes: readonly (readonly [Record<string, unknown>, string])[] = [
      [{ amount: 'NaN' }, 'AMOUNT_MALFORMED'],
      [{ amount: '1e3' }, 'AMOUNT_MALFORMED'],
      [{ amount: '1,000' }, 'AMOUNT_MALFORMED'],
      [{ amount: 10 }, 'AMOUNT_NOT_A_TEXT'],
      [{ amount: '9223372036854775808', currency: 'JPY' }, 'AMOUNT_OUT_OF_RANGE'],
      [{ amount: '1.50', currency: 'JPY' }, 'AMOUNT_DECIMALS'],
      [{ currency: 'XXX' }, 'CURRENCY_UNKNOWN'],
      [{ occurredAt: '2099-01-01' }, 'OCCURRED_AT_TOO_FAR_AHEAD'],
      [{ direction: undefined }, 'FIELD_MISSING'],
    ];
    const good = [
      line({}),
      line({ accountId: '__proto__', transactionId: '__proto__' }),
      line({ accountId: '\0\0\0\0' }),
      `{"__proto__":{"amount":"1"},${line({ transactionId: 'p' }).slice(1)}`,
    ];
    const unusable = [
      '{',
      '[1]',
      '{"transactionId":"x"}',
      line({ accountId: 5 }),
      line({ transactionId: '4111111111111111' }),
    ];
    const refused = codes.map(([change], index) => line({ transactionId: `r${index}`, ...change }));
    const bytes = Buffer.concat([
      Buffer.from([...good, ...refused, ...unusable].join('\n')),
      Buffer.from('\n{"transactionId":"\xff\xfe"}\n', 'latin1'),
      Buffer.from(line({ transactionId: 'last' })),
    ]);
    writeFileSync(place.file('mixed.ndjson'), bytes);
    const result = await once('data-rows', place.file('mixed.ndjson'), '--json');
    expect(result).toMatchObject({ status: 0 });
    const summary = JSON.parse(result.out);
    const counts: Record<string, number> = {};
    for (const [, code] of codes) counts[code] = (counts[code] ?? 0) + 1;
    expect(summary).toMatchObject({
      intake: { read: 20, appended: 14, rejected: 6 },
      outcomes: { accepted: 5, rejected: counts, deadLetters: 0 },
      reconciliation: { agrees: true },
    });
    expect(result.err).toMatch(/mixed\.ndjson, line 14: /);
    const kept = readFileSync(join(place.file('data-rows'), 'rejected-input.ndjson'), 'utf8')
      .trim()
      .split('\n');
    expect(kept).toHaveLength(6);
    expect(kept.join()).not.toContain('4111111111111111');
    const accounts = await query<{ account_id: string }>(
      place.file('data-rows'),
      'SELECT account_id FROM headrace.balances ORDER BY account_id',
    );
    expect(accounts.map(({ account_id }) => account_id)).toEqual(['\0\0\0\0', 'A', '__proto__']);
  });

  it('too few and too many columns of a CSV', async () => {
    const header = 'transactionId,accountId,direction,amount,currency,occurredAt,kind';
    writeFileSync(
      place.file('columns-2.csv'),
      `${header}\nt1,A,credit\nt2,A,credit,5.00,EUR,2026-01-01,posting\nt3,A,credit,1,EUR,2026-01-01,posting,more\n`,
    );
    const result = await once('data-columns', place.file('columns-2.csv'), '--json');
    expect(result).toMatchObject({ status: 0 });
    expect(JSON.parse(result.out)).toMatchObject({
      intake: { read: 3, appended: 1, rejected: 2 },
      outcomes: { accepted: 1 },
    });
    expect(result.err).toMatch(/line 2: .*columns?/);
    expect(result.err).toMatch(/line 4: .*columns?/);
  });

  it('a card number never reaches the disk', { timeout: 60_000 }, async () => {
    const pan = '4111111111111111';
    const rows = [
      line({ description: `card ${pan} paid` }),
      line({ transactionId: 't2', reference: '4111 1111 1111 1111' }),
      line({ accountId: pan }),
      `{"transactionId":"x", broken ${pan}`,
      line({ transactionId: 't3' }),
    ];
    expect(
      await headrace(['start', '--once', '--data', place.file('data-card'), '--input', '-'], {
        stdin: rows.join('\n'),
      }),
    ).toMatchObject({ status: 0 });
    const produced = await headrace([
      'produce',
      'transactions',
      '--key',
      'A',
      '--value',
      `{"x":"${pan}"}`,
      '--data',
      place.file('data-card'),
    ]);
    expect(produced).toMatchObject({ status: 1, err: expect.stringMatching(/card number/) });
    const files = readdirSync(place.file('data-card'), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(place.file('data-card'), name),
    );
    const holding = files.filter(
      (file) => statSync(file).isFile() && /4111[ -]?1111[ -]?1111[ -]?1111/.test(readFileSync(file, 'latin1')),
    );
    expect(files.length).toBeGreaterThan(20);
    expect(holding).toEqual([]);
    const [row] = await query<{ description: string }>(
      place.file('data-card'),
      `SELECT description FROM headrace.transactions WHERE transaction_id = 't0'`,
    );
    expect(row!.description).toBe('card ************1111 paid');
  });
});

describe('a data directory that is not to be used', () => {
  it('belongs to another process', { timeout: 60_000 }, async () => {
    const data = place.file('data-busy');
    const running = startHeadrace(['start', '--no-traffic', '--port', '0', '--data', data]);
    await running.said(/accepted/);
    const second = await headrace(['start', '--once', '--data', data, '--input', '-'], { stdin: line({}) });
    expect(second).toMatchObject({
      status: 1,
      err: expect.stringMatching(
        new RegExp(`in use by process ${running.child.pid}.*http://127\\.0\\.0\\.1:\\d+`, 's'),
      ),
    });
    running.child.kill('SIGTERM');
    await endsWell(running);
  });

  it('was written by a newer release', async () => {
    const path = place.file('data-newer');
    const directory = openDataDirectory(path, { clock: Date.now });
    directory.environment.transaction(() => MetaTable.of(directory.environment)!.put('format', 99));
    await directory.close();
    expect(await headrace(['reconcile', '--data', path])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/newer release.*DATA_DIRECTORY_NEWER/s),
    });
  });

  it('has a migration that was changed', { timeout: 60_000 }, async () => {
    const data = place.file('data-migrated');
    expect(await headrace(['start', '--once', '--data', data, '--input', '-'], { stdin: line({}) })).toMatchObject({
      status: 0,
    });
    const migrations = place.file('changed-sql');
    execFileSync('cp', ['-r', new URL('../../sql', import.meta.url).pathname, migrations]);
    writeFileSync(
      join(migrations, '001-ledger.sql'),
      `${readFileSync(join(migrations, '001-ledger.sql'), 'utf8')}\n-- changed\n`,
    );
    const store = openStore({
      at: { path: join(data, 'clickhouse') },
      migrationsDirectory: migrations,
      clock: Date.now,
    });
    await expect(store).rejects.toMatchObject({
      code: 'MIGRATION_CHANGED',
      message: expect.stringContaining('001-ledger.sql'),
    });
  });
});

const canMount =
  spawnSync('sh', ['-c', 'd=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs $d && umount $d; s=$?; rmdir $d; exit $s'])
    .status === 0;

describe('a full disk', () => {
  it.skipIf(!canMount)(
    'ends with a clear error, loses nothing, and goes on when there is room (skipped where mounting is not permitted)',
    { timeout: 120_000 },
    async () => {
      const mountPoint = place.file('small');
      mkdirSync(mountPoint);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', mountPoint]);
      try {
        const data = join(mountPoint, 'data');
        const rows = Array.from({ length: 20_000 }, (_, index) =>
          line({ transactionId: `d${index}`, accountId: `A${index % 50}`, description: 'x'.repeat(200) }),
        );
        writeFileSync(place.file('many.ndjson'), rows.join('\n'));
        writeFileSync(join(mountPoint, 'ballast'), Buffer.alloc(28 * 1024 * 1024));
        const full = await headrace(['start', '--once', '--data', data, '--input', place.file('many.ndjson')], {
          environment: { HEADRACE_STALL_LIMIT_MS: '4000' },
        });
        expect(full.status).toBe(1);
        expect(full.err).toMatch(/full|space/i);
        rmSync(join(mountPoint, 'ballast'));
        execFileSync('mount', ['-o', 'remount,size=600m', mountPoint]);
        const again = await headrace([
          'start',
          '--once',
          '--json',
          '--data',
          data,
          '--input',
          place.file('many.ndjson'),
        ]);
        expect(again).toMatchObject({ status: 0 });
        expect(JSON.parse(again.out).reconciliation).toMatchObject({ agrees: true, accepted: 20_000 });
      } finally {
        execFileSync('umount', [mountPoint]);
      }
    },
  );
});
