import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ClickHouse, readText } from '../../src/clickhouse/clickhouse.ts';
import { openEmbedded } from '../../src/clickhouse/connection/embedded.ts';
import { migrate, readMigrations } from '../../src/clickhouse/migrations.ts';
import { MIGRATIONS, withDirectory } from './temporary-store.ts';

const clock = () => 1_700_000_000_000;

function withMigrations(use: (clickhouse: ClickHouse, directory: string) => Promise<void>): Promise<void> {
  return withDirectory(async (path) => {
    const directory = join(path, 'sql');
    cpSync(MIGRATIONS, directory, { recursive: true });
    const clickhouse = await openEmbedded({ path: join(path, 'clickhouse') });
    try {
      await use(clickhouse, directory);
    } finally {
      await clickhouse.close();
    }
  });
}

/** The number of a migration behind the last, as its file begins. */
function nextNumber(directory: string): string {
  return String(readMigrations(directory).length + 1).padStart(3, '0');
}

/** Takes the migrations from one on away; what is returned puts them back. */
function withoutFrom(directory: string, first: string): () => void {
  const later = readMigrations(directory).filter(({ file }) => file >= first);
  for (const { file } of later) rmSync(join(directory, file));
  return () => {
    for (const { file, sql } of later) writeFileSync(join(directory, file), sql);
  };
}

test('each is applied once, in order, and recorded with its checksum', async () => {
  await withMigrations(async (clickhouse, directory) => {
    const all = readMigrations(directory);
    expect(all.length).toBeGreaterThan(1);
    expect(await migrate(clickhouse, directory, clock)).toEqual(all);
    expect(await migrate(clickhouse, directory, clock)).toEqual([]);
    writeFileSync(
      join(directory, `${nextNumber(directory)}-more.sql`),
      "-- a ';' that ends nothing\nCREATE TABLE IF NOT EXISTS headrace.more (a String DEFAULT 'x;y') ENGINE = Log; /* ; */\n;\n",
    );
    expect((await migrate(clickhouse, directory, clock)).map(({ file }) => file)).toEqual([
      expect.stringContaining('more'),
    ]);
    const recorded = await readText(
      clickhouse,
      'SELECT number, file, checksum, applied_at FROM schema_migrations ORDER BY number',
      { format: 'TSV' },
    );
    const lines = recorded.trimEnd().split('\n');
    expect(lines).toHaveLength(all.length + 1);
    expect(lines[0]).toBe(`1\t${all[0]?.file}\t${all[0]?.checksum}\t2023-11-14 22:13:20.000`);
  });
});

test('line ends of another system change no checksum, another letter does', async () => {
  await withMigrations(async (clickhouse, directory) => {
    await migrate(clickhouse, directory, clock);
    const file = join(directory, '001-ledger.sql');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll('\n', '\r\n'));
    expect(await migrate(clickhouse, directory, clock)).toEqual([]);
    writeFileSync(file, `${text} `);
    await expect(migrate(clickhouse, directory, clock)).rejects.toMatchObject({
      code: 'MIGRATION_CHANGED',
      message: expect.stringMatching(new RegExp(`001-ledger\\.sql.*Restore.*${nextNumber(directory)}-`, 's')),
    });
    writeFileSync(file, text);
    renameSync(file, join(directory, '001-other.sql'));
    await expect(migrate(clickhouse, directory, clock)).rejects.toMatchObject({ code: 'MIGRATION_CHANGED' });
  });
});

test('a database of a newer version is refused', async () => {
  await withMigrations(async (clickhouse, directory) => {
    const last = (await migrate(clickhouse, directory, clock)).at(-1)!.file;
    rmSync(join(directory, last));
    await expect(migrate(clickhouse, directory, clock)).rejects.toMatchObject({
      code: 'MIGRATION_NEWER',
      message: expect.stringContaining(last),
    });
  });
});

test('a failing statement is shown with ClickHouse’s text; mended, the migration runs again from its start', async () => {
  await withMigrations(async (clickhouse, directory) => {
    const name = `${nextNumber(directory)}-next.sql`;
    const file = join(directory, name);
    const first = 'CREATE TABLE IF NOT EXISTS headrace.first (a Int8) ENGINE = Log;\n';
    writeFileSync(file, `${first}CREATE TABLE IF NOT EXISTS headrace.second (a Nonsense) ENGINE = Log;\n`);
    await expect(migrate(clickhouse, directory, clock)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringMatching(/-next\.sql.*Code: 50.*Nonsense.*CREATE TABLE IF NOT EXISTS headrace\.second/s),
      where: { file: name },
    });
    writeFileSync(file, `${first}CREATE TABLE IF NOT EXISTS headrace.second (a Int8) ENGINE = Log;\n`);
    expect((await migrate(clickhouse, directory, clock)).map((each) => each.file)).toEqual([name]);
    expect(await readText(clickhouse, 'EXISTS TABLE second', { format: 'TSV' })).toBe('1\n');
  });
});

