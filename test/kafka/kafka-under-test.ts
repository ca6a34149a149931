import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { compress, decompress } from '../../src/log/kafka/client/codecs.ts';
import { connectToBrokers } from '../../src/log/kafka/client/connection.ts';
import type { BrokerAddress } from '../../src/log/kafka/cluster/broker-connection.ts';
import { Cluster } from '../../src/log/kafka/cluster/cluster.ts';
import { retried } from '../../src/log/kafka/cluster/retries.ts';
import { KafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { KafkaLogOptions } from '../../src/log/kafka/kafka-log-options.ts';
import { leaveGroup } from '../../src/log/kafka/protocol/requests/leave-group.ts';
import type { Member, Membership } from '../../src/log/log.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';
import { systemProcesses } from '../../src/storage/process-identity.ts';
import type { LogSettings, LogUnderTest, MaintainedLog } from '../conformance/log/log-under-test.ts';
import type { Brokers } from './brokers.ts';

const othersAreGone = { self: systemProcesses.self, isAlive: () => false };
const connect = connectToBrokers({ clientId: 'conformance' });
export const timing = {
  clock: Date.now,
  startTimer: (delayMs: number, action: () => void) => {
    const timer = setTimeout(action, Math.min(delayMs, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

/** What comes over a network takes its time: a poll that would not wait waits so long here. */
const PATIENCE_MS = 250;
const JOIN_MS = 20_000;

function patient(log: KafkaLog, joined: Map<string, Set<string>>): MaintainedLog {
  const join = async (membership: Membership): Promise<Member> => {
    const member = await log.join(membership);
    const { group, member: name } = membership;
    joined.set(group, (joined.get(group) ?? new Set()).add(`${log.instance}.${name}`));
    const poll = member.poll.bind(member);
    let isFirst = true;
    member.poll = async ({ maxRecords, timeoutMs }) => {
      const result = await poll({ maxRecords, timeoutMs: isFirst ? JOIN_MS : Math.max(timeoutMs, PATIENCE_MS) });
      isFirst = false;
      return result;
    };
    return member;
  };
  return new Proxy(log, {
    get(target, name) {
      if (name === 'join') return join;
      if (name === 'maintain') return () => false;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as unknown as MaintainedLog;
}

/** Takes members out of their groups, as if their sessions were over, and deletes the groups. */
async function forget(bootstrap: readonly BrokerAddress[], members: ReadonlyMap<string, Set<string>>): Promise<void> {
  const cluster = new Cluster({ bootstrap, connect, ...timing });
  for (const [group, names] of members) {
    const node = await retried(() => cluster.coordinator('group', group), {
      ...timing,
      until: Date.now() + JOIN_MS,
      what: 'to find a coordinator',
    });
    const leaving = [...names].map((instanceId) => ({ memberId: '', instanceId }));
    await cluster.send(node, 'main', leaveGroup({ group, members: leaving }));
  }
  await cluster.close();
}

let instances = 0;

/** Opens the adapter on brokers that belong to the suite alone: topics and groups go with the test. */
export async function openKafka(
  brokers: Brokers,
  settings: LogSettings & Partial<KafkaLogOptions> = {},
): Promise<LogUnderTest> {
  const bootstrap = brokers.addresses;
  const path = mkdtempSync(join(tmpdir(), 'headrace-kafka-'));
  const instance = `i${process.pid}-${instances++}`;
  const joined = new Map<string, Set<string>>();
  const openLog = () =>
    patient(
      new KafkaLog({
        bootstrap,
        connect,
        ...timing,
        compress,
        decompress,
        directory: openDataDirectory(path, { clock: Date.now, processes: othersAreGone }),
        instance,
        sessionTimeoutMs: 6_000,
        heartbeatIntervalMs: 50,
        onFault: (error) => {
          if (process.env.HEADRACE_TEST_FAULTS !== undefined) console.log(error.code, error.message);
        },
        ...settings,
      }),
      joined,
    );
  const under: LogUnderTest = {
    nowMs: 1_700_000_000_000,
    isRemote: true,
    log: openLog(),
    async reopen() {
      await under.log.close();
      under.log = openLog();
    },
    async crash() {
      await under.log.close();
      under.log = openLog();
    },
    async sessionsEnd() {
      await forget(bootstrap, joined);
    },
    async dispose() {
      await under.log.close();
      rmSync(path, { recursive: true, force: true });
      await forget(bootstrap, joined);
      const admin = new Kafka({ brokers: brokers.bootstrap.split(','), logLevel: logLevel.NOTHING }).admin();
      const ours = async () =>
        (await admin.listTopics()).filter((name) => name !== '__consumer_offsets' && name !== '__transaction_state');
      const topics = await ours();
      if (topics.length > 0) await admin.deleteTopics({ topics });
      // A broker may tell of them for a moment longer, and the next test would take them for its own.
      while ((await ours()).some((name) => topics.includes(name)))
        await new Promise((resolve) => setTimeout(resolve, 20));
      if (joined.size > 0) await admin.deleteGroups([...joined.keys()]).catch(() => undefined);
      await admin.disconnect();
    },
  };
  return under;
}
