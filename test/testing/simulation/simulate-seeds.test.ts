import { type ErrorHandlers, type KeyValueStore, keyValueStore, StreamsBuilder, stringSerde } from 'headrace';
import {
  checkSeeds,
  drawScript,
  type SimulatedApplication,
  type SimulationOptions,
  type SimulationResult,
  simulate,
  simulateScript,
  simulateSeeds,
} from 'headrace/testing';
import { expect, it } from 'vitest';

const serdes = { key: stringSerde, value: stringSerde };
const seen = keyValueStore({ name: 'seen', key: stringSerde, value: stringSerde });

/** Words with how often each was seen before, by a function of the test's. */
function counting(count: (key: string, store: KeyValueStore<string, string>) => string): SimulationOptions {
  const builder = new StreamsBuilder();
  builder
    .stream('words', serdes)
    .processValues({
      name: 'count',
      ...serdes,
      stores: { seen },
      processor:
        ({ stores, forward }) =>
        (key) =>
          forward(key, count(key!, stores.seen)),
    })
    .to('counts', serdes);
  return {
    applications: [{ application: 'counting', topology: builder.build() }],
    input: (draw) =>
      Array.from({ length: 30 }, () => ({ topic: 'words', key: draw.pick(['a', 'b', 'c']), value: 'x' })),
  };
}

const right = counting((key, store) => {
  const count = `${Number(store.get(key) ?? '0') + 1}`;
  store.put(key, count);
  return count;
});

it('is sound where the topology is, whatever happens to it', async () => {
  const happened: string[] = [];
  const onRun = ({ figures }: SimulationResult) => {
    for (const [name, count] of Object.entries(figures)) if (count > 0) happened.push(name);
  };
  const { passed, failed } = await simulateSeeds(right, { seeds: 60, onRun });
  expect([passed, failed]).toEqual([60, []]);
  // An attack that nothing came of attacked nothing.
  expect(new Set(happened)).toEqual(new Set(['records', 'commits', 'kills', 'stalls', 'failedRecords', 'virtualMs']));
});

it('runs the same again from the same seed, to the last step', async () => {
  const traced = async () => {
    const lines: string[] = [];
    const onTrace = (atMs: number, what: string) => lines.push(`${atMs} ${what}`);
    await simulate({ ...right, onTrace }, 7);
    return lines;
  };
  const [one, other] = [await traced(), await traced()];
  expect(one.length).toBeGreaterThan(100);
  expect(one).toEqual(other);
});

it('finds state that the topology keeps beside its stores, and the smallest run that shows it', async () => {
  const beside = new Map<string, number>();
  const wrong = counting((key) => {
    beside.set(key, (beside.get(key) ?? 0) + 1);
    return String(beside.get(key));
  });
  const { failed } = await simulateSeeds(wrong, { seeds: 20 });
  expect(failed[0]!.failure.kind).toBe('output differs');
  expect(failed[0]!.script.inputs.length).toBeLessThan(4);
  expect((await simulateScript(wrong, failed[0]!.script)).failure?.kind).toBe('output differs');
});

it('finds what depends on chance', async () => {
  const { failed } = await simulateSeeds(
    counting(() => String(Math.random())),
    { seeds: 5 },
  );
  expect(failed[0]!.failure.kind).toBe('output differs');
});

it('finds a check that does not hold at the end', async () => {
  const check = { ...right, check: () => 'the sum is wrong' };
  await expect(checkSeeds(check, { seeds: 3 })).rejects.toMatchObject({
    code: 'SIMULATION_FAILED',
    message: expect.stringMatching(/^seed 1: check failed: the sum is wrong\nThe smallest run/),
  });
});

it('finds a worker that ends', async () => {
  const failing = counting(() => {
    throw new Error('no more');
  });
  const errorHandlers: ErrorHandlers = { processing: () => 'fail' };
  const applications = failing.applications.map((each): SimulatedApplication => ({ ...each, errorHandlers }));
  const options = { ...failing, applications };
  const { failure } = await simulate(options, 1);
  expect(failure).toMatchObject({ kind: 'worker ended', message: expect.stringContaining('no more') });
});

it('finds work that never comes to its end', async () => {
  const builder = new StreamsBuilder();
  builder.stream('circle', serdes).to('circle', serdes);
  const options: SimulationOptions = {
    applications: [{ application: 'circling', topology: builder.build() }],
    input: () => [{ topic: 'circle', key: 'a', value: 'x' }],
    partitionsMax: 1,
    calmMs: 2_000,
  };
  // Not where the simulation fails the record on its way.
  const { failed } = await simulateSeeds(options, { seeds: 6 });
  expect(failed[0]?.failure).toMatchObject({
    kind: 'did not come to an end',
    message: expect.stringContaining('circle-0'),
  });
});

it('sends only what somebody reads', async () => {
  const options = { ...right, input: () => [{ topic: 'word', key: 'a', value: 'x' }] };
  await expect(simulate(options, 1)).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
});

it('draws runs that differ in all that is drawn', () => {
  const scripts = Array.from({ length: 100 }, (_, seed) => drawScript(seed, right));
  const differing = (of: (script: (typeof scripts)[number]) => unknown) => new Set(scripts.map(of)).size;
  expect(differing(({ partitions }) => partitions)).toBe(4);
  expect(differing(({ processes }) => processes)).toBe(3);
  expect(new Set(scripts.flatMap(({ events }) => events.map(({ kind }) => kind))).size).toBe(7);
});
