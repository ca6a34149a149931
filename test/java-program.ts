import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Maven may have to fetch Kafka Streams; a machine without a network is to be told soon. */
const BUILD_MAX_MS = 240_000;

/**
 * The class path of a Java program (a pom.xml and sources in one package): built where that was not done yet, in the directory for temporary
 * files, offline if possible.
 */
export function javaProgram(
  source: string,
  { name, mayFetch = true }: { readonly name: string; readonly mayFetch?: boolean },
): { readonly classPath: string } | { readonly problem: string } {
  if (!runs('java')) return { problem: 'there is no Java' };
  const files = ['pom.xml', ...readdirSync(join(source, 'src/main/java')).map((file) => `src/main/java/${file}`)];
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(source, file)));
  const built = join(tmpdir(), `headrace-${name}-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(join(built, 'complete'))) {
    if (!runs('mvn')) return { problem: 'there is no Maven' };
    const problem = build(source, built, mayFetch);
    if (problem !== undefined) return { problem };
  }
  const libraries = readFileSync(join(built, 'target/cp'), 'utf8').trim();
  return { classPath: `${join(built, 'target/classes')}:${libraries}` };
}

/** Beside it first, so that of two processes that build it at a time neither finds half of it. */
function build(source: string, target: string, mayFetch: boolean): string | undefined {
  const fresh = `${target}.${process.pid}`;
  mkdirSync(fresh);
  try {
    cpSync(join(source, 'pom.xml'), join(fresh, 'pom.xml'));
    cpSync(join(source, 'src'), join(fresh, 'src'), { recursive: true });
    if (!compile(fresh, mayFetch)) {
      return 'Maven cannot build it: Kafka Streams is neither in its repository nor to be had';
    }
    writeFileSync(join(fresh, 'complete'), '');
    if (!existsSync(join(target, 'complete'))) {
      rmSync(target, { recursive: true, force: true });
      renameSync(fresh, target);
    }
    return undefined;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function compile(folder: string, mayFetch: boolean): boolean {
  const goals = ['-q', '-B', 'compile', 'dependency:build-classpath', '-Dmdep.outputFile=target/cp'];
  for (const offline of mayFetch ? [['-o'], []] : [['-o']]) {
    try {
      execFileSync('mvn', [...offline, ...goals], { cwd: folder, timeout: BUILD_MAX_MS, stdio: 'pipe' });
      return true;
    } catch {
      // Without a network, or with an empty repository.
    }
  }
  return false;
}

function runs(command: string): boolean {
  try {
    execFileSync(command, ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
