import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it, onTestFailed, onTestFinished } from 'vitest';
import { openKafka } from '../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../kafka/suite.ts';
import { endsWell, headrace } from './headrace.ts';
import { byThread, KafkaLedger, startNode, until } from './kafka-ledger.ts';

const LEDGER = 'account-ledger';
const GROUPS = [LEDGER, 'atm-dispense', 'reconciliation'];
/** The coordinator waits so long for a member that is gone without a word. */
const SESSION_MS = 10_000;
const RATE = 300;
const ACCOUNTS = 100;

kafkaSuite('headrace start --threads', { onlyInCi: true }, (brokers) => {
  let folder: string;
  let ledger: KafkaLedger;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'headrace-kafka-threads-'));
    ledger = new KafkaLedger(brokers().bootstrap, ACCOUNTS);
  });
  afterAll(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (threads: number) => {
    const args = ['--threads', `${threads}`, '--partitions', '8'];
    const node = await startNode(brokers().bootstrap, join(folder, 'data'), args);
    onTestFinished(() => void node.child.kill('SIGKILL'));
    onTestFailed(() => console.log(node.told()));
    return node;
  };
  /** How many partitions of transactions each member of the ledger's group owns, by its number. */
  const shares = async () =>
    Object.fromEntries(
      (await ledger.members(LEDGER)).map(({ name, partitions }) => [name.split('.')[1], partitions.length]),
    );
  /** So many partitions each; which member has more than another depends on who joined first. */
  const isShared = (expected: Readonly<Record<string, number>>) => async () => {
    const actual = await shares();
    return isDeepStrictEqual(
      [Object.keys(actual).sort(), Object.values(actual).sort()],
      [Object.keys(expected).sort(), Object.values(expected).sort()],
    );
  };

  it('shares the partitions, adds its figures up, and leaves its groups at once when it is stopped', async () => {
    const node = await start(2);
    await until(isShared({ 'worker-0': 4, 'worker-1': 4 }), 'two members with four partitions each');
    ledger.feed(RATE);
    await until(async () => ledger.sent > 2 * RATE, 'some traffic');
    const processed = async () => byThread(node.address, 'kafka_stream_thread_process_total');
    const ofLedger = async () => [(await processed())[`${LEDGER}-worker-0`], (await processed())[`${LEDGER}-worker-1`]];
    await until(async () => (await ofLedger()).every((count) => count! > 100), 'both threads process');
    await ledger.endFeed();
    // Both threads have some of the accounts: the main one asks the other.
    const asked = (...command: readonly string[]) =>
      headrace([...command, '--data', join(folder, 'data'), '--kafka', brokers().bootstrap]);
    const reconciled = await asked('reconcile');
    expect([reconciled.status, reconciled.out, reconciled.err]).toEqual([0, expect.any(String), expect.any(String)]);
    const rows = await asked('state', 'range', 'accounts', '--limit', '1000');
    expect(rows.out.trim().split('\n')).toHaveLength(ACCOUNTS);
    node.child.kill('SIGTERM');
    expect(await node.ended).toMatchObject({
      status: 0,
      err: expect.stringContaining('Everything taken in is processed and in ClickHouse'),
    });
    for (const group of GROUPS) expect(await ledger.members(group)).toEqual([]);
    await ledger.everyOneOnce();
  }, 120_000);

  it.each([0, 400, 1_200])(
    'processes what was taken in while its threads join, before it ends (%s ms)',
    async (afterMs) => {
      const node = await start(3);
      await sleep(afterMs);
      await ledger.send(1_000);
      node.child.kill('SIGTERM');
      await endsWell(node);
      // Nobody works any more: what is not there now was left behind.
      await ledger.everyOneOnce(0);
    },
    60_000,
  );

  it('goes on after a kill under the same names, and with fewer threads at once as well', async () => {
    const first = await start(3);
    ledger.feed(RATE);
    await until(isShared({ 'worker-0': 3, 'worker-1': 3, 'worker-2': 2 }), 'three members');
    const names = (await ledger.members(LEDGER)).map(({ name }) => name).sort();
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await start(3);
    await until(isShared({ 'worker-0': 3, 'worker-1': 3, 'worker-2': 2 }), 'the same three');
    expect((await ledger.members(LEDGER)).map(({ name }) => name).sort()).toEqual(names);
    const sent = ledger.sent;
    await until(async () => ledger.sent > sent + RATE, 'some more traffic');
    second.child.kill('SIGKILL');
    await second.ended;
    const killedAt = Date.now();
    const third = await start(1);
    await until(isShared({ 'worker-0': 8 }), 'one member that owns all');
    console.log(`a process with one thread in place of three: owns all after ${Date.now() - killedAt} ms`);
    expect(readdirSync(join(folder, 'data', 'threads')).sort()).toEqual(['1', '2']);
    await ledger.endFeed();
    third.child.kill('SIGTERM');
    await endsWell(third);
    expect(Date.now() - killedAt).toBeLessThan(3 * SESSION_MS);
    await ledger.everyOneOnce();
  }, 180_000);

  it('ends with the cause when one of its threads can not go on', async () => {
    const node = await start(2);
    await until(isShared({ 'worker-0': 4, 'worker-1': 4 }), 'two members');
    const name = (await ledger.members(LEDGER)).map((each) => each.name).find((each) => each.endsWith('.worker-1'))!;
    // Somebody else takes the thread's name, which can't be mended by joining again.
    const impostor = await openKafka(brokers(), { instance: name.split('.')[0]! });
    const member = await impostor.log.join({ group: LEDGER, member: 'worker-1', topicSets: [] });
    const { status, err } = await node.ended;
    await member.leave();
    await impostor.log.close();
    expect([status, err]).toEqual([
      1,
      expect.stringMatching(/Thread 1: Another process has joined.*\[MEMBER_REPLACED\]/s),
    ]);
    for (const group of GROUPS) expect(await ledger.members(group)).toEqual([]);
  }, 120_000);
});
