import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { TopicConfig } from '../../src/log/log.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { stringSerde } from '../../src/serde/primitives.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';
import { StreamsBuilder } from '../../src/streams/builder.ts';
import { percentile } from '../statistics.ts';

export interface CallsMeasurement {
  readonly maxInFlight: number;
  readonly calls: number;
  /** What the callee takes for each, milliseconds. */
  readonly calleeMs: number;
  readonly callsPerSecond: number;
  /** Of what so many callers that lose no time would make. */
  readonly ofIdeal: number;
  readonly cpuMsPerCall: number;
  /** From the callee's answer until its result is processed, milliseconds; those wait that have slower ones before them. */
  readonly answeredToProcessedMs: { readonly p50: number; readonly p99: number };
  readonly commits: number;
}

const APPEND_RECORDS = 10_000;

/** Records of as many keys as there are records, in one partition; time counts from the worker's start until all results are on disk. */
export async function measureCalls(
  parent: string,
  maxInFlight: number,
  calls: number,
  calleeMs: number,
): Promise<CallsMeasurement> {
  const directory = await mkdtemp(join(parent, 'headrace-bench-'));
  const log = new EmbeddedLog({ directory: openDataDirectory(directory, { clock: Date.now }), clock: Date.now });
  try {
    await log.createTopics([topicConfig('in'), topicConfig('out')]);
    for (let start = 0; start < calls; start += APPEND_RECORDS) await log.append(records(start, calls));
    const waits: number[] = [];
    const builder = new StreamsBuilder();
    builder
      .stream('in', { key: stringSerde, value: stringSerde })
      .callAsync({
        name: 'ask',
        maxInFlight,
        call: ({ value }) =>
          new Promise<{ readonly value: string; readonly at: number }>((resolve) => {
            setTimeout(() => resolve({ value, at: performance.now() }), calleeMs);
          }),
      })
      .mapValues(({ value, at }) => {
        waits.push(performance.now() - at);
        return value;
      })
      .to('out', { key: stringSerde, value: stringSerde });
    const worker = new Worker({ log, topology: builder.build(), application: 'bench', clock: Date.now });
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    const running = worker.run();
    await Promise.race([worker.idle(), running]);
    const seconds = (performance.now() - startedAt) / 1_000;
    const cpu = process.cpuUsage(cpuBefore);
    const { commits } = worker.metrics();
    worker.stop();
    await running;
    const [{ end } = { end: 0 }] = await log.watermarks('out');
    if (end !== calls) throw new RangeError(`${end} results of ${calls} calls`);
    const ideal = (1_000 / calleeMs) * maxInFlight;
    return {
      maxInFlight,
      calls,
      calleeMs,
      callsPerSecond: Math.round(calls / seconds),
      ofIdeal: rounded(calls / seconds / ideal),
      cpuMsPerCall: rounded((cpu.user + cpu.system) / 1_000 / calls),
      answeredToProcessedMs: { p50: rounded(percentile(waits, 50)), p99: rounded(percentile(waits, 99)) },
      commits,
    };
  } finally {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function records(start: number, count: number) {
  return Array.from({ length: Math.min(APPEND_RECORDS, count - start) }, (_, i) => ({
    topic: 'in',
    partition: 0,
    timestamp: 1_700_000_000_000 + start + i,
    key: Buffer.from(`account-${start + i}`),
    value: Buffer.from(`payment ${start + i}`),
  }));
}

function topicConfig(name: string): TopicConfig {
  return { name, partitions: 1, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
