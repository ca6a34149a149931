import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { HeadraceError } from '../../src/errors.ts';
import { StreamsBuilder, stringSerde, type Topology } from '../../src/index.ts';
import type { Log } from '../../src/log/log.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import { Worker } from '../../src/runtime/worker.ts';
import type { LogUnderTest } from '../conformance/log/log-under-test.ts';

export const PARTITIONS = 4;
export const KEYS = 20;
export const GROUPS = 3;
/** Records a second of each source. */
const RATE = process.env.CI === undefined ? 200 : 2_000;
const serdes = { key: stringSerde, value: stringSerde };
const counting = (name: string) => ({
  name,
  value: stringSerde,
  initializer: () => '0',
  aggregator: (_key: string, _value: string, count: string) => String(Number(count) + 1),
});
const groupOf = (key: string) => `group-${Number(key.slice('key-'.length)) % GROUPS}`;

/** Counts the records of each key; each output says which version wrote it. */
function countsOf(version: string, builder = new StreamsBuilder(), store = 'counts'): StreamsBuilder {
  builder
    .stream('in', serdes)
    .groupByKey()
    .aggregate<string>(counting(store))
    .toStream()
    .mapValues((count) => `${count} ${version}`)
    .to('counts-out', serdes);
  return builder;
}

export const first = (): Topology => countsOf('first').build();

/** A stateless step more; and over a repartition topic a store of its own, from a source that nobody read before. */
export function second(): Topology {
  const builder = new StreamsBuilder();
  const stream = builder.stream('in', serdes).filter(() => true);
  stream
    .groupByKey()
    .aggregate<string>(counting('counts'))
    .toStream()
    .mapValues((count) => `${count} second`)
    .to('counts-out', serdes);
  builder
    .stream('more', serdes)
    .groupBy((key) => groupOf(key!), { name: 'by-group', ...serdes })
    .aggregate<string>(counting('groups'))
    .toStream()
    .mapValues((count) => `${count} second`)
    .to('groups-out', serdes);
  return builder.build();
}

/** Reads a further source into the same store: what the first version reads alone hangs together with another topic now. */
export function joined(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream('in', serdes)
    .merge(builder.stream('more', serdes))
    .groupByKey()
    .aggregate<string>(counting('counts'))
    .toStream()
    .mapValues((count) => `${count} joined`)
    .to('counts-out', serdes);
  return builder.build();
}

/** The store has another name: what was counted would be lost. */
export const renamed = (): Topology => countsOf('renamed', new StreamsBuilder(), 'counts-of-keys').build();

/** An instance of the application: a data directory, and a worker while it runs. */
export class Instance {
  readonly under: LogUnderTest;
  readonly faults: string[] = [];
  #worker: Worker | undefined;
  #running: Promise<void> | undefined;
  failure: HeadraceError | undefined;

  constructor(under: LogUnderTest) {
    this.under = under;
  }

  start(topology: Topology, allowTopologyChange = false): void {
    this.failure = undefined;
    this.#worker = new Worker({
      log: this.under.log,
      topology,
      application: 'app',
      clock: Date.now,
      allowTopologyChange,
      onFault: ({ code }) => this.faults.push(code),
    });
    this.#running = this.#worker.run().catch((error: HeadraceError) => {
      this.failure = error;
    });
  }

  async stop(): Promise<void> {
    this.#worker?.stop();
    await this.#running;
  }

  /** In good order, as a process that is stopped and started with another release. */
  async restart(topology: Topology): Promise<void> {
    await this.stop();
    await this.under.reopen();
    this.start(topology);
  }

  partitions(source: string): number {
    return this.#worker?.partitionsOf(source).length ?? 0;
  }

  idle(): Promise<void> {
    return this.#worker!.idle();
  }
}

/** Records of both sources at a steady rate; counts what was acknowledged. */
export async function feed(log: Log, sent: { in: number; more: number }, signal: AbortSignal): Promise<void> {
  const startedAt = Date.now();
  let made = 0;
  while (!signal.aborted) {
    const due = Math.floor(((Date.now() - startedAt) * RATE) / 1_000) - made;
    const keys = Array.from({ length: due }, (_, i) => Buffer.from(`key-${(made + i) % KEYS}`));
    const records = (name: string) =>
      keys.map((key) => ({
        topic: name,
        partition: partitionFor(key, PARTITIONS),
        timestamp: Date.now(),
        key,
        value: Buffer.from('x'),
      }));
    if (due > 0) await log.append([...records('in'), ...records('more')]);
    made += due;
    sent.in += due;
    sent.more += due;
    await sleep(20);
  }
}

interface Output {
  readonly key: string;
  readonly count: number;
  readonly version: string;
}

export async function outputsOf(log: Log, name: string): Promise<readonly Output[]> {
  const outputs: Output[] = [];
  for (const { partition, start, end } of await log.watermarks(name)) {
    for (let offset = start; offset < end; ) {
      const batch = await log.read(name, partition, offset);
      if (batch === null) break;
      for (let i = 0; i < batch.length; i++) {
        const [count, version] = Buffer.from(batch.valueAt(i)!).toString().split(' ');
        outputs.push({ key: Buffer.from(batch.keyAt(i)!).toString(), count: Number(count), version: version! });
        offset = batch.offsetAt(i) + 1;
      }
    }
  }
  return outputs;
}

/** Every record has one output, and those of a key count 1, 2, 3 ... in order. */
export async function expectCounted(log: Log, name: string, records: number, keys: number): Promise<void> {
  const outputs = await outputsOf(log, name);
  const counts = new Map<string, number>();
  const faults = outputs.flatMap(({ key, count, version }) => {
    const expected = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === expected ? [] : [`${key}: ${count} (${version}) where ${expected} was to come`];
  });
  expect(faults).toEqual([]);
  expect(outputs).toHaveLength(records);
  expect(counts.size).toBe(keys);
}
