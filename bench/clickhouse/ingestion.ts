import { sinkTables } from '../../src/app/sink-tables.ts';
import type { SinkTable } from '../../src/clickhouse/sink-table.ts';
import type { Store } from '../../src/clickhouse/store.ts';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { NewRecord } from '../../src/log/record.ts';
import { SinkWorker } from '../../src/runtime/sink/sink-worker.ts';
import { ledgerSinkTables } from '../../topologies/account-ledger/sink-tables.ts';
import { median } from '../statistics.ts';
import { LedgerTraffic } from './ledger-traffic.ts';
import { type SinkPlace, withSinkPlace } from './sink-place.ts';

export interface IngestionOptions {
  readonly directory: string;
  readonly transactions: number;
  readonly partitions: number;
  readonly repeat: number;
}

interface Pass {
  readonly rows: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const APPEND_TRANSACTIONS = 2_000;
const DAYS = 90;
const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2026, 0, 1);
/** Few enough that each has several transactions in a day, as accounts that move have. */
const TRANSACTIONS_AN_ACCOUNT = 50;

/**
 * The sink from a full log against INSERT SELECT of the same rows, in turn. The MergeTree that is selected from is filled by the sink
 * itself, in a first run that does not count, so that it holds row for row what the sink inserts.
 */
export async function measureIngestion(options: IngestionOptions, say: (text: string) => void): Promise<object[]> {
  return withSinkPlace({ ...options, isMaintained: false }, async (place) => {
    const { log, store } = place;
    const records = await fillLog(log, place, options);
    say(`${records} records are in the log`);
    await makeSources(store);
    const first = await sinkRun(place, sinkTables.map(intoSource), 'bench-0');
    const due = await counts(store, 'bench');
    say(`${first.rows} rows in ${first.seconds.toFixed(1)} s, to select from`);
    const [sink, select]: [Pass[], Pass[]] = [[], []];
    for (let round = 1; round <= options.repeat; round++) {
      const bySink = async () => {
        const pass = await emptied(store, () => sinkRun(place, sinkTables, `bench-${round}`));
        if (pass.rows !== first.rows) throw new RangeError(`the sink wrote ${pass.rows} rows, ${first.rows} were due`);
        sink.push(pass);
        requireRows(await counts(store, 'headrace'), due, 'the sink');
      };
      const bySelect = async () => {
        select.push(await emptied(store, () => insertSelect(store, first.rows)));
        requireRows(await counts(store, 'headrace'), due, 'INSERT SELECT');
      };
      for (const pass of round % 2 === 1 ? [bySink, bySelect] : [bySelect, bySink]) await pass();
      say(`round ${round}: sink ${shown(sink.at(-1)!)}, INSERT SELECT ${shown(select.at(-1)!)}`);
    }
    const [sinkRate, selectRate] = [median(sink.map(rate)), median(select.map(rate))];
    return [
      {
        part: 'ingestion',
        transactions: options.transactions,
        records,
        rows: first.rows,
        partitions: options.partitions,
        rounds: options.repeat,
        sinkRowsPerSecond: Math.round(sinkRate),
        insertSelectRowsPerSecond: Math.round(selectRate),
        ratio: Math.round((sinkRate / selectRate) * 1_000) / 1_000,
        sinkRowsPerCpuSecond: Math.round(median(sink.map(cpuRate))),
        insertSelectRowsPerCpuSecond: Math.round(median(select.map(cpuRate))),
      },
    ];
  });
}

async function fillLog(log: EmbeddedLog, { formats }: SinkPlace, options: IngestionOptions): Promise<number> {
  const { transactions, partitions } = options;
  const accounts = Math.max(1, Math.round(transactions / TRANSACTIONS_AN_ACCOUNT));
  const traffic = new LedgerTraffic({ formats, accounts, partitions });
  let written = 0;
  for (let batch: NewRecord[] = [], i = 0; i < transactions; i++) {
    const now = FIRST_MS + Math.floor((i / transactions) * DAYS * DAY_MS);
    batch.push(...traffic.next(now).records);
    if ((i + 1) % APPEND_TRANSACTIONS !== 0 && i + 1 < transactions) continue;
    written += (await log.append(batch)).length;
    batch = [];
  }
  return written;
}

