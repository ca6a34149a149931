import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { KafkaLogOptions } from '../../../../src/log/kafka/kafka-log-options.ts';
import type { RestoreProgress } from '../../../../src/log/kafka/state/restore-progress.ts';
import type { Member } from '../../../../src/log/log.ts';
import { type LogUnderTest, topic } from '../../../conformance/log/log-under-test.ts';
import { openKafka } from '../../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../../kafka/suite.ts';

const SESSION_TIMEOUT_MS = 3_000;
const PATIENCE_MS = 40_000;
const KEYS = 2_000;
/** Of a partition that goes to and fro; each waits for the end of a session. */
const ROUNDS = process.env.CI === undefined ? 2 : 6;

/** One process of the application, with what it restored. */
class Instance {
  readonly under: LogUnderTest;
  readonly restored: RestoreProgress[];
  readonly faults: string[];
  member: Member | undefined;
  failure: unknown;
  /** As its last assignment has it. */
  held: readonly number[] = [];
  epoch = -1;
  #polling: Promise<void> | undefined;
  #isPolling = false;

  private constructor(under: LogUnderTest, restored: RestoreProgress[], faults: string[]) {
    this.under = under;
    this.restored = restored;
    this.faults = faults;
  }

  static async open(
    brokers: Parameters<typeof openKafka>[0],
    options: Partial<KafkaLogOptions> = {},
  ): Promise<Instance> {
    const restored: RestoreProgress[] = [];
    const faults: string[] = [];
    const under = await openKafka(brokers, {
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      standbyReplicas: 1,
      onRestore: (progress) => void restored.push(progress),
      onFault: ({ code, message }) => void faults.push(`${code} ${message}`),
      ...options,
    });
    return new Instance(under, restored, faults);
  }

  async join(group: string): Promise<void> {
    const changelogs = [{ source: 'in', stores: ['s'] }];
    this.member = await this.under.log.join({ group, member: 'm', topicSets: [['in']], changelogs });
    this.#isPolling = true;
    this.#polling = this.#poll().catch((error: unknown) => {
      if (this.#isPolling) this.failure = error;
    });
  }

  async #poll(): Promise<void> {
    while (this.#isPolling) {
      const { assignment } = await this.member!.poll({ maxRecords: 100, timeoutMs: 50 });
      if (assignment === undefined) continue;
      this.epoch = assignment.epoch;
      this.held = assignment.partitions.map(({ partition }) => partition).sort();
    }
  }

  async commit(partition: number, entries: readonly (readonly [key: string, value: string])[]): Promise<void> {
    const stateChanges = [
      { store: 's', partition, entries: entries.map(([key, value]) => [key, Buffer.from(value)] as const) },
    ];
    const offsets = [{ topic: 'in', partition, offset: 0 }];
    await this.member!.commit({ epoch: this.epoch, records: [], offsets, stateChanges });
  }

  /** What is on its disk, whoever it is of. */
  get(partition: number, key: string): string | undefined {
    const found = this.member!.state.partition('s', partition).get(key);
    return found === undefined ? undefined : Buffer.from(found).toString();
  }

  /** As a query sees it. */
  asked(group: string, partition: number, key: string): string | undefined {
    const found = this.under.log.state(group).partition('s', partition).get(key);
    return found === undefined ? undefined : Buffer.from(found).toString();
  }

  /** Records that were read from a partition's changelog. */
  recordsRead(kind: RestoreProgress['kind'], partition: number, group: string): number {
    const last = new Map<number, number>();
    for (const each of this.restored) {
      if (each.kind !== kind || each.partition !== partition || each.topic !== `${group}-in-changelog`) continue;
      last.set(each.fromOffset, each.records);
    }
    return [...last.values()].reduce((sum, records) => sum + records, 0);
  }

  /** Without a word to the group. */
  async die(): Promise<void> {
    this.#isPolling = false;
    await this.#polling;
    [this.held, this.epoch] = [[], -1];
    await this.under.log.close();
  }
}

const value = (round: number, i: number) => `${round} of key ${i}`;
const entriesOf = (round: number, count = KEYS) =>
  Array.from({ length: count }, (_, i) => [`k${i}`, value(round, i)] as const);

