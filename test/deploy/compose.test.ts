import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { query } from 'chdb';
import { describe, expect, it } from 'vitest';
import { DRAIN_MAX_MS } from '../../src/app/cli/until-ended.ts';
import { API_LIMITS } from '../../src/app/http/api/api-limits.ts';
import { kafkaReleases } from '../kafka/provision.ts';
import { root } from '../tidy/source-file.ts';
import { mounts, publishedPort, readCompose, seconds, servicesLike } from './compose.ts';
import { readDockerfile, theInstruction, variablesOf } from './dockerfile.ts';
import { startOptions, variablesRead } from './options.ts';

const file = readCompose();
const services = Object.entries(file.services);
const headraces = servicesLike(file, /^headrace-/);
const brokers = servicesLike(file, /^kafka-/);
const image = readDockerfile().at(-1)!;

describe('docker-compose.yml', () => {
  it('has what the house needs, and nothing else', () => {
    expect(Object.keys(file.services).sort()).toEqual([
      'clickhouse',
      'headrace-1',
      'headrace-2',
      'kafka-1',
      'kafka-2',
      'kafka-3',
      'prometheus',
      'schema-registry',
    ]);
  });

  it('pins every image to a full version, and builds our own', () => {
    for (const [name, { image: pinned, build }] of services) {
      if (build !== undefined) expect([name, build, pinned]).toEqual([name, '.', undefined]);
      else expect(pinned).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+(?:\.\d+)?(?:@sha256:[0-9a-f]{64})?$/);
    }
    for (const [, { image: pinned }] of brokers) {
      expect(pinned).toMatch(new RegExp(`^apache/kafka:${kafkaReleases['4.1'].replaceAll('.', '\\.')}@`));
    }
  });

  it('takes the ClickHouse server of the release that is embedded', () => {
    const embedded = /(\d+\.\d+)\./.exec(query('SELECT version()', 'TabSeparated'))![1];
    expect(file.services.clickhouse!.image).toMatch(new RegExp(`^clickhouse/clickhouse-server:${embedded}\\.`));
  });

  it('publishes loopback only, no port twice', () => {
    const ports = services.flatMap(([, { ports: each }]) => each.map((port) => publishedPort(port).host));
    expect(new Set(ports).size).toBe(ports.length);
  });

  it('waits only for services that can tell their health, in no circle', () => {
    const tellHealth = new Set(
      services.filter(([, { healthcheck, build }]) => healthcheck ?? build).map(([name]) => name),
    );
    const waitsFor = (name: string, path: readonly string[]): void => {
      expect(path).not.toContain(name);
      for (const each of Object.keys(file.services[name]!.depends_on)) {
        expect(tellHealth).toContain(each);
        waitsFor(each, [...path, name]);
      }
    };
    for (const [name] of services) waitsFor(name, []);
    for (const [, { depends_on }] of headraces) {
      expect(Object.keys(depends_on)).toEqual([...brokers.map(([name]) => name), 'schema-registry']);
    }
  });

  it('declares each volume and secret that is used, and uses each that is declared', () => {
    const named = services.flatMap(([, service]) =>
      [...mounts(service).keys()].filter((each) => !each.startsWith('.')),
    );
    expect(named.sort()).toEqual(Object.keys(file.volumes).sort());
    expect(new Set(services.flatMap(([, { secrets }]) => secrets))).toEqual(new Set(Object.keys(file.secrets)));
    const files = services.flatMap(([, service]) => [...mounts(service).keys()].filter((each) => each.startsWith('.')));
    for (const each of files) expect([each, existsSync(join(root, each))]).toEqual([each, true]);
  });

  it('keeps what each server writes', () => {
    const kept = (name: string) => [...mounts(file.services[name]!).values()];
    expect(kept('clickhouse')).toEqual(['/var/lib/clickhouse']);
    expect(kept('prometheus')).toContain('/prometheus');
    for (const [name, { environment }] of brokers) expect(kept(name)).toEqual([environment.KAFKA_LOG_DIRS]);
    const data = variablesOf(image).HEADRACE_DATA;
    expect(theInstruction(image, 'VOLUME').text).toBe(data);
    for (const [name] of headraces) expect(kept(name)).toEqual([data]);
  });

  it('holds no keys and no passwords', () => {
    const words = services.flatMap(([, { environment }]) => Object.entries(environment));
    const secret = /PASSWORD|TOKEN|SECRET|_KEY$/;
    expect(words.filter(([name]) => secret.test(name))).toEqual([]);
    const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n');
    const folders = Object.values(file.secrets).map(({ file: path }) => path.replace(/^\.\/(.*\/)[^/]+$/, '$1'));
    expect(folders.filter((each) => !ignored.includes(each))).toEqual([]);
  });
});

