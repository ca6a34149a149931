import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../src/random.ts';
import { differences } from './compare.ts';
import { embeddedRun } from './embedded/embedded-run.ts';
import { forPartitions } from './partitioned.ts';
import { run } from './run.ts';
import { readScenario, type Scenario, scenarioFiles, type Unreadable } from './scenario.ts';

const HELP = `npm run parity -- [DIR] [options]

Runs every scenario of DIR (test/parity/cases; a single file will do) on Headrace and compares with what Kafka Streams made
of it: for each topic and key the same sequence of values and timestamps. Ends in "N passed, N failed".

  --partitions N  split the input by its keys, and compare with what Kafka Streams makes of each partition (1);
                  for topologies without an internal topic
  --embedded      through the whole application: a process of its own, its log and state on disk, killed in the middle
  --kills N       how often in each scenario (1)
  --seed S        draws the kills and the sample (1)
  --sample N      only so many of the scenarios
  --json          one object instead of text
  --help

Exit codes: 0 all passed, 1 some failed, 2 wrong usage.
`;

/** cases/ stands beside this file's source, not beside what it is compiled to. */
const HERE = new URL('.', import.meta.url);
const SOURCE = new URL(HERE.pathname.endsWith('/dist/test/parity/') ? '../../../test/parity/' : './', HERE);
/** The embedded run's process needs no TypeScript: it is the compiled file. */
const VICTIM = new URL('../../dist/test/parity/embedded/victim-process.js', SOURCE);
/** Of what differs in one scenario. */
const FINDINGS_SHOWN_MAX = 3;

interface Outcome {
  readonly findings: readonly string[];
  readonly hits: readonly string[];
}

class UsageError extends RangeError {}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`headrace: ${error.message}; see --help\n`);
  process.exitCode = 2;
}

async function main(args: readonly string[]): Promise<number> {
  const { directory, ...options } = optionsOf(args);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const files = sample(filesOf(directory), options);
  const read = files.map(readScenario);
  const scenarios = read.filter((each): each is Scenario => !('problem' in each));
  const unreadable = read.filter((each): each is Unreadable => 'problem' in each);
  const { applicable, left } = options.partitions === 1 ? { applicable: scenarios, left: 0 } : await splitUp();
  const failures = unreadable.map(({ name, problem }) => ({ name, findings: [problem] as readonly string[] }));
  const hits: Record<string, number> = {};
  let [done, passed] = [0, 0];
  const progress = process.stderr.isTTY ? () => process.stderr.write(`\r${done} of ${applicable.length} `) : () => {};
  for await (const outcome of options.embedded ? embedded() : onDriver()) {
    const { name } = applicable[done++]!;
    progress();
    for (const hit of outcome.hits) hits[hit] = (hits[hit] ?? 0) + 1;
    if (outcome.findings.length === 0) passed++;
    else failures.push({ name, findings: outcome.findings });
  }
  if (process.stderr.isTTY) process.stderr.write('\r');
  tell({ passed, failures, hits, left });
  return failures.length === 0 ? 0 : 1;

  async function splitUp() {
    const split = await forPartitions(scenarios, options.partitions, fileURLToPath(SOURCE));
    return { applicable: split, left: scenarios.length - split.length };
  }

  function* onDriver(): Generator<Outcome> {
    for (const scenario of applicable) yield { findings: findingsOf(scenario, options.partitions), hits: [] };
  }

  async function* embedded(): AsyncGenerator<Outcome> {
    let index = 0;
    for await (const { emitted, problem, hits } of embeddedRun(applicable, {
      ...options,
      victim: fileURLToPath(VICTIM),
    })) {
      const { expected } = applicable[index++]!;
      yield { findings: problem === undefined ? differences(expected, emitted) : [problem], hits };
    }
  }

  function tell(report: {
    readonly passed: number;
    readonly failures: readonly { readonly name: string; readonly findings: readonly string[] }[];
    readonly hits: Readonly<Record<string, number>>;
    readonly left: number;
  }): void {
    if (options.json) {
      process.stdout.write(`${JSON.stringify({ ...report, failed: report.failures.length })}\n`);
      return;
    }
    for (const { name, findings } of report.failures) {
      for (const finding of findings.slice(0, FINDINGS_SHOWN_MAX)) process.stdout.write(`${name}: ${finding}\n`);
    }
    const kills = Object.entries(report.hits).map(([step, count]) => `${step} ${count}`);
    if (kills.length > 0) process.stdout.write(`killed at ${kills.join(', ')}\n`);
    if (report.left > 0) process.stdout.write(`${report.left} left out: they have internal topics\n`);
    process.stdout.write(`${report.passed} passed, ${report.failures.length} failed\n`);
  }
}

function findingsOf(scenario: Scenario, partitions: number): readonly string[] {
  try {
    return differences(scenario.expected, run(scenario, { partitions }));
  } catch (error) {
    return [(error as Error).message];
  }
}

function optionsOf(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  const number = { type: 'string' } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        partitions: number,
        embedded: flag,
        kills: number,
        seed: number,
        sample: number,
        json: flag,
        help: flag,
      },
    });
    if (positionals.length > 1) throw new UsageError(`one directory at a time, not ${positionals.join(' and ')}`);
    return {
      ...values,
      directory: positionals[0] ?? fileURLToPath(new URL('./cases', SOURCE)),
      partitions: numberOf('partitions', values.partitions, 1, 1),
      kills: numberOf('kills', values.kills, 1, 0),
      seed: numberOf('seed', values.seed, 1, 0),
      sample: values.sample === undefined ? undefined : numberOf('sample', values.sample, 1, 1),
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
}

function numberOf(option: string, text: string | undefined, otherwise: number, least: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  throw new UsageError(`--${option} is a whole number of at least ${least}, not ${text}`);
}

function filesOf(directory: string): readonly string[] {
  if (!existsSync(directory)) throw new UsageError(`there is no ${directory}`);
  const files = scenarioFiles(directory);
  if (files.length === 0) throw new UsageError(`${directory} has no .json files`);
  return files;
}

function sample(files: readonly string[], { sample: count, seed }: { sample: number | undefined; seed: number }) {
  if (count === undefined || count >= files.length) return files;
  const random = seededRandom(seed);
  const rest = [...files];
  const drawn = Array.from({ length: count }, () => rest.splice(random.below(rest.length), 1)[0]!);
  return drawn.sort();
}
