import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InputRow } from '../../../src/app/input/input-row.ts';
import { type ProducedCounts, produceRows } from '../../../src/app/input/producer.ts';
import { readInput } from '../../../src/app/input/read-input.ts';
import { HeadraceError } from '../../../src/errors.ts';
import type { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { partitionFor } from '../../../src/log/partitioner.ts';
import { openLog, readText, temporaryDirectory, topicConfig } from '../../embedded-log.ts';
import { csvLine, HEADER, jsonLine, writeInput } from './inputs.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let log: EmbeddedLog;
beforeEach(async () => {
  directory = temporaryDirectory();
  log = openLog(`${directory.path}/data`);
});
afterEach(async () => {
  await log.close();
  directory.remove();
});

const CLOCK = () => 1_700_000_000_000;

function transaction(line: number, accountId = 'a'): InputRow {
  return { kind: 'transaction', line, fields: { transactionId: `t${line}`, accountId } };
}

async function* rowsOf(count: number, accounts = 1): AsyncGenerator<InputRow> {
  for (let line = 1; line <= count; line++) yield transaction(line, `a${line % accounts}`);
}

/** The lines of the transactions on a topic by account, in the order of the log. */
async function linesByAccount(topic: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const lines = new Map<string, number[]>();
  for (const [key, value] of await readText(log, topic)) {
    const fields = JSON.parse(value!) as { transactionId: string; accountId: string };
    expect(fields.accountId).toBe(key);
    lines.set(key!, [...(lines.get(key!) ?? []), Number(fields.transactionId.slice(1))]);
  }
  return lines;
}

const isAscending = (lines: readonly number[]) => lines.every((line, i) => i === 0 || line > lines[i - 1]!);

describe('produceRows', () => {
  it('appends a file, keyed and partitioned by account, and tells of rejected rows', async () => {
    await log.createTopics([topicConfig('transactions', 3)]);
    const lines = [HEADER, csvLine('t2', { account: 'a' }), 'bad', csvLine('t4', { account: '\0\0\0\0' })];
    lines.push(csvLine('t5', { account: '__proto__', description: '4111 1111 1111 1111' }));
    const path = writeInput(directory.path, 'a.csv', lines.join('\n'));
    const rejected: number[] = [];
    const counts = await produceRows(log, 'transactions', 3, readInput({ path }), {
      clock: CLOCK,
      onRejected: (row) => void rejected.push(row.line),
    });
    expect(counts).toEqual({ read: 4, appended: 3, rejected: 1 });
    expect(rejected).toEqual([3]);
    for (const account of ['a', '\0\0\0\0', '__proto__']) {
      const partition = partitionFor(Buffer.from(account), 3);
      const batch = (await log.read('transactions', partition, 0))!;
      const keys = Array.from({ length: batch.length }, (_, i) => Buffer.from(batch.keyAt(i)!).toString());
      expect(keys).toContain(account);
      expect(batch.timestampAt(0)).toBe(CLOCK());
    }
    const values = (await readText(log, 'transactions')).map(([, value]) => value);
    expect(values).toContain(
      '{"transactionId":"t5","accountId":"__proto__","direction":"credit","amount":"1.00","currency":"EUR","occurredAt":"2024-01-01","kind":"posting","description":"**** **** **** 1111"}',
    );
  });

  it('keeps the order of each account over many appends and reports each', async () => {
    await log.createTopics([topicConfig('transactions', 4)]);
    const reports: ProducedCounts[] = [];
    const counts = await produceRows(log, 'transactions', 4, rowsOf(25_000, 7), {
      clock: CLOCK,
      onProgress: (progress) => reports.push(progress),
    });
    expect(counts).toEqual({ read: 25_000, appended: 25_000, rejected: 0 });
    expect(reports.at(-1)).toEqual(counts);
    expect(reports.length).toBeGreaterThan(3);
    const lines = await linesByAccount('transactions');
    expect([...lines.values()].flat()).toHaveLength(25_000);
    for (const ofAccount of lines.values()) expect(isAscending(ofAccount)).toBe(true);
  });

  it('waits for room in a topic at its size limit, and then goes on in order', async () => {
    await log.createTopics([{ ...topicConfig('transactions'), retentionBytes: 200_000 }]);
    await log.resetGroup('slow', { offsets: [{ topic: 'transactions', partition: 0, offset: 0 }], dropsState: false });
    const seen: number[] = [];
    const refusals: string[] = [];
    const counts = await produceRows(log, 'transactions', 1, rowsOf(30_000), {
      clock: CLOCK,
      onWaiting: ({ code }) => refusals.push(code),
      // The slow group reads all that is there, which makes room.
      sleep: async () => {
        const { end } = (await log.watermarks('transactions'))[0]!;
        for (let offset = seen.length; offset < end; ) {
          const batch = (await log.read('transactions', 0, offset))!;
          for (let i = 0; i < batch.length; i++) {
            const text = Buffer.from(batch.valueAt(i)!).toString();
            seen.push(Number((JSON.parse(text) as { transactionId: string }).transactionId.slice(1)));
          }
          offset = batch.offsetAt(batch.length - 1) + 1;
        }
        await log.resetGroup('slow', {
          offsets: [{ topic: 'transactions', partition: 0, offset: end }],
          dropsState: false,
        });
      },
    });
    expect(counts.appended).toBe(30_000);
    expect(refusals.length).toBeGreaterThan(0);
    expect(new Set(refusals)).toEqual(new Set(['LOG_BACKPRESSURE']));
    expect(seen.every((line, i) => line === i + 1)).toBe(true);
    expect((await log.watermarks('transactions'))[0]!.end).toBe(30_000);
  });

  it('gives up when the room never comes, with nothing behind it taken in', async () => {
    await log.createTopics([{ ...topicConfig('transactions'), retentionBytes: 50_000 }]);
    await log.resetGroup('dead', { offsets: [{ topic: 'transactions', partition: 0, offset: 0 }], dropsState: false });
    const delaysMs: number[] = [];
    const produced = produceRows(log, 'transactions', 1, rowsOf(20_000), {
      clock: CLOCK,
      sleep: async (delayMs) => void delaysMs.push(delayMs),
    });
    await expect(produced).rejects.toMatchObject({ code: 'LOG_BACKPRESSURE' });
    expect(delaysMs).toHaveLength(3_600);
    expect(delaysMs.slice(0, 8)).toEqual([20, 40, 80, 160, 320, 640, 1_000, 1_000]);
    const [lines] = [...(await linesByAccount('transactions')).values()];
    expect((lines ?? []).every((line, i) => line === i + 1)).toBe(true);
  });

  it('throws an error that no wait mends at once', async () => {
    const sleeps: number[] = [];
    const produced = produceRows(log, 'none', 1, rowsOf(20_000), {
      clock: CLOCK,
      sleep: async (delayMs) => void sleeps.push(delayMs),
    });
    await expect(produced).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
    expect(sleeps).toEqual([]);
  });

  it('acknowledges the rows before an error of the input, then throws it', async () => {
    await log.createTopics([topicConfig('transactions')]);
    async function* failing(): AsyncGenerator<InputRow> {
      yield* rowsOf(700);
      throw new HeadraceError('INPUT_INVALID', 'cut off');
    }
    const reports: ProducedCounts[] = [];
    const produced = produceRows(log, 'transactions', 1, failing(), {
      clock: CLOCK,
      onProgress: (counts) => reports.push(counts),
    });
    await expect(produced).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect((await log.watermarks('transactions'))[0]!.end).toBe(700);
    expect(reports.at(-1)!.appended).toBe(700);
  });

  it('appends single rows of a slow input without waiting for more', async () => {
    await log.createTopics([topicConfig('transactions')]);
    async function* slow(): AsyncGenerator<InputRow> {
      for (let line = 1; line <= 5; line++) {
        yield transaction(line);
        const deadlineMs = Date.now() + 5_000;
        while ((await log.watermarks('transactions'))[0]!.end < line && Date.now() < deadlineMs)
          await log.awaitCommit(100);
        expect((await log.watermarks('transactions'))[0]!.end).toBe(line);
      }
    }
    expect((await produceRows(log, 'transactions', 1, slow(), { clock: CLOCK })).appended).toBe(5);
  });

  it('reads no further ahead of the log than its limits', async () => {
    await log.createTopics([topicConfig('transactions')]);
    let [read, ahead] = [0, 0];
    async function* watched(): AsyncGenerator<InputRow> {
      for await (const row of rowsOf(60_000)) {
        read++;
        ahead = Math.max(ahead, read - appended);
        yield row;
      }
    }
    let appended = 0;
    await produceRows(log, 'transactions', 1, watched(), {
      clock: CLOCK,
      onProgress: (counts) => {
        appended = counts.appended;
      },
    });
    expect(ahead).toBeLessThanOrEqual(15_001);
  });

  it('takes NDJSON in as it is', async () => {
    await log.createTopics([topicConfig('transactions')]);
    const path = writeInput(directory.path, 'a.ndjson', jsonLine('t1', { amount: 12.5 }));
    await produceRows(log, 'transactions', 1, readInput({ path }), { clock: CLOCK });
    expect(await readText(log, 'transactions')).toEqual([
      ['a1', '{"transactionId":"t1","accountId":"a1","amount":12.5}'],
    ]);
  });
});
