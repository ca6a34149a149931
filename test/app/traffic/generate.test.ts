import { describe, expect, it } from 'vitest';
import { generate } from '../../../src/app/traffic/generate.ts';
import { HeadraceError } from '../../../src/errors.ts';
import { partitionFor } from '../../../src/log/partitioner.ts';
import type { NewRecord } from '../../../src/log/record.ts';

const PARTITIONS = 4;

/** A log that remembers what it took, and may refuse. */
function logOf(refuse: (attempt: number) => HeadraceError | undefined = () => undefined) {
  const taken: NewRecord[] = [];
  const batches: (readonly NewRecord[])[] = [];
  const node = {
    append: async (records: readonly NewRecord[]) => {
      batches.push(records);
      const error = refuse(batches.length);
      if (error !== undefined) throw error;
      taken.push(...records);
      return [];
    },
    watermarks: async (topic: string) =>
      Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, start: 0, end: 0 })),
  };
  return { taken, batches, node };
}

async function generateFor(milliseconds: number, node: ReturnType<typeof logOf>['node'], rate = 400): Promise<void> {
  await generate(node, { rate, answerWithinMs: 5_000, clock: Date.now, signal: AbortSignal.timeout(milliseconds) });
}

describe('generating traffic', () => {
  it('appends transactions at the rate, and withdrawals, each in the partition of its key', async () => {
    const { node, taken } = logOf();
    await generateFor(1_500, node);
    const of = (topic: string) => taken.filter((record) => record.topic === topic);
    expect(of('transactions').length).toBeGreaterThan(300);
    expect(of('transactions').length).toBeLessThan(750);
    expect(of('atm.withdrawals').length).toBeGreaterThan(0);
    for (const { topic, key, value, partition } of taken) {
      expect(partition).toBe(partitionFor(key, PARTITIONS));
      const fields = JSON.parse(Buffer.from(value!).toString());
      expect(Buffer.from(key!).toString()).toBe(topic === 'transactions' ? fields.accountId : fields.withdrawalId);
    }
  });

  it('sends the same batch again where the log has no room, and nothing in between', async () => {
    const full = new HeadraceError('LOG_BACKPRESSURE', 'planted', { retriable: true });
    const { node, taken, batches } = logOf((attempt) => (attempt <= 2 ? full : undefined));
    await generateFor(1_400, node);
    expect(batches[1]).toBe(batches[0]);
    expect(batches[2]).toBe(batches[0]);
    expect(taken.slice(0, batches[0]!.length)).toEqual(batches[0]);
  });

  it('ends with an error that no repetition mends', async () => {
    const { node } = logOf(() => new HeadraceError('LOG_CORRUPT', 'planted'));
    await expect(generateFor(5_000, node)).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });
});
