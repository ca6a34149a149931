import { bytesSerde, type ErrorRecord, stringSerde } from 'headrace';
import { EmbeddedApplication, parkedPlaceOf, replayRecord } from 'headrace/embedded';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryDirectory } from '../embedded-log.ts';
import { type Broken, brittleTopology } from '../runtime/parking-model.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeAll(() => {
  directory = temporaryDirectory();
});
afterAll(() => directory.remove());

const text = { key: stringSerde, value: stringSerde };
const raw = { key: bytesSerde, value: bytesSerde };

it('a topology of one’s own has handlers, parks keys, and takes replays of what its dead letters hold', async () => {
  const broken: Broken = new Map([
    ['a1', 'processing'],
    ['b1', 'decoding'],
  ]);
  const skipped: ErrorRecord[] = [];
  const open = () =>
    EmbeddedApplication.open({
      directory: directory.path,
      application: 'brittle',
      topology: brittleTopology(broken),
      errorHandlers: { decoding: () => 'skip' },
      onSkipped: (_error, record) => void skipped.push(record),
      parkKeys: true,
    });
  const first = await open();
  const records = ['a0', 'a1', 'b1', 'b2', 'a2'].map((value) => ({ key: value[0]!, value }));
  await first.topic('in', text).append(records);
  await first.idle();
  await first.close();
  expect(skipped.map(({ topic, value }) => [topic, Buffer.from(value!).toString()])).toEqual([['in', 'b1']]);

  const second = await open();
  await second.topic('in', text).append([{ key: 'a', value: 'a3' }]);
  await second.idle();
  const letters = await second.topic('in.dlq', raw).read();
  expect(letters.map(({ headers }) => parkedPlaceOf(headers)?.sequence)).toEqual([0, 1, 2]);
  broken.clear();
  // Twice, and the second time from behind.
  const replays = letters.map((letter) => replayRecord(letter));
  await second.append([...replays, ...replays.toReversed()]);
  await second.idle();
  await second.topic('in', text).append([{ key: 'a', value: 'a4' }]);
  await second.idle();
  const out = (await second.topic('out', text).read()).map(({ value }) => value);
  expect(out.filter((value) => value!.startsWith('a'))).toEqual(['a0#1', 'a1#2', 'a2#3', 'a3#4', 'a4#5']);
  expect(out.filter((value) => value!.startsWith('b'))).toEqual(['b2#1']);
  await second.close();
});
