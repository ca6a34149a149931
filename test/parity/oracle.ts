import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { javaProgram } from '../java-program.ts';
import { readScenario, type Scenario } from './scenario.ts';

const ASK_MAX_MS = 300_000;
/** Scenarios in one run of the JVM. */
const ASKED_TOGETHER_MAX = 200;

/** The Java program that runs scenarios on Kafka Streams itself. */
export class Oracle {
  readonly #classPath: string;

  private constructor(classPath: string) {
    this.#classPath = classPath;
  }

  /** Builds it where that was not done yet. */
  static find(source: string, { mayFetch = true } = {}): Oracle | { readonly problem: string } {
    const program = javaProgram(source, { name: 'oracle', mayFetch });
    return 'problem' in program ? program : new Oracle(program.classPath);
  }

  /**
   * The scenarios with what Kafka Streams emits: over so many partitions, one after the other, if that is more than one.
   * Undefined in the place of one that it refuses.
   */
  ask(scenarios: readonly Omit<Scenario, 'expected'>[], partitions = 1): readonly (Scenario | undefined)[] {
    const directory = mkdtempSync(join(tmpdir(), 'headrace-oracle-run-'));
    try {
      const files = scenarios.map(({ name: _name, ...scenario }, index) => {
        const file = join(directory, `${index}.json`);
        writeFileSync(file, JSON.stringify(scenario));
        return file;
      });
      const refused = this.complete(files, partitions);
      return files.map((file, index) =>
        refused.includes(file) ? undefined : { ...(readScenario(file) as Scenario), name: scenarios[index]!.name },
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** Writes into files with scenarios what is expected of them; returns those that Kafka Streams refuses. */
  complete(files: readonly string[], partitions = 1): readonly string[] {
    const options = partitions === 1 ? [] : ['--partitions', String(partitions)];
    const refused: string[] = [];
    for (let at = 0; at < files.length; at += ASKED_TOGETHER_MAX) {
      const part = files.slice(at, at + ASKED_TOGETHER_MAX);
      const args = ['-cp', this.#classPath, 'Oracle', ...options, ...part];
      const said = execFileSync('java', args, {
        timeout: ASK_MAX_MS,
        stdio: ['ignore', 'pipe', 'pipe'],
        encoding: 'utf8',
      });
      refused.push(...[...said.matchAll(/^refused (\S+)/gm)].map(([, file]) => file!));
    }
    return refused;
  }
}