kafkaSuite('standby replicas', { onlyInCi: true }, (brokers) => {
  const opened: Instance[] = [];
  const open = async (options?: Partial<KafkaLogOptions>) => {
    const instance = await Instance.open(brokers(), options);
    opened.push(instance);
    return instance;
  };
  afterEach(async () => {
    for (const instance of opened) await instance.die();
    for (const instance of opened.splice(0)) await instance.under.dispose();
  });
  const until = async (what: string, isSo: () => boolean) => {
    const begun = Date.now();
    while (!isSo()) {
      for (const { failure } of opened) if (failure !== undefined) throw failure;
      if (Date.now() - begun > PATIENCE_MS) throw new Error(`waited in vain for ${what}`);
      await sleep(50);
    }
  };
  const both = async (group: string, partitions = 2) => {
    const [first, second] = [await open(), await open()];
    await first.under.log.createTopics([topic('in', { partitions })]);
    await first.join(group);
    await until('all partitions', () => first.held.length === partitions);
    await second.join(group);
    await until('a share each', () => second.epoch >= 0 && first.held.length === Math.ceil(partitions / 2));
    return [first, second] as const;
  };

  it('follow the owner, answer nobody, and take over with the tail; a cold instance does not get it', async () => {
    const group = 'follow';
    const [first, second] = await both(group, 1);
    const partition = first.held[0]!;
    await first.commit(partition, entriesOf(1));
    await until('the copy', () => second.get(partition, `k${KEYS - 1}`) === value(1, KEYS - 1));
    expect(second.recordsRead('standby', partition, group)).toBeGreaterThanOrEqual(KEYS);
    expect(first.asked(group, partition, 'k0')).toBe(value(1, 0));
    expect(second.asked(group, partition, 'k0')).toBeUndefined();

    const cold = await open();
    await cold.join(group);
    await until('the cold one to be in', () => cold.epoch >= 0);
    await first.commit(partition, entriesOf(2, 10));
    await first.die();
    await until('a takeover', () => second.held.length + cold.held.length === 1);
    expect([second.held, cold.held]).toEqual([[partition], []]);
    expect(second.get(partition, 'k9')).toBe(value(2, 9));
    expect(second.get(partition, 'k10')).toBe(value(1, 10));
    expect(second.asked(group, partition, 'k9')).toBe(value(2, 9));
    expect(second.recordsRead('owner', partition, group)).toBeLessThan(100);
    await second.commit(partition, [['k9', 'its own']]);
    expect(second.get(partition, 'k9')).toBe('its own');
  });

  it('let who comes back have again what is on its disk, and nothing moves besides', async () => {
    const group = 'back';
    const [first, second] = await both(group);
    const partition = first.held[0]!;
    await first.commit(partition, entriesOf(1));
    await first.die();
    await until('a takeover', () => second.held.length === 2);
    await second.commit(partition, [['k0', 'newer']]);
    await first.under.reopen();
    await first.join(group);
    await until('its share', () => first.held.length === 1 && second.held.length === 1);
    expect(first.held).toEqual([partition]);
    expect([first.get(partition, 'k0'), first.get(partition, 'k1')]).toEqual(['newer', value(1, 1)]);
    expect(first.recordsRead('owner', partition, group)).toBeLessThan(KEYS / 2);
  });

  it('begin anew where a disk is lost or the group was reset', async () => {
    const group = 'lost';
    const [first, second] = await both(group);
    const partition = first.held[0]!;
    await first.commit(partition, entriesOf(1));
    await until('the copy', () => second.get(partition, 'k0') === value(1, 0));
    await second.die();
    const another = await open();
    await another.join(group);
    await until('another copy', () => another.get(partition, `k${KEYS - 1}`) === value(1, KEYS - 1));
    expect(another.recordsRead('standby', partition, group)).toBeGreaterThanOrEqual(KEYS);
    for (const each of [first, another]) await each.die();
    await first.under.reopen();
    await first.under.sessionsEnd?.();
    await another.under.sessionsEnd?.();
    await second.under.sessionsEnd?.();
    await first.under.log.resetGroup(group, { offsets: [{ topic: 'in', partition, offset: 0 }], dropsState: true });
    await another.under.reopen();
    await first.join(group);
    await until('the first', () => first.held.length === 2);
    await first.commit(partition, [['k5', 'after the reset']]);
    await another.join(group);
    await until('its copy, or its own', () => another.get(partition, 'k5') === 'after the reset');
    expect(another.get(partition, 'k0')).toBeUndefined();
  });

  it('lose and double nothing while a partition goes to and fro under commits', async () => {
    const group = 'fro';
    const [first, second] = await both(group);
    const counts = new Map<number, number>();
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < 15; i++) {
        for (const each of [first, second]) {
          for (const partition of each.held) {
            const next = (counts.get(partition) ?? 0) + 1;
            expect(each.get(partition, 'count') ?? '0').toBe(String(next - 1));
            const outcome = await each.commit(partition, [['count', String(next)]]).then(
              () => 'committed',
              (error: { code?: string }) => error.code,
            );
            if (outcome === 'committed') counts.set(partition, next);
            else expect(['MEMBER_FENCED']).toContain(outcome);
          }
        }
      }
      const leaving = round % 2 === 0 ? first : second;
      const staying = round % 2 === 0 ? second : first;
      await leaving.die();
      await until('a takeover', () => staying.held.length === 2);
      for (const partition of staying.held) expect(staying.get(partition, 'count')).toBe(String(counts.get(partition)));
      await leaving.under.reopen();
      await leaving.join(group);
      await until('a share each', () => first.held.length === 1 && second.held.length === 1);
    }
  });
});
