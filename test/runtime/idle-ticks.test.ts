import { countSerde, StreamsBuilder, stringSerde, TimeWindows, type Topology } from 'headrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { NewRecord } from '../../src/log/record.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { openLog, temporaryDirectory, topicConfig } from '../embedded-log.ts';

const strings = { key: stringSerde, value: stringSerde };
const TICKS = 'app-in-idle-ticks';

/** Counts of ten milliseconds with a grace of five, sent when the window has closed. */
function counts(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream('in', strings)
    .groupByKey()
    .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 5 }))
    .count({ name: 'counts', emit: 'onWindowClose' })
    .toStream()
    .map(({ key, window }, count) => [`${key}@${window.start}`, count])
    .to('out', { key: stringSerde, value: countSerde });
  return builder.build();
}

class Application {
  readonly log: EmbeddedLog;
  readonly #directory = temporaryDirectory();
  /** The wall clock, milliseconds; it stands still but for {@link sleep}. */
  now = 1_000_000;
  #worker: Worker | undefined;
  #running: Promise<void> | undefined;

  constructor() {
    this.log = openLog(this.#directory.path);
  }

  async start(idleAfterMs: number | undefined): Promise<void> {
    await this.log.createTopics([topicConfig('in'), topicConfig('out')]);
    const options = idleAfterMs === undefined ? {} : { idleAfterMs };
    const clock = () => this.now;
    const { log } = this;
    this.#worker = new Worker({ log, topology: counts(), application: 'app', clock, commitIntervalMs: 0, ...options });
    this.#running = this.#worker.run();
    // Told by stop.
    this.#running.catch(() => undefined);
    await this.#worker.idle();
    await this.#rounds();
  }

  async send(key: string, timestamp: number): Promise<void> {
    await this.log.append([{ topic: 'in', partition: 0, timestamp, key: Buffer.from(key), value: Buffer.from('x') }]);
    await this.#worker!.idle();
    await this.#rounds();
  }

  async sleep(milliseconds: number): Promise<void> {
    this.now += milliseconds;
    await this.#rounds();
  }

  /** The worker looks at the clock between polls, which wait for a tenth of a second at most. */
  async #rounds(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 250));
  }

  /** Rejects with what ended the worker. */
  async stop(): Promise<void> {
    const [worker, running] = [this.#worker, this.#running];
    this.#worker = undefined;
    this.#running = undefined;
    worker?.stop();
    await running;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.log.close();
    this.#directory.remove();
  }

  async records(topic: string): Promise<readonly NewRecord[]> {
    const records: NewRecord[] = [];
    const [{ start } = { start: 0 }] = await this.log.watermarks(topic);
    for (let offset = start; ; ) {
      const batch = await this.log.read(topic, 0, offset);
      if (batch === null) return records;
      for (let index = 0; index < batch.length; index++) {
        const [key, value] = [batch.keyAt(index)?.slice() ?? null, batch.valueAt(index)?.slice() ?? null];
        records.push({ topic, partition: 0, timestamp: batch.timestampAt(index), key, value });
        offset = batch.offsetAt(index) + 1;
      }
    }
  }

  async results(): Promise<readonly string[]> {
    const records = await this.records('out');
    return records.map(
      ({ key, value, timestamp }) => `${Buffer.from(key!)} ${countSerde.deserialize(value!)} ${timestamp}`,
    );
  }
}

describe('a silent stream', () => {
  const open: Application[] = [];
  const application = (): Application => {
    const made = new Application();
    open.push(made);
    return made;
  };
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });

  it('keeps its windows open without idle ticks, as in Kafka Streams', async () => {
    const app = application();
    await app.start(undefined);
    await app.send('a', 3);
    await app.sleep(1_000);
    expect(await app.results()).toEqual([]);
    expect((await app.log.topics()).map(({ name }) => name)).not.toContain(TICKS);
  });

  it('closes them once it has been silent for long enough and their time has come, and writes that down', async () => {
    const app = application();
    await app.start(20);
    await app.send('a', 3);
    await app.sleep(11);
    expect(await app.results()).toEqual([]);
    // Stream time 3 and 19 ms of silence: the window ends at 10 and its grace at 15, but the silence is too short.
    await app.sleep(8);
    expect(await app.results()).toEqual([]);
    await app.sleep(1);
    expect(await app.results()).toEqual(['a@0 1 3']);
    const [tick, ...others] = await app.records(TICKS);
    expect(JSON.parse(Buffer.from(tick!.value!).toString())).toEqual({ sequence: 1, time: 23, positions: { in: 1 } });
    expect(others).toEqual([]);
    await app.sleep(1_000_000);
    expect(await app.records(TICKS)).toHaveLength(1);
  });

  it('counts silence from the last record on, and after it goes on with the time it had', async () => {
    const app = application();
    await app.start(20);
    await app.send('a', 3);
    await app.sleep(15);
    await app.send('a', 4);
    await app.sleep(15);
    expect(await app.results()).toEqual([]);
    await app.sleep(5);
    expect(await app.results()).toEqual(['a@0 2 4']);
    // At 24 now: 8 is late, 12 is not.
    await app.send('a', 8);
    await app.send('a', 12);
    await app.sleep(20);
    expect(await app.results()).toEqual(['a@0 2 4', 'a@10 1 12']);
  });

  it('closes again after a restart, and nothing twice', async () => {
    const app = application();
    await app.start(20);
    await app.send('a', 3);
    await app.sleep(30);
    await app.send('b', 60);
    await app.stop();
    await app.start(20);
    await app.sleep(10);
    expect(await app.results()).toEqual(['a@0 1 3']);
    await app.sleep(10);
    expect(await app.results()).toEqual(['a@0 1 3', 'b@60 1 60']);
    expect(await app.records(TICKS)).toHaveLength(2);
  });
});

describe('a replay', () => {
  let original: Application;
  let replay: Application;
  beforeEach(() => {
    [original, replay] = [new Application(), new Application()];
  });
  afterEach(async () => {
    await original.close();
    await replay.close();
  });

  /** What a tick closed must stay closed: the record at 8 comes after the tick, and the one at 2 before it. */
  async function live(): Promise<void> {
    await original.start(20);
    await original.send('a', 3);
    await original.send('a', 2);
    await original.sleep(30);
    await original.send('a', 8);
    await original.send('b', 31);
    await original.sleep(40);
    await original.send('b', 32);
    await original.send('c', 100);
    await original.stop();
  }

  it('takes each tick before the very records before which it came', async () => {
    await live();
    const expected = await original.results();
    expect(expected).toEqual(['a@0 2 3', 'b@30 1 31']);
    await replay.log.createTopics([topicConfig('in'), topicConfig('out'), topicConfig(TICKS)]);
    await replay.log.append([...(await original.records('in')), ...(await original.records(TICKS))]);
    await replay.start(20);
    expect(await replay.results()).toEqual(expected);
  });

  it('without its ticks is another one: the test above can fail', async () => {
    await live();
    await replay.log.createTopics([topicConfig('in'), topicConfig('out')]);
    await replay.log.append(await original.records('in'));
    await replay.start(20);
    expect(await replay.results()).toEqual(['a@0 3 8', 'b@30 2 32']);
  });

  it('stops at a tick that no worker has written', async () => {
    await replay.log.createTopics([topicConfig('in'), topicConfig('out'), topicConfig(TICKS)]);
    await replay.log.append([{ topic: TICKS, partition: 0, timestamp: 1, key: null, value: Buffer.from('{}') }]);
    await replay.start(20);
    await expect(replay.stop()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });
});
