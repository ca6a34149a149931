// The sink on the embedded log under load, which kills itself at a place or goes on until it is killed or has done its task.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '../../../src/clickhouse/clickhouse.ts';
import { ClickHouseSinkTarget } from '../../../src/clickhouse/sink-target.ts';
import { openStore } from '../../../src/clickhouse/store.ts';
import { HeadraceError } from '../../../src/errors.ts';
import { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { seededRandom } from '../../../src/random.ts';
import { SinkWorker } from '../../../src/runtime/sink/sink-worker.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { chaosTables, WINDOW } from './chaos-table.ts';
import { answersLost, withFault } from './faulty-clickhouse.ts';
import { mend, REFUSALS, refuse } from './refusal.ts';
import { sinkFormats as CHAOS_VALUES } from './sink-formats.ts';
import { BACKLOG_TRANSACTIONS, SINK_TOPICS, SinkLoad } from './sink-load.ts';
import { EDITION, SINK, type SinkOrders, type SinkPlace } from './sink-orders.ts';
import { StoppedWriter } from './stopped-writer.ts';

const CUT_RECORDS_UNDER_LOAD = 300;
const CUT_RECORDS = 5_000;
const FLUSH_INTERVAL_MS = 40;
const FLUSH_INTERVAL_WITHOUT_LOAD_MS = 1_000;
const TRANSACTIONS_PER_APPEND = 5;
const PACE_MS = 5;
/** The producer waits while the sink is so far behind. */
const LAG_MAX = 1_500;
/** Pauses of the sink are shortened, so that a run passes its faults. */
const PAUSES_SHORTENED = 5;
/**
 * The window counts parts, and where a table is not cut by months an insert makes one. Measured: behind half as many again as the window has,
 * a token may still be known, and the late rows are dropped before they can do harm.
 */
const CUTS_PAST_WINDOW = 3 * WINDOW;

const text = process.env.HEADRACE_CHAOS_ORDERS;
if (text === undefined) throw new HeadraceError('USAGE', 'The sink is started by the chaos run, not by hand');
const orders = JSON.parse(text) as SinkOrders;
const random = seededRandom(orders.seed * 1_000 + orders.round);
const say = (line: string) => writeSync(1, `${line}\n`);

let occurrences = 0;
function reach(place: SinkPlace): void {
  if (place !== orders.kill?.place || ++occurrences < orders.kill.occurrence) return;
  say(`hit ${place}`);
  process.kill(process.pid, 'SIGKILL');
}

let isEnding = false;
process.on('SIGTERM', () => (isEnding = true));

const directory = openDataDirectory(join(orders.data, 'log'), { clock: Date.now });
const log = new EmbeddedLog({ directory, clock: Date.now });
await log.createTopics(SINK_TOPICS);
const at = orders.url === undefined ? { path: join(orders.data, 'clickhouse') } : { url: orders.url };
const store = await openStore({ at, migrationsDirectory: orders.migrations, clock: Date.now });
await mend(store.clickhouse);

const load = new SinkLoad(orders.seed);
const ends = await log.watermarks('ledger.transactions');
load.skip(ends.reduce((sum, { end }) => sum + end, 0));

/** Kills in the middle of an insert, and behind each. */
const killing = (clickhouse: ClickHouse) =>
  withFault(clickhouse, async (send) => {
    if (orders.kill?.place === 'during' && ++occurrences === orders.kill.occurrence) {
      say('hit during');
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), random.below(25));
    }
    await send();
    reach('table');
  });

interface RunningSink {
  readonly worker: SinkWorker;
  stop(): Promise<void>;
}

