import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { System } from '../../../bench/kafka/system.ts';
import { throughput } from '../../../bench/kafka/throughput.ts';
import type { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import type { NewRecord } from '../../../src/log/record.ts';
import { openLog, temporaryDirectory } from '../../embedded-log.ts';

const RECORDS = 500;

/** Sums the amounts of each key in the plainest way, but for one record that may be left out or counted twice. */
function summing(log: EmbeddedLog, name: System['name'], timesOf: (id: number) => number): System {
  return {
    name,
    serve: () => {
      throw new RangeError('a test runs it to the end only');
    },
    drain: async ({ input, output }) => {
      const records: NewRecord[] = [];
      const sums = new Map<string, bigint>();
      for (const { partition } of await log.watermarks(input)) {
        for (let at = 0, batch = await log.read(input, partition, at); batch !== null; ) {
          for (let i = 0; i < batch.length; i++) {
            const value = Buffer.from(batch.valueAt(i)!);
            const key = Buffer.from(batch.keyAt(i)!);
            for (let times = timesOf(Number(value.readBigInt64BE(0))); times > 0; times--) {
              const sum = (sums.get(key.toString()) ?? 0n) + value.readBigInt64BE(8);
              sums.set(key.toString(), sum);
              records.push({ topic: output, partition, timestamp: 1, key, value: Buffer.from(`${sum}`) });
            }
          }
          at = batch.offsetAt(batch.length - 1) + 1;
          batch = await log.read(input, partition, at);
        }
      }
      await log.append(records);
      return { records: RECORDS, wallSeconds: 1, cpuSeconds: name === 'headrace' ? 1 : 2, startCpuSeconds: 0 };
    },
  };
}

describe('the pair of runs on one input', () => {
  const directory = temporaryDirectory();
  let log: EmbeddedLog;
  beforeAll(() => {
    log = openLog(directory.path);
  });
  afterAll(async () => {
    await log.close();
    directory.remove();
  });

  function compare(timesOf: (id: number) => number, theirTimesOf = timesOf): Promise<readonly object[]> {
    const lines: object[] = [];
    const systems = [summing(log, 'headrace', timesOf), summing(log, 'kafka-streams', theirTimesOf)] as const;
    const options = { brokers: '', directory: directory.path, log, workload: 'balances', commitMs: 100 } as const;
    const size = { records: RECORDS, accounts: 20, repeat: 2 };
    return throughput({ ...options, ...size, systems, print: (line) => lines.push(line) }).then(() => lines);
  }

  it('ends in the medians and the ratio of records per CPU second where outputs are equal', async () => {
    const lines = await compare(() => 1);
    const order = lines.map((line) => (line as { system?: string }).system);
    expect(order).toEqual(['headrace', 'kafka-streams', 'kafka-streams', 'headrace', undefined]);
    expect(lines.at(-1)).toMatchObject({
      headrace: { recordsPerCpuSecond: 500 },
      'kafka-streams': { recordsPerCpuSecond: 250 },
      ratioPerCpuSecond: 2,
      outputs: 'equal',
      outputRecords: RECORDS,
    });
  });

  it.each([
    ['counts a record twice', (id: number) => (id === 123 ? 2 : 1), () => 1, /differ in 2 places:\n.*501 records, 500/],
    ['loses a record', (id: number) => (id === 123 ? 0 : 1), () => 1, /holds 499 records, 500 are due/],
    ['differs on the other side', () => 1, (id: number) => (id === 499 ? 2 : 1), /: \d+ updates and \d+/],
    ['is wrong on both sides alike', (id: number) => (id === 7 ? 2 : 1), undefined, /holds 501 records, 500 are due/],
  ])('is an error where one %s', async (_what, ours, theirs, told) => {
    await expect(compare(ours, theirs)).rejects.toThrow(told);
  });
});