test('every statement of ours may run again: a crash before the record harms nothing', async () => {
  await withMigrations(async (clickhouse, directory) => {
    const all = await migrate(clickhouse, directory, clock);
    await clickhouse.command('TRUNCATE TABLE headrace.schema_migrations');
    expect(await migrate(clickhouse, directory, clock)).toEqual(all);
  });
});

test('balances from before holds keep their rows, and a later version replaces them whatever its sequence', async () => {
  await withMigrations(async (clickhouse, directory) => {
    const putLaterBack = withoutFrom(directory, '003-atm.sql');
    await migrate(clickhouse, directory, clock);
    const columns = 'account_id, currency, booked_minor, held_minor, available_minor, exponent, sequence, occurred_at';
    for (const sequence of [6, 7]) {
      await clickhouse.command(
        `INSERT INTO headrace.balances_rows (${columns}) VALUES ('a1', 'EUR', ${sequence}00, 0, ${sequence}00, 2, ${sequence}, 0)`,
      );
    }
    putLaterBack();
    expect((await migrate(clickhouse, directory, clock)).map(({ file }) => file)[0]).toBe('003-atm.sql');
    const shown = () =>
      readText(clickhouse, 'SELECT account_id, booked, held, available, sequence FROM balances', { format: 'CSV' });
    expect(await shown()).toBe('"a1",7,0,7,7\n');
    // Two holds after the seventh transaction: the second one's row may come first.
    for (const version of [9, 8]) {
      await clickhouse.command(
        `INSERT INTO headrace.balances_rows (${columns}, version) VALUES ('a1', 'EUR', 700, ${version}0, ${700 - version * 10}, 2, 7, 0, ${version})`,
      );
    }
    expect(await shown()).toBe('"a1",7,0.9,6.1,7\n');
    await clickhouse.command('TRUNCATE TABLE headrace.schema_migrations');
    await migrate(clickhouse, directory, clock);
    expect(await shown(), 'after the migrations ran again').toBe('"a1",7,0.9,6.1,7\n');
  });
});

test('tables that are made anew for the questions keep their rows, and the look-ups go on being fed', async () => {
  await withMigrations(async (clickhouse, directory) => {
    const putLaterBack = withoutFrom(directory, '004-questions.sql');
    await migrate(clickhouse, directory, clock);
    const fill = async (from: number, to: number) => {
      // A month or more between two rows: more partitions than an insert may make without being told, and 120 years.
      const rows = `FROM numbers(${from}, ${to - from})`;
      const at = "toDateTime64('1900-02-01 00:00:00', 3, 'UTC') + toIntervalDay(number * 400) AS occurred_at";
      await clickhouse.command(
        `INSERT INTO headrace.transactions_rows (transaction_id, account_id, sequence, reference, occurred_at)
         SETTINGS max_partitions_per_insert_block = 0 SELECT concat('t', toString(number)), 'a', number + 1, if(number % 2 = 0, '', 'r'), ${at} ${rows}`,
      );
      await clickhouse.command(
        `INSERT INTO headrace.account_daily_summary_rows (account_id, day, currency, transaction_count, version)
         SETTINGS max_partitions_per_insert_block = 0 SELECT 'a', toDate32(${at}), 'EUR', 1, number ${rows}`,
      );
    };
    const counts = async () => {
      const tables = ['transactions_rows', 'transactions_by_id_rows', 'account_daily_summary_rows'];
      const columns = tables.map((table) => `(SELECT count() FROM headrace.${table})`);
      return (await readText(clickhouse, `SELECT ${columns.join()}`, { format: 'CSV' })).trim();
    };
    await fill(0, 110);
    expect(await counts()).toBe('110,110,110');
    const before = await readText(clickhouse, 'SELECT * FROM transactions ORDER BY sequence');
    putLaterBack();
    await migrate(clickhouse, directory, clock);
    expect(await counts()).toBe('110,110,110');
    expect(await readText(clickhouse, 'SELECT * FROM transactions ORDER BY sequence')).toBe(before);
    await fill(110, 114);
    expect(await counts()).toBe('114,114,114');
    const referred = () => readText(clickhouse, 'SELECT count() FROM transactions_by_reference', { format: 'CSV' });
    expect(await referred()).toBe('57\n');
    await clickhouse.command('TRUNCATE TABLE headrace.schema_migrations');
    await migrate(clickhouse, directory, clock);
    expect([await counts(), await referred()], 'after the migrations ran again').toEqual(['114,114,114', '57\n']);
  });
});

test('numbers that leave a gap or come twice are refused, and so is a directory that is not there', async () => {
  await withDirectory(async (path) => {
    const directory = join(path, 'sql');
    mkdirSync(directory);
    writeFileSync(join(directory, '001-a.sql'), '');
    writeFileSync(join(directory, '003-c.sql'), '');
    expect(() => readMigrations(directory)).toThrow(/003-c\.sql/);
    writeFileSync(join(directory, '001-b.sql'), '');
    expect(() => readMigrations(directory)).toThrow(/001-b\.sql/);
    expect(() => readMigrations(join(path, 'nowhere'))).toThrow(/nowhere/);
  });
});
