import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { missingTools } from '../kafka/provision.ts';
import { brokerSettings, listenersOf, serverProperties } from './brokers.ts';
import { publishedPort, readCompose, seconds } from './compose.ts';

const file = readCompose();
const all = [...brokerSettings(file)];
const portOf = (text: string | undefined, name: string) => listenersOf(text).find((each) => each.name === name)?.port;

describe('the brokers of docker-compose.yml', () => {
  it('vote together: all have the same voters, and these are they', () => {
    const voters = all.map(([service, { KAFKA_NODE_ID, KAFKA_LISTENERS, KAFKA_CONTROLLER_LISTENER_NAMES }]) => {
      return `${KAFKA_NODE_ID}@${service}:${portOf(KAFKA_LISTENERS, KAFKA_CONTROLLER_LISTENER_NAMES!)}`;
    });
    expect(voters).toHaveLength(3);
    expect(new Set(all.map(([, { KAFKA_NODE_ID }]) => KAFKA_NODE_ID)).size).toBe(3);
    for (const [, settings] of all) {
      expect(settings.KAFKA_CONTROLLER_QUORUM_VOTERS).toBe(voters.join(','));
      expect(settings.KAFKA_PROCESS_ROLES).toBe('broker,controller');
      // 16 bytes in base64url, as the storage tool wants it.
      expect(Buffer.from(settings.CLUSTER_ID!, 'base64url')).toHaveLength(16);
    }
    expect(new Set(all.map(([, { CLUSTER_ID }]) => CLUSTER_ID)).size).toBe(1);
  });

  it('tell clients the addresses at which they listen, in the network of the containers and on this machine', () => {
    for (const [service, settings] of all) {
      const listening = listenersOf(settings.KAFKA_LISTENERS);
      const told = listenersOf(settings.KAFKA_ADVERTISED_LISTENERS);
      expect(listening.map(({ host }) => host)).toEqual(['', '', '']);
      expect(new Set(listening.map(({ port }) => port)).size).toBe(3);
      // All but the controllers', which clients do not speak with.
      expect(told.map(({ name, port }) => [name, port])).toEqual(
        listening.filter(({ name }) => name !== 'CONTROLLER').map(({ name, port }) => [name, port]),
      );
      expect(told.map(({ name, host }) => [name, host])).toEqual([
        ['PLAINTEXT', service],
        ['HOST', 'localhost'],
      ]);
      expect(settings.KAFKA_INTER_BROKER_LISTENER_NAME).toBe('PLAINTEXT');
      const protocols = settings.KAFKA_LISTENER_SECURITY_PROTOCOL_MAP!.split(',').map((each) => each.split(':')[0]);
      expect(protocols.sort()).toEqual(listening.map(({ name }) => name).sort());
      const { ports, healthcheck, stop_grace_period } = file.services[service]!;
      const port = portOf(settings.KAFKA_ADVERTISED_LISTENERS, 'HOST');
      expect(ports.map(publishedPort)).toEqual([{ host: port, container: port }]);
      expect(healthcheck!.test.at(-1)).toBe(`localhost:${portOf(settings.KAFKA_LISTENERS, 'PLAINTEXT')}`);
      expect(seconds(stop_grace_period!)).toBeGreaterThanOrEqual(30);
    }
  });

  it('keep what they acknowledge while one of them is lost', () => {
    for (const [, settings] of all) {
      expect(settings).toMatchObject({
        KAFKA_DEFAULT_REPLICATION_FACTOR: '3',
        KAFKA_MIN_INSYNC_REPLICAS: '2',
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '3',
        KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '3',
        KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '2',
        KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE: 'false',
      });
    }
    expect(file.services['schema-registry']!.environment.SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR).toBe(3);
  });

  const missing = process.env.CI === undefined ? missingTools() : undefined;
  it.skipIf(missing !== undefined)(
    'are configured by the image with all that they are told',
    { timeout: 90_000 },
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'headrace-broker-'));
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
      const settings = { ...all[0]![1], KAFKA_LOG_DIRS: join(directory, 'data') };
      const properties = await serverProperties(settings, directory);
      const names = Object.keys(settings).filter((name) => name.startsWith('KAFKA_') && name !== 'KAFKA_HEAP_OPTS');
      const expected = names.map((name) => [
        name.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.'),
        settings[name as keyof typeof settings],
      ]);
      expect(properties).toEqual(Object.fromEntries(expected));
    },
  );
});
