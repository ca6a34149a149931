import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../free-ports.ts';
import type { BrokerPlan } from '../kafka/broker-process.ts';
import { Brokers } from '../kafka/brokers.ts';
import { kafkaClasspath } from '../kafka/provision.ts';
import { type Compose, readCompose, servicesLike } from './compose.ts';

export type Settings = Readonly<Record<string, string>>;

export interface Listener {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

const RELEASE = '4.1';
const SETUP_TIMEOUT_MS = 60_000;

/** `NAME://host:port,...`; an empty host listens everywhere. */
export function listenersOf(text: string | undefined): readonly Listener[] {
  return (text ?? '').split(',').map((each) => {
    const [, name, host, port] = /^([A-Z]+):\/\/([\w.-]*):(\d+)$/.exec(each) ?? [];
    if (port === undefined) throw new Error(`${each} is no listener`);
    return { name: name!, host: host!, port: Number(port) };
  });
}

/** What each broker of docker-compose.yml is told, by the name of its service. */
export function brokerSettings(file: Compose = readCompose()): ReadonlyMap<string, Settings> {
  return new Map(
    servicesLike(file, /^kafka-/).map(([name, { environment }]) => [
      name,
      Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, `${value}`])),
    ]),
  );
}

/** server.properties as the image itself makes it: its program comes with Kafka. It makes the storage in `KAFKA_LOG_DIRS`, too. */
export async function serverProperties(settings: Settings, directory: string): Promise<Settings> {
  const folders = ['default', 'mounted', 'final'].map((name) => [name, join(directory, name)] as const);
  for (const [, folder] of folders) mkdirSync(folder, { recursive: true });
  const args = folders.map(([name, folder]) => `--${name}-configs-dir=${folder}`);
  // The class path stands in the environment, so that an error's message does not consist of it.
  const environment = { PATH: process.env.PATH, CLASSPATH: await kafkaClasspath(RELEASE), ...settings };
  await promisify(execFile)('java', ['kafka.docker.KafkaDockerWrapper', 'setup', ...args], {
    env: environment,
    timeout: SETUP_TIMEOUT_MS,
  });
  const lines = readFileSync(join(directory, 'final', 'server.properties'), 'utf8').split('\n');
  return Object.fromEntries(lines.filter((line) => line !== '').map((line) => line.split(/=(.*)/s, 2)));
}

export interface BrokersOnLoopback {
  readonly brokers: Brokers;
  /** Puts addresses on loopback in place of those in a text, such as kafka-1:9092. */
  translate(text: string): string;
}

/** The brokers of docker-compose.yml as processes of this machine, told the same but for addresses and directories. */
export async function startBrokersOfCompose(directory: string): Promise<BrokersOnLoopback> {
  const all = [...brokerSettings()];
  const addresses = all.flatMap(([service, { KAFKA_LISTENERS }]) =>
    listenersOf(KAFKA_LISTENERS).map(({ name, port }) => `${name === 'HOST' ? 'localhost' : service}:${port}`),
  );
  const ports = await freePorts(addresses.length);
  const translate = (text: string) =>
    addresses.reduce((known, address, i) => known.replaceAll(address, `127.0.0.1:${ports[i]}`), text);
  const plans: BrokerPlan[] = [];
  for (const [service, settings] of all) {
    // A listener without a host is one on every address of the container.
    const everywhere = (text: string) =>
      text.replace(/(\w+):\/\/:/g, (_, name) => `${name}://${name === 'HOST' ? 'localhost' : service}:`);
    const mapped = Object.entries(settings).map(([key, value]) => [key, translate(everywhere(value))]);
    const own: Settings = {
      ...Object.fromEntries(mapped),
      KAFKA_LOG_DIRS: join(directory, `${service}-setup`, 'data'),
    };
    plans.push({
      nodeId: Number(own.KAFKA_NODE_ID),
      release: RELEASE,
      classpath: await kafkaClasspath(RELEASE),
      directory: join(directory, service),
      clusterId: own.CLUSTER_ID!,
      port: listenersOf(own.KAFKA_ADVERTISED_LISTENERS)[0]!.port,
      brokers: all.length,
      properties: await serverProperties(own, join(directory, `${service}-setup`)),
    });
  }
  const brokers = new Brokers(directory, plans);
  try {
    await brokers.start();
  } catch (error) {
    await brokers.close();
    throw error;
  }
  return { brokers, translate };
}
