import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readScenario, type Scenario } from './scenario.ts';

/** Maven may have to fetch Kafka Streams; a machine without a network is to be told soon. */
const BUILD_MAX_MS = 240_000;
const ASK_MAX_MS = 300_000;
/** Scenarios in one run of the JVM. */
const ASKED_TOGETHER_MAX = 200;

/** The Java program that runs scenarios on Kafka Streams itself. */
export class Oracle {
  readonly #classPath: string;

  private constructor(classPath: string) {
    this.#classPath = classPath;
  }

  /** Builds it where that was not done yet, in the directory for temporary files, offline if possible. */
  static find(source: string, { mayFetch = true } = {}): Oracle | { readonly problem: string } {
    if (!runs('java')) return { problem: 'there is no Java' };
    const files = ['pom.xml', ...readdirSync(join(source, 'src/main/java')).map((file) => `src/main/java/${file}`)];
    const hash = createHash('sha256');
    for (const file of files) hash.update(readFileSync(join(source, file)));
    const built = join(tmpdir(), `headrace-oracle-${hash.digest('hex').slice(0, 16)}`);
    if (!existsSync(join(built, 'complete'))) {
      if (!runs('mvn')) return { problem: 'there is no Maven' };
      const problem = build(source, built, mayFetch);
      if (problem !== undefined) return { problem };
    }
    return new Oracle(`${join(built, 'target/classes')}:${readFileSync(join(built, 'target/cp'), 'utf8').trim()}`);
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

function build(source: string, target: string, mayFetch: boolean): string | undefined {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  cpSync(join(source, 'pom.xml'), join(target, 'pom.xml'));
  cpSync(join(source, 'src'), join(target, 'src'), { recursive: true });
  const goals = ['-q', '-B', 'compile', 'dependency:build-classpath', '-Dmdep.outputFile=target/cp'];
  for (const offline of mayFetch ? [['-o'], []] : [['-o']]) {
    try {
      execFileSync('mvn', [...offline, ...goals], { cwd: target, timeout: BUILD_MAX_MS, stdio: 'pipe' });
      writeFileSync(join(target, 'complete'), '');
      return undefined;
    } catch {
      // Without a network, or with an empty repository: then there is no oracle.
    }
  }
  return 'Maven cannot build it: Kafka Streams is neither in its repository nor to be had';
}

function runs(command: string): boolean {
  try {
    execFileSync(command, ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
