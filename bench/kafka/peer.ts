import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { javaProgram } from '../../test/java-program.ts';
import { missingJava } from '../../test/kafka/provision.ts';
import { own } from '../own-process.ts';
import { DRAIN_MAX_MS, type Drained, type GivenJob, type KafkaJob, type System } from './system.ts';

/** From dist/bench/kafka back to the sources, which tsc does not copy. */
const SOURCE = fileURLToPath(new URL('../../../bench/peers/kafka-streams', import.meta.url));

/** One thread as a worker has, every update written out, and as long as Headrace until a member counts as dead. */
const COMMON = { threads: 1, cacheBytes: 0, sessionTimeoutMs: 10_000 };

/** Kafka Streams, with the same work. */
export class Peer implements System {
  readonly name = 'kafka-streams';
  readonly #classPath: string;

  private constructor(classPath: string) {
    this.#classPath = classPath;
  }

  /** Builds it where that was not done yet. Throws RangeError where it can't be built here, with what is missing. */
  static find(): Peer {
    const missing = missingJava();
    if (missing !== undefined) throw new RangeError(`Kafka Streams can't run here: ${missing}`);
    const program = javaProgram(SOURCE, { name: 'kafka-streams-peer' });
    if ('problem' in program) {
      throw new RangeError(
        `Kafka Streams can't be built here: ${program.problem}. It needs a JDK 17 and Maven (Debian: apt-get install openjdk-17-jdk-headless maven)`,
      );
    }
    return new Peer(program.classPath);
  }

  async drain(job: KafkaJob): Promise<Drained> {
    const running = promisify(execFile)('java', this.#arguments({ ...job, mode: 'drain' }), {
      timeout: DRAIN_MAX_MS,
      killSignal: 'SIGKILL',
    });
    own(running.child);
    try {
      return JSON.parse((await running).stdout) as Drained;
    } catch (error) {
      const { killed, stderr = '', message } = error as Error & { killed?: boolean; stderr?: string };
      const why = killed === true ? `it took longer than ${DRAIN_MAX_MS / 1_000} s` : stderr.trim() || message;
      throw new RangeError(`Kafka Streams' run failed: ${why}`);
    }
  }

  serve(job: KafkaJob): ChildProcess {
    // A static member, as Headrace's workers are: one that comes back is not waited for until its session is over.
    const given = { ...job, mode: 'serve', instance: basename(job.directory) } as const;
    return own(spawn('java', this.#arguments(given), { stdio: ['ignore', 'ignore', 'inherit'] }));
  }

  #arguments(job: GivenJob & { readonly instance?: string }): readonly string[] {
    const pairs = Object.entries({ ...job, ...COMMON }).map(([name, value]) => `${name}=${value}`);
    return ['-Xmx1500m', '-cp', this.#classPath, 'Peer', ...pairs];
  }
}
