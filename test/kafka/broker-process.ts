import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectToBrokers } from '../../src/log/kafka/client/connection.ts';
import { metadata } from '../../src/log/kafka/protocol/requests/metadata.ts';
import { logSettings } from './log-settings.ts';
import type { KafkaRelease } from './provision.ts';

/** How one broker is to be started; kept in its directory, so that another process can stop it or start it again. */
export interface BrokerPlan {
  readonly nodeId: number;
  readonly release: KafkaRelease;
  readonly classpath: string;
  readonly directory: string;
  readonly clusterId: string;
  readonly port: number;
  /** Where it is reached past what is between it and its clients. */
  readonly insidePort?: number;
  /** How many belong to the cluster. */
  readonly brokers: number;
  readonly properties: Readonly<Record<string, string>>;
  /** SCRAM users made with the storage, as StorageTool takes them. */
  readonly scram?: readonly string[];
  /** See BrokersOptions. */
  readonly isShortLived?: boolean;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const READY_TIMEOUT_MS = 5_000;
const connect = connectToBrokers({ clientId: 'headrace-test', connectionTimeoutMs: READY_TIMEOUT_MS });
const HEAP = '-Xmx512m';
/** A start takes 1.6 s of a core in place of 3. */
const SHORT_LIVED = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** One broker as a process of its own, which outlives this one. */
export class BrokerProcess {
  readonly plan: BrokerPlan;

  constructor(plan: BrokerPlan) {
    this.plan = plan;
  }

  /** The process id, undefined where it does not run; a process that merely has the number of one that is gone does not count. */
  get pid(): number | undefined {
    const file = join(this.plan.directory, 'pid');
    if (!existsSync(file)) return undefined;
    const pid = Number(readFileSync(file, 'utf8'));
    return commandLineOf(pid).includes(this.#propertiesFile) ? pid : undefined;
  }

  get address(): string {
    return `127.0.0.1:${this.plan.port}`;
  }

  /** Makes the storage where there is none. */
  async format(): Promise<void> {
    const { directory, properties, clusterId, scram = [] } = this.plan;
    mkdirSync(directory, { recursive: true });
    const lines = Object.entries({ ...properties, 'log.dirs': this.#storage }).map(([key, value]) => `${key}=${value}`);
    writeFileSync(this.#propertiesFile, `${lines.join('\n')}\n`);
    for (const [name, text] of Object.entries(logSettings)) writeFileSync(join(directory, name), text);
    if (existsSync(join(this.#storage, 'meta.properties'))) return;
    const users = scram.flatMap((user) => ['--add-scram', user]);
    await this.#java('kafka.tools.StorageTool', ['format', '-t', clusterId, '-c', this.#propertiesFile, ...users]);
  }

  /** Starts it without waiting. */
  launch(): void {
    if (this.pid !== undefined) return;
    const log = openSync(join(this.plan.directory, 'broker.log'), 'a');
    const child: ChildProcess = spawn('java', [HEAP, ...this.#javaOptions, 'kafka.Kafka', this.#propertiesFile], {
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.unref();
    writeFileSync(join(this.plan.directory, 'pid'), `${child.pid}`);
  }

  /** Waits until it takes connections. Throws with its last words where it ends or takes too long. */
  async ready(): Promise<void> {
    const until = Date.now() + START_TIMEOUT_MS;
    // A moment for exec: until then the command line is still that of the process that started it.
    for (let misses = 0; ; ) {
      if ((await brokersSeenAt(this.plan.port)) >= this.plan.brokers && this.pid !== undefined) return;
      misses = this.pid === undefined ? misses + 1 : 0;
      if (misses > 20) throw new Error(`The broker ended at its start: ${this.#lastWords()}`);
      if (Date.now() > until)
        throw new Error(`The broker took longer than ${START_TIMEOUT_MS} ms: ${this.#lastWords()}`);
      await sleep(50);
    }
  }

  signal(name: NodeJS.Signals): void {
    const { pid } = this;
    if (pid !== undefined) process.kill(pid, name);
  }

  /** Ends it (SIGTERM, or SIGKILL where it must be at once) and waits until it is gone. */
  async end(name: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.signal(name);
    const until = Date.now() + STOP_TIMEOUT_MS;
    while (this.pid !== undefined) {
      if (Date.now() > until) this.signal('SIGKILL');
      await sleep(20);
    }
  }

  remove(): void {
    rmSync(this.plan.directory, { recursive: true, force: true });
  }

  get #storage(): string {
    return join(this.plan.directory, 'storage');
  }

  get #propertiesFile(): string {
    return join(this.plan.directory, 'server.properties');
  }

  get #javaOptions(): readonly string[] {
    const { directory, classpath, isShortLived = false } = this.plan;
    return [
      ...(isShortLived ? SHORT_LIVED : []),
      `-Dlog4j2.configurationFile=${join(directory, 'log4j2.properties')}`,
      `-Dlog4j.configuration=file:${join(directory, 'log4j.properties')}`,
      '-cp',
      classpath,
    ];
  }

  async #java(main: string, args: readonly string[]): Promise<void> {
    try {
      await promisify(execFile)('java', [...this.#javaOptions, main, ...args], { timeout: START_TIMEOUT_MS });
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${main} failed: ${`${stdout}${stderr}`.trim().split('\n').slice(-8).join('\n')}`);
    }
  }

  #lastWords(): string {
    const file = join(this.plan.directory, 'broker.log');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-12).join('\n') : 'it wrote nothing';
  }
}

/** Empty where no such process runs. A process that ended and was not waited for has none either. */
function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** How many brokers the one at this port knows; 0 where nobody answers. */
async function brokersSeenAt(port: number): Promise<number> {
  try {
    const connection = await connect({ host: '127.0.0.1', port });
    const { brokers } = await connection.send(metadata({ topics: [] }), READY_TIMEOUT_MS);
    await connection.close();
    return brokers.length;
  } catch {
    return 0;
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