describe('the instances of Headrace', () => {
  const port = startOptions(startArguments()).port;

  it('are told nothing but what the code reads', () => {
    const read = variablesRead();
    expect(read.size).toBeGreaterThan(10);
    const told = [
      ...Object.keys(variablesOf(image)),
      ...headraces.flatMap(([, each]) => Object.keys(each.environment)),
    ];
    expect(told.filter((name) => name.startsWith('HEADRACE_') && !read.has(name))).toEqual([]);
    expect(told.filter((name) => !name.startsWith('HEADRACE_'))).toEqual(['NODE_ENV']);
  });

  it('are published at the port that they listen on', () => {
    for (const [, { ports }] of headraces) expect(ports.map((each) => publishedPort(each).container)).toEqual([port]);
    expect(publishedPort(headraces[0]![1].ports[0]!).host).toBe(port);
  });

  it('know all brokers and the registry by the addresses at which these listen', () => {
    const clients = brokers.map(
      ([, { environment }]) => /PLAINTEXT:\/\/([^,]+)/.exec(`${environment.KAFKA_ADVERTISED_LISTENERS}`)![1],
    );
    const registry = file.services['schema-registry']!;
    const registryPort = /:(\d+)$/.exec(`${registry.environment.SCHEMA_REGISTRY_LISTENERS}`)![1];
    for (const [, { environment }] of headraces) {
      expect(`${environment.HEADRACE_KAFKA}`.split(',')).toEqual(clients);
      expect(environment.HEADRACE_SCHEMA_REGISTRY).toBe(`http://schema-registry:${registryPort}`);
    }
    const stores = `${registry.environment.SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS}`;
    expect(stores.split(',')).toEqual(clients.map((each) => `PLAINTEXT://${each}`));
    expect(registry.environment.SCHEMA_REGISTRY_HOST_NAME).toBe('schema-registry');
    expect(registry.ports.map(publishedPort)).toEqual([
      { host: Number(registryPort), container: Number(registryPort) },
    ]);
    expect(registry.healthcheck!.test.at(-1)).toBe(`http://localhost:${registryPort}/subjects`);
  });

  it('serve beyond their container, so they are given keys', () => {
    expect(variablesOf(image).HEADRACE_HOST).toBe('0.0.0.0');
    for (const [, { environment, secrets }] of headraces) {
      expect(secrets).toEqual(['api-keys']);
      expect(environment.HEADRACE_API_KEYS).toBe('/run/secrets/api-keys');
    }
  });

  it('are reached by each other under the names of their services, and keep copies of each other', () => {
    for (const [name, { hostname, environment }] of headraces) {
      expect(hostname).toBe(name);
      expect(environment.HEADRACE_STANDBYS).toBe(headraces.length - 1);
    }
  });

  it('get the time that they need to end, and the signal while they wait for brokers', () => {
    for (const [, { init, stop_grace_period }] of headraces) {
      expect(init).toBe(true);
      expect(seconds(stop_grace_period!) * 1_000).toBeGreaterThan(API_LIMITS.stopWaitMaxMs + DRAIN_MAX_MS + 30_000);
    }
  });

  it('have nothing in common but the brokers', () => {
    const volumes = headraces.map(([, each]) => [...mounts(each).keys()].join());
    expect(new Set(volumes).size).toBe(headraces.length);
    expect(headraces[0]![1].environment).toEqual(headraces[1]![1].environment);
  });

  function startArguments(): readonly string[] {
    const [command, ...args] = JSON.parse(theInstruction(image, 'CMD').text) as readonly string[];
    expect(command).toBe('start');
    return args;
  }
});

it.each([
  ['a key that is misspelt', 'restart: unless-stopped', 'restrat: unless-stopped'],
  ['a boolean where Compose wants a text', '"false"', 'false'],
  ['a part that nobody knows', 'secrets:\n  api-keys:\n    file', 'configs:\n  api-keys:\n    file'],
])('%s is refused', (_name, right, wrong) => {
  const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
  expect(text).toContain(right);
  expect(() => readCompose(text.replace(right, wrong))).toThrow();
});