/** The ledger's tables; those of withdrawals and cases have no records here. */
const TABLES: readonly SinkTable[] = ledgerSinkTables.filter(({ table }) => !table.endsWith('.dead_letters_rows'));
const NAMES = TABLES.map(({ table }) => table.replace('headrace.', ''));

function intoSource(table: SinkTable): SinkTable {
  const isSource = TABLES.some((each) => each.table === table.table);
  return isSource ? { ...table, table: table.table.replace('headrace.', 'bench.') } : table;
}

/** Plain MergeTrees cut and sorted as the tables are, without views. */
async function makeSources({ clickhouse }: Store): Promise<void> {
  await clickhouse.command('CREATE DATABASE IF NOT EXISTS bench');
  for (const name of NAMES) {
    const [keys] = await clickhouse.rows<{ readonly partitioned: string; readonly sorted: string }>(
      `SELECT partition_key AS partitioned, sorting_key AS sorted FROM system.tables WHERE database = 'headrace' AND name = '${name}'`,
    );
    const cut = keys!.partitioned === '' ? '' : `PARTITION BY ${keys!.partitioned}`;
    await clickhouse.command(
      `CREATE TABLE bench.${name} AS headrace.${name} ENGINE = MergeTree ${cut} ORDER BY (${keys!.sorted})`,
    );
  }
}

/** From the sink's start until all that is in the log is in the tables and its offsets are committed. */
async function sinkRun({ log, store, formats }: SinkPlace, tables: readonly SinkTable[], sink: string): Promise<Pass> {
  const worker = new SinkWorker({ log, target: store.target(tables, formats), sink, clock: Date.now });
  return measured(async () => {
    const running = worker.run();
    await Promise.race([worker.drain(), running]);
    worker.stop();
    await running;
    const { rows, deadLetters } = worker.metrics;
    if (deadLetters > 0) throw new RangeError(`the sink set ${deadLetters} records aside`);
    return rows;
  });
}

/** The engine's own settings but one: rows that come a second time after a TRUNCATE are no repetition here. */
async function insertSelect({ clickhouse }: Store, rows: number): Promise<Pass> {
  return measured(async () => {
    for (const { table, columns } of TABLES) {
      const names = columns.map(({ name }) => `\`${name}\``).join(', ');
      const source = table.replace('headrace.', 'bench.');
      await clickhouse.command(
        `INSERT INTO ${table} (${names}) SETTINGS async_insert = 0, insert_deduplicate = 0, max_partitions_per_insert_block = 0 SELECT ${names} FROM ${source}`,
      );
    }
    return rows;
  });
}

/** All tables of readers' rows are emptied first, those that views feed too. */
async function emptied<T>({ clickhouse }: Store, work: () => Promise<T>): Promise<T> {
  const tables = await clickhouse.rows<{ readonly name: string }>(
    "SELECT name FROM system.tables WHERE database = 'headrace' AND engine LIKE '%MergeTree' AND name != 'schema_migrations'",
  );
  for (const { name } of tables) await clickhouse.command(`TRUNCATE TABLE headrace.${name}`);
  return work();
}

/** Rows as readers see them, by table. */
async function counts({ clickhouse }: Store, database: string): Promise<Readonly<Record<string, number>>> {
  const counted: Record<string, number> = {};
  for (const name of NAMES) {
    // The sources keep every version; of each key the tables keep one.
    const [{ keys } = { keys: '' }] = await clickhouse.rows<{ readonly keys: string }>(
      `SELECT sorting_key AS keys FROM system.tables WHERE database = '${database}' AND name = '${name}'`,
    );
    const [row] = await clickhouse.rows<{ readonly count: string }>(
      `SELECT toString(uniqExact(${keys})) AS count FROM ${database}.${name}`,
    );
    counted[name] = Number(row!.count);
  }
  return counted;
}

function requireRows(got: Readonly<Record<string, number>>, due: Readonly<Record<string, number>>, whose: string) {
  for (const [name, count] of Object.entries(due)) {
    if (got[name] !== count) throw new RangeError(`${whose} left ${got[name]} rows in ${name}, ${count} were due`);
  }
}

async function measured(work: () => Promise<number>): Promise<Pass> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const rows = await work();
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  return { rows, seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6 };
}

const rate = ({ rows, seconds }: Pass) => rows / seconds;
const cpuRate = ({ rows, cpuSeconds }: Pass) => rows / cpuSeconds;
const shown = (pass: Pass) => `${Math.round(rate(pass))} rows/s`;
