import { expect, test } from 'vitest';
import { SimulatedLog } from '../../../src/log/simulated/simulated-log.ts';
import { VirtualTime } from '../../../src/log/simulated/virtual-time.ts';
import { Intake } from '../../../src/runtime/sink/intake.ts';
import { topicConfig } from '../../embedded-log.ts';
import { seeded } from './sink-under-test.ts';

const FLUSH_MS = 500;

async function setUp(recordsMax = 10) {
  const time = new VirtualTime(1_000_000);
  const log = new SimulatedLog({ random: seeded(1), time });
  await log.createTopics([topicConfig('a', 1)]);
  const prepared: number[] = [];
  const intake = new Intake({
    clock: time.now,
    recordsMax,
    flushIntervalMs: FLUSH_MS,
    prepare: () => {
      const cut = prepared.push(0) - 1;
      return {
        add: (batch) => {
          prepared[cut]! += batch.length;
        },
      };
    },
  });
  const append = (count: number, bytes = 1) =>
    log.append(
      Array.from({ length: count }, () => ({
        topic: 'a',
        partition: 0,
        timestamp: 1,
        key: null,
        value: Buffer.alloc(bytes),
      })),
    );
  const member = await log.join({ group: 'g', member: 'm', topicSets: [['a']] });
  return { time, append, intake, member, prepared };
}

test('the first poll brings the assignment, and records come after it', async () => {
  const { append, intake, member } = await setUp();
  await append(3);
  expect(await intake.poll(member)).toBe(true);
  expect(intake.assigned).toMatchObject([{ topic: 'a', partition: 0 }]);
  expect(intake.recordCount).toBe(0);
  expect(await intake.poll(member)).toBe(false);
  expect(intake.recordCount).toBe(3);
});

test('a cut is full at its number of records, and due then; what is taken is another’s', async () => {
  const { append, intake, member, prepared } = await setUp();
  await append(25);
  await intake.poll(member);
  while (!intake.isFull) await intake.poll(member);
  expect(intake.isDue).toBe(true);
  const { recordCount } = intake;
  const cut = intake.take();
  expect(cut.recordCount).toBe(recordCount);
  expect(cut.ranges()).toEqual([{ topic: 'a', partition: 0, from: 0, to: recordCount }]);
  expect([intake.recordCount, intake.isDue, intake.isFull]).toEqual([0, false, false]);
  await intake.poll(member);
  // Told to what was prepared for this cut: one was made with the intake, one with the assignment.
  expect(prepared.slice(1)).toEqual([recordCount, intake.recordCount]);
});

test('a cut is full at 64 MiB', async () => {
  const { append, intake, member } = await setUp(1_000_000);
  for (let i = 0; i < 9; i++) await append(8, 1024 * 1024);
  await intake.poll(member);
  while (!intake.isFull) await intake.poll(member);
  expect(intake.recordCount).toBeGreaterThanOrEqual(63);
  expect(intake.recordCount).toBeLessThanOrEqual(72);
});

test('a few records are due after the interval, and the poll wakes for it', async () => {
  const { append, intake, member, time } = await setUp();
  await intake.poll(member);
  await append(1);
  await intake.poll(member);
  const first = time.now();
  while (!intake.isDue) await intake.poll(member);
  expect(time.now() - first).toBe(FLUSH_MS);
});