function startSink(clickhouse: ClickHouse, edition = EDITION): RunningSink {
  let told: string | undefined;
  const worker = new SinkWorker({
    log,
    target: new ClickHouseSinkTarget(killing(clickhouse), chaosTables(edition), CHAOS_VALUES),
    sink: SINK,
    clock: Date.now,
    // Without a load all that is there is one cut, the same in each run.
    batchRecordsMax: orders.task === 'load' ? CUT_RECORDS_UNDER_LOAD : CUT_RECORDS,
    flushIntervalMs: orders.task === 'load' ? FLUSH_INTERVAL_MS : FLUSH_INTERVAL_WITHOUT_LOAD_MS,
    onStep: reach,
    onProgress: ({ lastError }) => {
      if (lastError !== undefined && lastError !== told) say(`error ${lastError.replaceAll('\n', ' ').slice(0, 300)}`);
      told = lastError;
    },
    sleep: (ms, signal) => sleep(ms / PAUSES_SHORTENED, undefined, { signal }),
  });
  const running = worker.run().catch((error: unknown) => {
    say(`failed ${String(error instanceof Error ? error.message : error).replaceAll('\n', ' ')}`);
    process.exit(1);
  });
  const stop = () => {
    worker.stop();
    return running;
  };
  return { worker, stop };
}

let sink: RunningSink;

async function produce(transactions: number): Promise<void> {
  for (let left = transactions; left > 0 && !isEnding; left -= TRANSACTIONS_PER_APPEND) {
    await log.append(Array.from({ length: TRANSACTIONS_PER_APPEND }, () => load.next()).flat());
    await sleep(PACE_MS);
    while (sink !== undefined && sink.worker.metrics.lag > LAG_MAX && !isEnding) await sleep(PACE_MS);
  }
}

/** A view's target refuses until the sink has met it, and a little longer. */
async function refuseForAWhile(): Promise<void> {
  await sleep(100 + random.below(200));
  await refuse(store.clickhouse, random.pick(REFUSALS));
  for (let waited = 0; waited < 5_000 && sink.worker.metrics.lastError === undefined; waited += 10) await sleep(10);
  if (sink.worker.metrics.lastError !== undefined) say('fault view-refused');
  await sleep(50 + random.below(150));
  await mend(store.clickhouse);
}

/** Another takes over from a writer that is stopped, and inserts more than the tables remember before the first goes on. */
async function replace(stoppedWriter: StoppedWriter, produced: Promise<void>): Promise<void> {
  await stoppedWriter.stopped;
  const stopped = sink;
  sink = startSink(store.clickhouse);
  while (sink.worker.metrics.cuts < CUTS_PAST_WINDOW && !isEnding) {
    await produce(TRANSACTIONS_PER_APPEND);
    await sleep(FLUSH_INTERVAL_MS);
  }
  if (orders.faults.includes('late-writer')) {
    await produced;
    await sink.worker.drain();
  }
  const ended = stopped.stop();
  stoppedWriter.goOn();
  await ended;
  say('fault writer-went-on');
}

async function underLoad(): Promise<void> {
  const { faults } = orders;
  let clickhouse = store.clickhouse;
  if (faults.includes('answers'))
    clickhouse = withFault(
      clickhouse,
      answersLost(random, (fault) => say(`fault ${fault}`)),
    );
  const going: Promise<void>[] = [];
  const stoppedWriter = new StoppedWriter(2 + random.below(8));
  const hasStoppedWriter = faults.includes('stopped-writer') || faults.includes('late-writer');
  if (hasStoppedWriter) clickhouse = withFault(clickhouse, stoppedWriter.fault);
  sink = startSink(clickhouse);
  say('ready');
  const produced = produce(orders.transactionsMax);
  if (hasStoppedWriter) going.push(replace(stoppedWriter, produced));
  if (faults.includes('refusal')) going.push(refuseForAWhile());
  await Promise.all([produced, ...going]);
}

/** As an operator rewinds a sink whose encoder has changed: every record again, under numbers that begin anew. */
async function rewind(): Promise<void> {
  const offsets = (await log.committedOffsets(SINK)).map((offset) => ({ ...offset, offset: 0 }));
  await log.resetGroup(SINK, { offsets, dropsState: true });
}

if (orders.task === 'load') await underLoad();
else {
  if (orders.task === 'backlog')
    await log.append(Array.from({ length: BACKLOG_TRANSACTIONS }, () => load.next()).flat());
  if (orders.task === 'again') await rewind();
  sink = startSink(store.clickhouse, orders.task === 'backlog' ? EDITION - 1 : EDITION);
  say('ready');
}
await sink!.worker.drain();
await sink!.stop();
await store.close();
await log.close();
say('done');
process.exit(0);
