import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { javaProgram } from '../../test/java-program.ts';
import type { Drained, KafkaJob } from './job.ts';

const RUN_MAX_MS = 300_000;
/** From dist/bench/kafka back to the sources, which tsc does not copy. */
const SOURCE = fileURLToPath(new URL('../../../bench/peers/kafka-streams', import.meta.url));

/** Kafka Streams, with the same work. */
export class Peer {
  readonly #classPath: string;

  private constructor(classPath: string) {
    this.#classPath = classPath;
  }

  /** Builds it where that was not done yet. Throws RangeError where it can't be built here, with what is missing. */
  static find(): Peer {
    const program = javaProgram(SOURCE, { name: 'kafka-streams-peer' });
    if ('problem' in program) {
      throw new RangeError(`Kafka Streams can't be built here: ${program.problem}. A JDK 17 and Maven are needed`);
    }
    return new Peer(program.classPath);
  }

  async drain(job: KafkaJob): Promise<Drained> {
    const { stdout } = await promisify(execFile)('java', this.#arguments({ ...job, mode: 'drain' }), {
      timeout: RUN_MAX_MS,
      killSignal: 'SIGKILL',
    });
    return JSON.parse(stdout) as Drained;
  }

  serve(job: KafkaJob): ChildProcess {
    return spawn('java', this.#arguments({ ...job, mode: 'serve' }), { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  #arguments({ mode, brokers, workload, input, output, application, directory }: KafkaJob): readonly string[] {
    const [threads, cacheBytes] = ['1', '0'];
    const program = ['-Xmx1500m', '-cp', this.#classPath, 'Peer'];
    return [...program, mode, brokers, workload, input, output, application, threads, cacheBytes, directory];
  }
}
