import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The releases of Apache Kafka that Headrace is tested with, by the name that a user types. */
export const kafkaReleases = { '4.1': '4.1.0', '3.9': '3.9.1' } as const;

export type KafkaRelease = keyof typeof kafkaReleases;

const JAVA_MIN = 17;
/** Maven fetches about a hundred files the first time. */
const MAVEN_TIMEOUT_MS = 15 * 60_000;

/** Why no broker can be started here, in words that say what to install; undefined where one can. */
export function missingTools(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const isHere = Object.values(kafkaReleases).every((version) => keptClasspath(version) !== undefined);
  return missingJava(environment) ?? (isHere ? undefined : missingMaven(environment));
}

export function missingJava(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const java = spawnSync('java', ['-version'], { env: environment, encoding: 'utf8', timeout: 60_000 });
  const version = /version "(\d+)/.exec(java.stderr ?? '')?.[1];
  if (java.error !== undefined || version === undefined) {
    return `no Java is on the path; install a JDK ${JAVA_MIN} or later (Debian: apt-get install openjdk-17-jdk-headless)`;
  }
  if (Number(version) < JAVA_MIN) return `Java ${version} is on the path; Apache Kafka needs ${JAVA_MIN} or later`;
  return undefined;
}

function missingMaven(environment: NodeJS.ProcessEnv): string | undefined {
  const maven = spawnSync('mvn', ['--version'], { env: environment, encoding: 'utf8', timeout: 60_000 });
  if (maven.error !== undefined || maven.status !== 0) {
    return 'no Maven is on the path; install it (Debian: apt-get install maven)';
  }
  return undefined;
}

/**
 * The class path of a release of Apache Kafka, brought by Maven from where this machine's Maven brings things; kept for the
 * next time. Throws where Maven fails, with its last words.
 */
export async function kafkaClasspath(
  release: KafkaRelease,
  onProgress: (text: string) => void = () => {},
): Promise<string> {
  const version = kafkaReleases[release];
  const missing = missingJava() ?? (keptClasspath(version) === undefined ? missingMaven(process.env) : undefined);
  if (missing !== undefined) throw new Error(missing);
  const kept = keptClasspath(version);
  if (kept !== undefined) return kept;
  const folder = folderOf(version);
  const file = join(folder, 'classpath');
  onProgress(`Maven brings Apache Kafka ${version} (about 100 files the first time) ...`);
  mkdirSync(folder, { recursive: true });
  const pom = join(folder, 'pom.xml');
  writeFileSync(pom, pomFor(version));
  const fresh = `${file}.${process.pid}`;
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath';
  try {
    await promisify(execFile)('mvn', ['-q', '-B', '-f', pom, goal, `-Dmdep.outputFile=${fresh}`], {
      timeout: MAVEN_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    const words = `${stdout}${stderr}`.trim().split('\n').slice(-15).join('\n');
    throw new Error(`Maven could not bring Apache Kafka ${version}: ${words === '' ? message : words}`);
  }
  renameSync(fresh, file);
  return readFileSync(file, 'utf8').trim();
}

function folderOf(version: string): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'headrace', `kafka-${version}`);
}

/** What an earlier run has brought, as long as all of it is still there. */
function keptClasspath(version: string): string | undefined {
  const file = join(folderOf(version), 'classpath');
  if (!existsSync(file)) return undefined;
  const kept = readFileSync(file, 'utf8').trim();
  return kept.split(':').every((jar) => existsSync(jar)) ? kept : undefined;
}

function pomFor(version: string): string {
  const dependency = (artifact: string) =>
    `    <dependency><groupId>org.apache.kafka</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headrace</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
${dependency('kafka_2.13')}
${dependency('kafka-tools')}
  </dependencies>
</project>
`;
}
