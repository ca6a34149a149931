import { expect, it } from 'vitest';
import type { StartTimer } from '../../../../src/clock.ts';
import type { Cluster } from '../../../../src/log/kafka/cluster/cluster.ts';
import { CommittedPartitions } from '../../../../src/log/kafka/group/committed-partitions.ts';
import { allStableOffsets } from '../../../../src/log/kafka/group/group-offsets.ts';
import { errorCodes } from '../../../../src/log/kafka/protocol/errors.ts';
import type { OffsetFetchAnswer } from '../../../../src/log/kafka/protocol/requests/offset-fetch.ts';

const at = (partition: number, offset: number, errorCode = 0) => ({
  topic: 'in',
  partition,
  offset,
  errorCode,
  metadata: '',
});

const startTimer: StartTimer = (delayMs, action) => {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
};

/** A coordinator that gives these answers in their order; with what it was asked. */
function coordinator(...answers: readonly (readonly ReturnType<typeof at>[])[]) {
  const asked: Buffer[] = [];
  const cluster = {
    timing: { clock: Date.now, startTimer },
    requireOpen() {},
    coordinator: async () => 1,
    async send(
      _node: number,
      _lane: string,
      message: { request: { encode(): Promise<{ buffer: Buffer }> } },
    ): Promise<OffsetFetchAnswer> {
      asked.push((await message.request.encode()).buffer);
      return { errorCode: 0, partitions: answers[asked.length - 1]! };
    },
  };
  return { cluster: cluster as unknown as Cluster, asked };
}

it('the first offset of a partition whose transaction is not finished everywhere is asked for by name, until it is stable', async () => {
  const written = new CommittedPartitions();
  written.note('g', [at(0, 2), at(1, 5)]);
  written.note('other', [at(7, 1)]);
  const { cluster, asked } = coordinator([at(0, 2)], [at(1, -1, errorCodes.UNSTABLE_OFFSET_COMMIT)], [at(1, 5)]);
  const offsets = await allStableOffsets(cluster, 'g', written.of('g'));
  expect(offsets.map(({ partition, offset }) => [partition, offset])).toEqual([
    [0, 2],
    [1, 5],
  ]);
  expect(asked.map((each) => each.includes('in'))).toEqual([false, true, true]);
});

it('offsets that are all known are asked for once, and what was never committed is left out', async () => {
  const once = coordinator([at(0, 2)]);
  expect(await allStableOffsets(once.cluster, 'g', [at(0, 2)])).toHaveLength(1);
  expect(once.asked).toHaveLength(1);
  const none = coordinator([], [at(0, -1)]);
  expect(await allStableOffsets(none.cluster, 'g', [at(0, 0)])).toEqual([]);
});
