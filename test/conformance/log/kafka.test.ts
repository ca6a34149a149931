import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { describe, it } from 'vitest';
import { compress, decompress } from '../../../src/log/kafka/client/codecs.ts';
import { connectToBrokers } from '../../../src/log/kafka/client/connection.ts';
import { Cluster } from '../../../src/log/kafka/cluster/cluster.ts';
import { KafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import { leaveGroup } from '../../../src/log/kafka/protocol/requests/leave-group.ts';
import type { Member, Membership } from '../../../src/log/log.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { systemProcesses } from '../../../src/storage/process-identity.ts';
import { logConformance } from './log-conformance.ts';
import type { LogSettings, LogUnderTest, MaintainedLog } from './log-under-test.ts';

const othersAreGone = { self: systemProcesses.self, isAlive: () => false };
const bootstrap = process.env['HEADRACE_TEST_KAFKA'] ?? '';
const [host = '', port = ''] = bootstrap.split(':');
const connect = connectToBrokers({ clientId: 'conformance' });
const timing = {
  clock: Date.now,
  startTimer: (delayMs: number, action: () => void) => {
    const timer = setTimeout(action, Math.min(delayMs, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};
const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();

/** What comes over a network takes its time: a poll that would not wait waits so long here. */
const PATIENCE_MS = 300;
const JOIN_MS = 20_000;

function patient(log: KafkaLog, joined: Map<string, Set<string>>): MaintainedLog {
  const join = async (membership: Membership): Promise<Member> => {
    const member = await log.join(membership);
    const { group, member: name } = membership;
    joined.set(group, (joined.get(group) ?? new Set()).add(name));
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
async function forget(members: ReadonlyMap<string, Set<string>>): Promise<void> {
  const cluster = new Cluster({ bootstrap: [{ host, port: Number(port) }], connect, ...timing });
  for (const [group, names] of members) {
    const node = await cluster.coordinator('group', group);
    const leaving = [...names].map((instanceId) => ({ memberId: '', instanceId }));
    await cluster.send(node, 'main', leaveGroup({ group, members: leaving }));
    await admin.deleteGroups([group]).catch(() => undefined);
  }
  await cluster.close();
}

let instances = 0;

async function open(settings: LogSettings = {}): Promise<LogUnderTest> {
  const path = mkdtempSync(join(tmpdir(), 'headrace-kafka-'));
  const instance = `i${process.pid}-${instances++}`;
  const joined = new Map<string, Set<string>>();
  const openLog = () =>
    patient(
      new KafkaLog({
        bootstrap: [{ host, port: Number(port) }],
        connect,
        ...timing,
        compress,
        decompress,
        directory: openDataDirectory(path, { clock: Date.now, processes: othersAreGone }),
        instance,
        sessionTimeoutMs: 6_000,
        heartbeatIntervalMs: 50,
        onFault: (error) => {
          if (process.env['HEADRACE_TEST_FAULTS'] !== undefined) console.log(error.code, error.message);
        },
        ...settings,
      }),
      joined,
    );
  const under: LogUnderTest = {
    nowMs: 1_700_000_000_000,
    log: openLog(),
    async reopen() {
      await under.log.close();
      under.log = openLog();
    },
    async crash() {
      await under.log.close();
      under.log = openLog();
    },
    async dispose() {
      await under.log.close();
      rmSync(path, { recursive: true, force: true });
      const topics = (await admin.listTopics()).filter(
        (name) => name !== '__consumer_offsets' && name !== '__transaction_state',
      );
      if (topics.length > 0) await admin.deleteTopics({ topics });
      await forget(joined);
    },
  };
  return under;
}

if (bootstrap === '') describe.skip('kafka', () => it('needs a broker', () => {}));
else logConformance('kafka', open);
