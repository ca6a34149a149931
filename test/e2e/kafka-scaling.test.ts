import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { LogUnderTest } from '../conformance/log/log-under-test.ts';
import { openKafka } from '../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../kafka/suite.ts';
import { endsWell } from './headrace.ts';
import { KafkaLedger, startNode, until } from './kafka-ledger.ts';
import { OutcomeWatch } from './outcome-watch.ts';

const LEDGER = 'account-ledger';
const PARTITIONS = 8;
/** Transactions a second, and how long each number of instances works. */
const [RATE, STAY_MS] = process.env.CI === undefined ? [200, 1_000] : [1_000, 10_000];
/** No member was lost, so that nobody waits for the end of a session: a pause is a rebalance with the restore of what moves. */
const GAP_MAX_MS = 8_000;

kafkaSuite('instances that come and go under load', { onlyInCi: true }, (brokers) => {
  let folder: string;
  let ledger: KafkaLedger;
  let reader: LogUnderTest;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'headrace-kafka-scaling-'));
    ledger = new KafkaLedger(brokers().bootstrap);
    reader = await openKafka(brokers());
  });
  afterAll(async () => {
    await ledger.close();
    await reader.log.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Waits until so many members have all partitions, as evenly as their number allows. */
  const spread = (members: number) =>
    until(async () => {
      const counts = (await ledger.members(LEDGER)).map(({ partitions }) => partitions.length);
      const all = counts.reduce((sum, count) => sum + count, 0);
      return counts.length === members && all === PARTITIONS && Math.max(...counts) - Math.min(...counts) <= 1;
    }, `${PARTITIONS} partitions spread over ${members} members`);

  it('share the partitions evenly each time, and every transaction has one outcome, in order', async () => {
    const start = async (name: string) => {
      const node = await startNode(brokers().bootstrap, join(folder, name), ['--partitions', `${PARTITIONS}`]);
      onTestFinished(() => void node.child.kill('SIGKILL'));
      return node;
    };
    const nodes = [await start('one')];
    await spread(1);
    const watch = new OutcomeWatch(reader.log);
    ledger.feed(RATE);
    await sleep(STAY_MS);
    for (const name of ['two', 'three']) {
      nodes.push(await start(name));
      await spread(nodes.length);
      await sleep(STAY_MS);
    }
    while (nodes.length > 1) {
      // The first goes first: with it the leader of the group.
      const node = nodes.shift()!;
      node.child.kill('SIGTERM');
      await endsWell(node);
      await spread(nodes.length);
      await sleep(STAY_MS);
    }
    await ledger.endFeed();
    await ledger.everyOneOnce();
    const { longestMs, ofOnePartitionMs } = await watch.end();
    console.log(
      `1, 2, 3, 2, 1 instances at ${RATE} transactions a second: the longest gap without any outcome was ${longestMs} ms, of one partition ${ofOnePartitionMs} ms`,
    );
    expect(ofOnePartitionMs).toBeLessThan(GAP_MAX_MS);
    nodes[0]!.child.kill('SIGTERM');
    await endsWell(nodes[0]!);
  }, 240_000);
});
