import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../free-ports.ts';
import { type BrokerPlan, BrokerProcess } from './broker-process.ts';
import { type KafkaRelease, kafkaClasspath } from './provision.ts';

export interface BrokersOptions {
  /** 1 or 3 (1). Three keep everything three times and go on without one of them. */
  readonly count?: number;
  readonly release?: KafkaRelease;
  /** Where it all is (a directory of its own under the system's for temporary files). */
  readonly directory?: string;
  /** The port of the first broker; free ones unless given. */
  readonly port?: number;
  /** Beside and before the ones below. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly scram?: readonly string[];
  /**
   * Ports that clients are told in place of the brokers' own, for something between them. The brokers speak with each other, and checkers with them, at
   * {@link Brokers.inside}.
   */
  readonly advertisedPorts?: readonly number[];
  /** Whether it lives for a minute or two: the virtual machine compiles little then, which is quick to begin and slow under load. */
  readonly isShortLived?: boolean;
  readonly onProgress?: (text: string) => void;
}

const PLAN_FILE = 'brokers.json';

/** A cluster of Apache Kafka (KRaft) on this machine's loopback. */
export class Brokers {
  readonly directory: string;
  readonly processes: readonly BrokerProcess[];

  constructor(directory: string, plans: readonly BrokerPlan[]) {
    this.directory = directory;
    this.processes = plans.map((plan) => new BrokerProcess(plan));
  }

  /** Those whose plan lies in the directory; undefined where there is none. */
  static in(directory: string): Brokers | undefined {
    const file = join(directory, PLAN_FILE);
    if (!existsSync(file)) return undefined;
    return new Brokers(directory, JSON.parse(readFileSync(file, 'utf8')) as readonly BrokerPlan[]);
  }

  /** Addresses past what is between clients and brokers; the same as {@link bootstrap} where nothing is. */
  get inside(): string {
    return this.processes.map(({ plan }) => `127.0.0.1:${plan.insidePort ?? plan.port}`).join(',');
  }

  get bootstrap(): string {
    return this.processes.map(({ address }) => address).join(',');
  }

  get addresses(): readonly { readonly host: string; readonly port: number }[] {
    return this.processes.map(({ plan }) => ({ host: '127.0.0.1', port: plan.port }));
  }

  async start(): Promise<void> {
    for (const each of this.processes) await each.format();
    for (const each of this.processes) each.launch();
    await Promise.all(this.processes.map((each) => each.ready()));
  }

  kill(index: number): Promise<void> {
    return this.processes[index]!.end('SIGKILL');
  }

  stop(index: number): Promise<void> {
    return this.processes[index]!.end();
  }

  async restart(index: number): Promise<void> {
    this.processes[index]!.launch();
    await this.processes[index]!.ready();
  }

  pause(index: number): void {
    this.processes[index]!.signal('SIGSTOP');
  }

  resume(index: number): void {
    this.processes[index]!.signal('SIGCONT');
  }

  /** Ends all at once and removes what they kept. */
  async close(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.end('SIGKILL')));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Plans and starts brokers. Throws where no JDK or Maven is here, with what to install. */
export async function startBrokers(options: BrokersOptions = {}): Promise<Brokers> {
  const { count = 1, release = '4.1', onProgress = () => {} } = options;
  const classpath = await kafkaClasspath(release, onProgress);
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'headrace-kafka-'));
  mkdirSync(directory, { recursive: true });
  const ports = await freePorts(3 * count);
  // A leading dash would be taken for an option.
  const clusterId = `h${randomBytes(16).toString('base64url').slice(1)}`;
  const voters = Array.from({ length: count }, (_, i) => `${i + 1}@127.0.0.1:${ports[count + i]}`).join(',');
  const plans = Array.from({ length: count }, (_, i): BrokerPlan => {
    const port = options.port === undefined ? ports[i]! : options.port + i;
    const [advertised, insidePort] = [options.advertisedPorts?.[i], ports[2 * count + i]!];
    return {
      nodeId: i + 1,
      release,
      classpath,
      directory: join(directory, `${i + 1}`),
      clusterId,
      port,
      brokers: count,
      properties: {
        ...propertiesOf(i + 1, count, port, ports[count + i]!, voters),
        ...(advertised === undefined ? {} : behind(advertised, port, insidePort, ports[count + i]!)),
        ...options.properties,
      },
      ...(advertised === undefined ? {} : { insidePort }),
      ...(options.scram === undefined ? {} : { scram: options.scram }),
      ...(options.isShortLived === undefined ? {} : { isShortLived: options.isShortLived }),
    };
  });
  writeFileSync(join(directory, PLAN_FILE), JSON.stringify(plans));
  const brokers = new Brokers(directory, plans);
  onProgress(`${count === 1 ? 'A broker starts' : `${count} brokers start`} ...`);
  try {
    await brokers.start();
  } catch (error) {
    await brokers.close();
    throw error;
  }
  return brokers;
}

function propertiesOf(
  nodeId: number,
  count: number,
  port: number,
  controllerPort: number,
  voters: string,
): Record<string, string> {
  const replication = `${Math.min(3, count)}`;
  const inSync = count >= 3 ? '2' : '1';
  return {
    'process.roles': 'broker,controller',
    'node.id': `${nodeId}`,
    'controller.quorum.voters': voters,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'default.replication.factor': replication,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replication,
    'transaction.state.log.replication.factor': replication,
    'transaction.state.log.min.isr': inSync,
    // Few, so that a first group or transaction does not wait for fifty partitions to be made.
    'offsets.topic.num.partitions': '5',
    'transaction.state.log.num.partitions': '5',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'auto.create.topics.enable': 'false',
    'unclean.leader.election.enable': 'false',
    'log.cleaner.dedupe.buffer.size': '16777216',
  };
}

/** Clients are told another port; brokers speak with each other past it. */
function behind(advertised: number, port: number, insidePort: number, controllerPort: number): Record<string, string> {
  const [clients, inside] = ['PLAINTEXT://127.0.0.1', 'INSIDE://127.0.0.1'];
  return {
    listeners: `${clients}:${port},${inside}:${insidePort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `${clients}:${advertised},${inside}:${insidePort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'INSIDE',
  };
}
