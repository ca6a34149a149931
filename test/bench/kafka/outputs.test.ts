import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { differences, outputsOf } from '../../../bench/kafka/outputs.ts';
import type { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { appendText, openLog, temporaryDirectory, topicConfig } from '../../embedded-log.ts';

type Records = readonly (readonly [string, string | null])[];

const records: Records = [
  ['anna', '10'],
  ['berta', '5'],
  ['anna', '12'],
  ['carl', null],
  ['anna', '15'],
];

describe('comparing two outputs', () => {
  const directory = temporaryDirectory();
  let log: EmbeddedLog;
  beforeEach(() => {
    log = openLog(directory.path);
  });
  afterEach(async () => {
    await log.close();
    directory.remove();
  });

  async function differencesOf(ours: Records, theirs: Records): Promise<readonly string[]> {
    await log.createTopics([topicConfig('ours', 4), topicConfig('theirs', 4)]);
    await appendText(log, 'ours', ours);
    await appendText(log, 'theirs', theirs);
    return differences(await outputsOf(log, 'ours'), await outputsOf(log, 'theirs'));
  }

  it('finds none where all updates of each key are the same, in whatever order the keys come', async () => {
    const byKey = records.toSorted(([a], [b]) => (a < b ? 1 : a > b ? -1 : 0));
    expect(await differencesOf(records, byKey)).toEqual([]);
    expect((await outputsOf(log, 'ours')).get('anna')).toMatchObject({ updates: 3, last: '3135' });
  });

  it.each<readonly [string, Records, string]>([
    ['a record that is missing', records.slice(0, -1), 'anna: 3 updates and 2'],
    ['a record written twice', [...records, ['anna', '15']], 'anna: 3 updates and 4'],
    ['another last value', [...records.slice(0, -1), ['anna', '16']], 'anna: ends in 3135 and 3136'],
    ['another value before the last', [['anna', '11'], ...records.slice(1)], 'anna: ends alike, but an update before'],
    ['updates in another order', [records[2]!, records[1]!, records[0]!, ...records.slice(3)], 'anna: ends alike'],
    ['values cut elsewhere', [['anna', '101'], records[1]!, ['anna', '2'], ...records.slice(3)], 'anna: ends alike'],
    ['an empty value for a tombstone', records.map(([key, value]) => [key, value ?? '']), 'carl: ends in null and '],
    ['a key that is missing', records.filter(([key]) => key !== 'berta'), 'berta: only one of the two wrote it'],
    ['a key that is not due', [...records, ['dora', '1']], 'dora: only one of the two wrote it'],
  ])('finds %s', async (_what, theirs, told) => {
    const found = await differencesOf(records, theirs);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(told);
  });

  it('finds a key in another partition', async () => {
    await log.createTopics([topicConfig('ours', 4), topicConfig('theirs', 4)]);
    for (const [topic, partition] of [
      ['ours', 1],
      ['theirs', 2],
    ] as const) {
      await log.append([{ topic, partition, timestamp: 1, key: Buffer.from('anna'), value: Buffer.from('1') }]);
    }
    const found = differences(await outputsOf(log, 'ours'), await outputsOf(log, 'theirs'));
    expect(found).toEqual(['anna: in partition 1 and 2']);
  });
});
