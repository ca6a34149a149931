import { countSerde, jsonSerde, StreamsBuilder, stringSerde, type Topology } from 'headrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { storedPlan } from '../../src/runtime/stored-plan.ts';
import { Worker, type WorkerOptions } from '../../src/runtime/worker.ts';
import { appendText, openLog, readText, temporaryDirectory, topicConfig } from '../embedded-log.ts';

const serdes = { key: stringSerde, value: stringSerde };
const out = { key: stringSerde, value: countSerde };

/** Words counted by word, through a repartition topic. */
function counting(store = 'counts', repartition = 'by-word'): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream('words', serdes)
    .groupBy((_key, word) => word, { ...serdes, name: repartition })
    .count({ name: store })
    .toStream()
    .to('counts', out);
  return builder.build();
}

let directory: ReturnType<typeof temporaryDirectory>;
let log: EmbeddedLog;

beforeEach(async () => {
  directory = temporaryDirectory();
  log = openLog(directory.path);
  await log.createTopics([topicConfig('words', 2), topicConfig('counts', 2)]);
});

afterEach(async () => {
  await log.close();
  directory.remove();
});

async function runOnce(topology: Topology, options: Partial<WorkerOptions> = {}): Promise<void> {
  const worker = new Worker({ log, topology, application: 'app', clock: Date.now, commitIntervalMs: 5, ...options });
  const running = worker.run();
  await Promise.race([worker.idle(), running]);
  worker.stop();
  await running;
}

const sent = (...words: readonly string[]) =>
  appendText(
    log,
    'words',
    words.map((word) => [word, word]),
  );
const stores = () => storedPlan(log, 'app')?.stores.map(({ name }) => name);

describe('the plan beside the state', () => {
  it('is written with the first records, not before, and stays over restarts', async () => {
    await runOnce(counting());
    expect(stores()).toBeUndefined();
    await sent('a', 'b', 'a');
    await runOnce(counting());
    expect(stores()).toEqual(['counts']);
    await log.close();
    log = openLog(directory.path);
    await runOnce(counting());
    expect(stores()).toEqual(['counts']);
  });

  it('refuses a start that would orphan a store, with every difference and what to do', async () => {
    await sent('a');
    await runOnce(counting());
    const refused = runOnce(counting('totals'));
    await expect(refused).rejects.toMatchObject({ code: 'TOPOLOGY_CHANGED' });
    await expect(refused).rejects.toThrow(
      /topology of app is not the one[\s\S]*store counts looks renamed to totals[\s\S]*headrace reset[\s\S]*--allow-topology-change/,
    );
    expect(stores()).toEqual(['counts']);
    await runOnce(counting());
  });

  it('goes on with it when told to, and from then on keeps the new plan', async () => {
    await sent('a');
    await runOnce(counting());
    await runOnce(counting('totals'), { allowTopologyChange: true });
    // Nothing was processed under it: the state is still of the old plan, and so is what is asked.
    expect(stores()).toEqual(['counts']);
    await sent('a');
    await runOnce(counting('totals'), { allowTopologyChange: true });
    expect(stores()).toEqual(['totals']);
    await runOnce(counting('totals'));
    await expect(runOnce(counting())).rejects.toMatchObject({ code: 'TOPOLOGY_CHANGED' });
  });

  it('is written by a commit that a refused one did not', async () => {
    await sent('a');
    let steps = 0;
    const onStep = (step: string) => {
      if (step === 'seal' && steps++ === 0) throw new RangeError('planted');
    };
    await expect(runOnce(counting(), { onStep })).rejects.toThrow('planted');
    expect(stores()).toBeUndefined();
    await runOnce(counting());
    expect(stores()).toEqual(['counts']);
  });

  it('lets a repartition topic go once it is drained', async () => {
    await sent('a', 'b');
    await runOnce(counting());
    await runOnce(counting('counts', 'per-word'));

    // One record is put back: it is under way again.
    const under = (await log.committedOffsets('app')).find(
      (each) => each.topic === 'app-by-word-repartition' && each.offset > 0,
    );
    await log.resetGroup('app', { offsets: [{ ...under!, offset: under!.offset - 1 }], dropsState: false });
    await expect(runOnce(counting('counts', 'per-word'))).rejects.toThrow(
      /repartition topic by-word-repartition looks renamed to per-word-repartition: records under way in it would be lost/,
    );
    await runOnce(counting());
    await runOnce(counting('counts', 'per-word'));
  });

  it('has a global table that has changed read again', async () => {
    await log.createTopics([topicConfig('names', 2)]);
    const named = (store: string) => {
      const builder = new StreamsBuilder();
      const names = builder.globalTable('names', { ...serdes, name: store });
      builder
        .stream('words', serdes)
        .join(
          names,
          (_key, word) => word,
          (_word, name) => name,
        )
        .to('counts', serdes);
      return builder.build();
    };
    await appendText(log, 'names', [
      ['a', 'Anna'],
      ['b', 'Bert'],
    ]);
    await sent('a');
    await runOnce(named('people'));
    await runOnce(named('persons'));
    await sent('b');
    await runOnce(named('persons'));
    expect((await readText(log, 'counts')).map(([, name]) => name).sort()).toEqual(['Anna', 'Bert']);
    expect(storedPlan(log, 'app-global-worker-0')?.stores.map(({ name }) => name)).toEqual(['persons']);
  });

  it('lets everything else change, and keeps state that was read before', async () => {
    await sent('a');
    await runOnce(counting());
    const builder = new StreamsBuilder();
    const counts = builder
      .stream('words', serdes)
      .filter(() => true, { name: 'all' })
      .groupBy((_key, word) => word, { ...serdes, name: 'by-word' });
    counts.count({ name: 'counts' }).toStream().to('counts', out);
    counts.aggregate({ name: 'more', initializer: () => '', aggregator: () => '', value: jsonSerde<string>() });
    await sent('a');
    await runOnce(builder.build());
    expect(stores()).toEqual(['counts', 'more']);
    expect((await readText(log, 'counts')).length).toBe(2);
  });
});
