import { execFile } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { HeadraceError } from '../../../errors.ts';
import { describeFailure, type SimulationOptions, simulate, simulateSeeds } from '../../../testing/index.ts';
import { loadSimulation } from '../../user-topology/load-simulation.ts';
import { packageVersion } from '../../version.ts';
import { type CommandContext, optionsOf } from '../context.ts';
import { wholeNumber } from '../numbers.ts';
import { grouped, write } from '../output.ts';

interface Options {
  readonly input?: string;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly failures: number;
  readonly replay?: number;
  readonly application?: string;
}

const SEED_MAX = 2 ** 32;
const PROGRESS_MS = 500;

export function simulateCommand(context: CommandContext): Command {
  return new Command('simulate')
    .description(
      'run a topology under crashes, rebalances and disorder drawn from seeds, and compare with runs without faults',
    )
    .option('--application <name>', "the application's name, in place of what the file says")
    .option('--input <file>', 'records to be sent, NDJSON as "start --once" takes it; each run gets a part of them')
    .option('--seeds <n>', 'how many runs', wholeNumber(1, SEED_MAX), 100)
    .option('--first-seed <n>', 'the seed of the first run', wholeNumber(0, SEED_MAX), 1)
    .option('--failures <n>', 'end after so many failures', wholeNumber(1), 1)
    .option('--replay <seed>', 'run one seed, and print each step', wholeNumber(0, SEED_MAX))
    .addHelpText(
      'after',
      '\nThe topology is that of --topology. What is sent says --input, or what the same file exports as simulation. A run that fails is made\n' +
        'smaller and printed with its seed. docs/SIMULATION.md says what happens in a run, and with what it is compared.\n\nExamples:\n' +
        '  headrace simulate --topology ./topology.ts --input sample.ndjson --seeds 500\n' +
        '  headrace simulate --topology ./topology.ts --replay 17 | less\n\nExit code 0: nothing was found. 1: something was.',
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf<Options>(command);
      const { topology: file, application, input } = options;
      if (file === undefined) {
        throw new HeadraceError(
          'USAGE',
          'Name the topology to be simulated: headrace simulate --topology ./topology.ts. Those of the bank run by "npm run simulate" in the repository',
        );
      }
      const simulation = await loadSimulation({ file, application, input });
      const isFound =
        options.replay === undefined
          ? await runSeeds(simulation, options, context)
          : await replay(simulation, options.replay);
      context.exit(isFound ? 1 : 0);
    });
}

async function runSeeds(
  simulation: SimulationOptions,
  {
    seeds,
    firstSeed,
    failures,
    json = false,
    topology,
  }: Options & { readonly json?: boolean; readonly topology?: string },
  { clock }: CommandContext,
): Promise<boolean> {
  const startedAt = clock();
  let [runs, shownAt] = [0, startedAt];
  const isShown = process.stderr.isTTY === true && !json;
  const onRun = () => {
    runs++;
    if (!isShown || clock() - shownAt < PROGRESS_MS) return;
    shownAt = clock();
    process.stderr.write(`\r${grouped(runs)} of ${grouped(seeds)} seeds `);
  };
  const { passed, failed } = await simulateSeeds(simulation, { seeds, firstSeed, failuresMax: failures, onRun });
  if (isShown) process.stderr.write('\r\x1b[K');
  const seconds = (clock() - startedAt) / 1_000;
  const code = await codeOf(dirname(resolve(topology!)));
  if (json) {
    await write(process.stdout, `${JSON.stringify({ passed, failed, seconds, code }, bigintAsText)}\n`);
    return failed.length > 0;
  }
  for (const failure of failed) await write(process.stdout, `${describeFailure(failure)}\n(${code})\n\n`);
  const perSecond = seconds === 0 ? '' : `, ${((passed + failed.length) / seconds).toFixed(1)} seeds/s`;
  await write(process.stdout, `${seconds.toFixed(1)} s${perSecond}\n${passed} passed, ${failed.length} failed\n`);
  return failed.length > 0;
}

async function replay(simulation: SimulationOptions, seed: number): Promise<boolean> {
  const lines: string[] = [];
  const onTrace = (atMs: number, what: string) => lines.push(`${String(atMs).padStart(8)} ms  ${what}`);
  const { failure } = await simulate({ ...simulation, onTrace }, seed);
  await write(process.stdout, `${lines.join('\n')}\n`);
  await write(process.stdout, failure === undefined ? 'Nothing is wrong.\n' : `${failure.kind}: ${failure.message}\n`);
  return failure !== undefined;
}

/** Which code was run: a seed says nothing without it. */
async function codeOf(directory: string): Promise<string> {
  const release = `headrace ${packageVersion()}`;
  try {
    const git = (...args: string[]) => promisify(execFile)('git', args, { cwd: directory });
    const { stdout: commit } = await git('rev-parse', '--short', 'HEAD');
    const { stdout: changed } = await git('status', '--porcelain', '--untracked-files=no');
    return `${release}, commit ${commit.trim()}${changed === '' ? '' : ' with changes'}`;
  } catch {
    return release;
  }
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
