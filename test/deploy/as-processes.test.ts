import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kafka, logLevel } from '../../src/log/kafka/client/index.ts';
import { RegistryServer } from '../serde/avro/registry-server.ts';
import { type BrokersOnLoopback, startBrokersOfCompose } from './brokers.ts';
import { readCompose, seconds } from './compose.ts';
import { buildImage, type Image } from './image.ts';
import { type Instance, startInstances } from './instances.ts';
import { keysIn, makeKeys } from './make-keys.ts';
import { scrapeJob } from './prometheus.ts';

const file = readCompose();
/** Kafka's number for a broker among the resources that have settings. */
const BROKER = 4;
/** The first takes until two processes and three brokers have shared the work: 15 s on an idle machine, over a minute on a busy one. */
const POSTED_TIMEOUT_MS = 150_000;

interface Posted {
  readonly value: { readonly transactionId: string };
}

/**
 * What `docker compose up` starts, without containers: the brokers with the settings that the image makes of their variables, and the instances of
 * Headrace from the image's files with their variables. Only the schema registry is the tests' own.
 */
describe.runIf(process.env.CI !== undefined)('docker-compose.yml as processes', () => {
  let directory: string;
  let image: Image;
  let registry: RegistryServer;
  let onLoopback: BrokersOnLoopback | undefined;
  let instances: readonly Instance[] = [];
  let keys: ReturnType<typeof keysIn>;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'headrace-compose-'));
    makeKeys(directory);
    keys = keysIn(directory);
    registry = new RegistryServer();
    await registry.listen();
    image = await buildImage(join(directory, 'build'));
    onLoopback = await startBrokersOfCompose(join(directory, 'kafka'));
    const { translate: toLoopback } = onLoopback;
    const translate = (text: string) => toLoopback(text.replace('http://schema-registry:8081', registry.url));
    instances = await startInstances({ image, file, directory, translate });
    await Promise.all(instances.map((each) => each.healthy()));
  }, 600_000);
  afterAll(async () => {
    for (const { child } of instances) child.kill('SIGKILL');
    await Promise.all(instances.map(({ ended }) => ended));
    await onLoopback?.brokers.close();
    await registry.close();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  const asClient = () => ({ authorization: `Bearer ${readFileSync(keys.of('client'), 'utf8')}` });
  async function post({ address }: Instance, transactionId: string): Promise<number> {
    const transaction = {
      transactionId,
      accountId: 'A-1',
      direction: 'credit',
      amount: '12.50',
      currency: 'EUR',
      occurredAt: '2026-01-31T12:00:00Z',
      kind: 'posting',
    };
    const headers = { ...asClient(), 'content-type': 'application/json' };
    const answer = await fetch(`${address}/transactions`, {
      method: 'POST',
      headers,
      body: JSON.stringify(transaction),
    });
    return answer.status;
  }
  /** The ids of the transactions that the ledger has posted, each as often as it did, once there are as many as expected. */
  async function posted(count: number): Promise<readonly string[]> {
    for (const until = Date.now() + POSTED_TIMEOUT_MS; ; await sleep(200)) {
      const at = ['--kafka', onLoopback!.brokers.bootstrap, '--schema-registry', registry.url];
      const args = image.command(['consume', 'ledger.transactions', ...at]);
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: POSTED_TIMEOUT_MS });
      const lines = stdout.split('\n').filter((line) => line !== '');
      const ids = lines.map((line) => (JSON.parse(line) as Posted).value.transactionId).sort();
      if (ids.length >= count || Date.now() > until) return ids;
    }
  }

  async function withAdmin(use: (admin: ReturnType<Kafka['admin']>) => Promise<void>): Promise<void> {
    const bootstrap = onLoopback!.brokers.bootstrap.split(',');
    const admin = new Kafka({ clientId: 'deploy', brokers: bootstrap, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await use(admin).finally(() => admin.disconnect());
  }

  it('brokers take every setting for one of theirs', () =>
    withAdmin(async (admin) => {
      for (const { plan } of onLoopback!.brokers.processes) {
        const resources = [{ type: BROKER, name: `${plan.nodeId}` }];
        const { resources: described } = await admin.describeConfigs({ resources, includeSynonyms: false });
        // A broker describes every setting that it knows; a name that it does not know is missing here.
        const known = new Map(described[0]!.configEntries.map((each) => [each.configName, each.configValue]));
        const own = Object.entries(plan.properties).filter(([name]) => name !== 'log.dirs');
        expect(own.map(([name]) => [name, known.get(name)])).toEqual(own);
      }
    }));

  it('each instance takes transactions in, and they are posted once', { timeout: 400_000 }, async () => {
    for (const [index, instance] of instances.entries()) expect(await post(instance, `T-${index}`)).toBe(202);
    expect(await posted(2)).toEqual(['T-0', 'T-1']);
    // The same again through the other one is known for a duplicate.
    for (const [index, instance] of instances.entries()) expect(await post(instance, `T-${1 - index}`)).toBe(202);
    expect(await post(instances[0]!, 'T-2')).toBe(202);
    expect(await posted(3)).toEqual(['T-0', 'T-1', 'T-2']);
  });

  it('topics, offsets and transactions stand on three brokers', () =>
    withAdmin(async (admin) => {
      const names = ['transactions', 'ledger.transactions', '__consumer_offsets', '__transaction_state'];
      const { topics } = await admin.fetchTopicMetadata({ topics: names });
      const replicas = topics.map(({ name, partitions }) => [
        name,
        Math.min(...partitions.map((each) => each.replicas.length)),
      ]);
      expect(replicas.sort()).toEqual(names.map((name) => [name, 3]).sort());
    }));

  it('Prometheus gets the figures of each with its key', async () => {
    const { authorization, metrics_path } = scrapeJob();
    const key = readFileSync(join(directory, file.secrets['prometheus-key']!.file), 'utf8');
    for (const { address } of instances) {
      const answer = await fetch(`${address}${metrics_path}`, {
        headers: { authorization: `${authorization.type} ${key}` },
      });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toMatch(/^kafka_stream_thread_commit_total\{.*\} \d+$/m);
    }
  });

  it('one instance and one broker can be taken away', { timeout: 400_000 }, async () => {
    const [first, second] = instances;
    await onLoopback!.brokers.stop(0);
    expect(await post(second!, 'T-3')).toBe(202);
    expect(await posted(4)).toEqual(['T-0', 'T-1', 'T-2', 'T-3']);
    const askedAt = Date.now();
    first!.child.kill('SIGTERM');
    expect([await first!.ended, first!.told()]).toEqual([0, expect.stringContaining('is processed and in ClickHouse')]);
    expect(Date.now() - askedAt).toBeLessThan(seconds(file.services['headrace-1']!.stop_grace_period!) * 1_000);
    expect(await post(second!, 'T-4')).toBe(202);
    expect(await posted(5)).toEqual(['T-0', 'T-1', 'T-2', 'T-3', 'T-4']);
  });
});
