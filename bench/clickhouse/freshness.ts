import { setTimeout as sleep } from 'node:timers/promises';
import { sinkTables } from '../../src/app/sink-tables.ts';
import { readRows } from '../../src/clickhouse/clickhouse.ts';
import type { Store } from '../../src/clickhouse/store.ts';
import type { NewRecord } from '../../src/log/record.ts';
import { SinkWorker } from '../../src/runtime/sink/sink-worker.ts';
import { percentile } from '../statistics.ts';
import { LedgerTraffic } from './ledger-traffic.ts';
import { withSinkPlace } from './sink-place.ts';

export interface FreshnessOptions {
  readonly directory: string;
  readonly recordsPerSecond: number;
  readonly seconds: number;
  readonly partitions: number;
}

/** Accounts of the traffic; their number matters little to the sink. */
const ACCOUNTS = 10_000;
const TICK_MS = 10;
const ASK_EVERY_MS = 20;
const WARM_UP_MS = 3_000;
/** How long what was sent last may take; longer, and the sink does not keep up at all. */
const LAST_MAX_MS = 120_000;
/** A sender that is late appends no more at once, so that the sink gets its turn. */
const APPEND_RECORDS_MAX = 5_000;
const SEEN_SQL =
  'SELECT source_partition AS part, toString(max(source_offset)) AS seen FROM headrace.transactions_rows GROUP BY source_partition';

/** Transactions that are on their way to be seen, in the order in which each partition has them. */
class OnTheirWay {
  readonly #due: { readonly offset: number; readonly dueAt: number }[][];
  readonly latencies: number[] = [];
  sent = 0;
  seen = 0;

  constructor(partitions: number) {
    this.#due = Array.from({ length: partitions }, () => []);
  }

  add(partition: number, offset: number, dueAt: number): void {
    this.#due[partition]!.push({ offset, dueAt });
    this.sent++;
  }

  /** All up to an offset of a partition are seen at a moment. */
  see(partition: number, offset: number, at: number, countsFrom: number): void {
    const due = this.#due[partition]!;
    let count = 0;
    while (count < due.length && due[count]!.offset <= offset) {
      if (due[count]!.dueAt >= countsFrom) this.latencies.push(at - due[count]!.dueAt);
      count++;
    }
    due.splice(0, count);
    this.seen += count;
  }
}

/** Sends at a fixed rate while the sink works and a reader asks; see the command's help for what is counted. */
export async function measureFreshness(options: FreshnessOptions, say: (text: string) => void): Promise<object[]> {
  const { recordsPerSecond, partitions } = options;
  return withSinkPlace({ ...options, isMaintained: true }, async ({ log, store, formats }) => {
    const worker = new SinkWorker({
      log,
      target: store.target(sinkTables, formats),
      sink: 'bench',
      clock: Date.now,
    });
    const running = worker.run();
    // Its error is the run's: whoever waits below is told.
    running.catch(() => undefined);
    const traffic = new LedgerTraffic({ formats, accounts: ACCOUNTS, partitions });
    const onTheirWay = new OnTheirWay(partitions);
    const startedAt = Date.now();
    const countsFrom = startedAt + WARM_UP_MS;
    const endsAt = countsFrom + options.seconds * 1_000;
    let isSending = true;
    let asked = 0;
    const sending = send();
    const asking = ask();
    sending.catch(() => undefined);
    asking.catch(() => undefined);
    const cpuBefore = process.cpuUsage();
    const { records, lateMs } = await Promise.race([sending, failed(running)]);
    say(`${records} records sent, ${worker.metrics.lag} not in ClickHouse yet`);
    isSending = false;
    await Promise.race([asking, failed(running)]);
    const cpu = process.cpuUsage(cpuBefore);
    worker.stop();
    await running;
    await requireAll(store, onTheirWay.sent);
    const { latencies } = onTheirWay;
    const each = (percent: number) => Math.round(percentile(latencies, percent));
    return [
      {
        part: 'freshness',
        recordsPerSecond,
        partitions,
        seconds: options.seconds,
        transactions: latencies.length,
        p50Ms: each(50),
        p99Ms: each(99),
        maxMs: each(100),
        /** How late the sender itself was at worst; it is within the figures. */
        sentLateMs: lateMs,
        queries: asked,
        rows: worker.metrics.rows,
        cuts: worker.metrics.cuts,
        cores: Math.round(((cpu.user + cpu.system) / 1_000 / (Date.now() - startedAt)) * 100) / 100,
      },
    ];

    /** Sends what is due, whenever there is time for it: a record is due at its own moment, whenever that is. */
    async function send(): Promise<{ readonly records: number; readonly lateMs: number }> {
      let [records, lateMs] = [0, 0];
      const appended: Promise<unknown>[] = [];
      const dueAt = () => startedAt + (records / recordsPerSecond) * 1_000;
      while (dueAt() < endsAt) {
        const batch: NewRecord[] = [];
        const now = Date.now();
        lateMs = Math.max(lateMs, Math.round(now - dueAt()));
        while (dueAt() <= now && dueAt() < endsAt && batch.length < APPEND_RECORDS_MAX) {
          const due = dueAt();
          const { partition, offset, isAccepted, records: written } = traffic.next(Math.floor(due));
          batch.push(...written);
          records += written.length;
          if (isAccepted) onTheirWay.add(partition, offset, due);
        }
        if (batch.length > 0) {
          const append = log.append(batch);
          append.catch(() => undefined);
          appended.push(append);
        }
        await sleep(TICK_MS);
      }
      await Promise.all(appended);
      return { records, lateMs };
    }

    async function ask(): Promise<void> {
      let until = Number.POSITIVE_INFINITY;
      while (isSending || onTheirWay.seen < onTheirWay.sent) {
        if (!isSending && until === Number.POSITIVE_INFINITY) until = Date.now() + LAST_MAX_MS;
        if (Date.now() > until)
          throw new RangeError(`${onTheirWay.sent - onTheirWay.seen} transactions were never seen`);
        const rows = await readRows<{ readonly part: number; readonly seen: string }>(store.clickhouse, SEEN_SQL);
        const at = Date.now();
        for (const { part, seen } of rows) onTheirWay.see(part, Number(seen), at, countsFrom);
        asked++;
        await sleep(ASK_EVERY_MS);
      }
    }
  });
}

/** Rejects when the sink ends with an error; an end without one says nothing. */
function failed(running: Promise<void>): Promise<never> {
  return new Promise((_resolve, reject) => running.catch(reject));
}

async function requireAll({ clickhouse }: Store, sent: number): Promise<void> {
  const [row] = await clickhouse.rows<{ readonly count: string }>(
    'SELECT toString(count()) AS count FROM headrace.transactions_rows FINAL',
  );
  if (Number(row!.count) !== sent) throw new RangeError(`${row!.count} transactions are seen, ${sent} were sent`);
}
