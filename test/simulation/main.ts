import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runJobs } from './run-jobs.ts';
import { runPlants } from './run-plants.ts';
import { targetsOf } from './targets.ts';

const HELP = `npm run simulate -- [options]

Runs the ledger, the ATM system and twenty topologies of the parity tests in simulation: from each seed the partitions, the processes and all
that is done to them, and compares with a run without faults. A run that fails is made smaller, and printed with its seed.

  --seeds N        seeds for each topology (100)
  --first-seed N   the first of them (1)
  --only NAME      those topologies (with --plants: bugs) alone whose name contains it
  --jobs N         runs at a time (2)
  --failures N     ends after so many failures (1)
  --no-shrink      prints a run that fails as it was
  --plants         plants the bugs of test/simulation/planted in copies of the sources, one after the other, and says which are found
  --json           the result as one JSON object
  --help
`;

const OPTIONS = {
  seeds: { type: 'string', default: '100' },
  'first-seed': { type: 'string', default: '1' },
  only: { type: 'string', default: '' },
  jobs: { type: 'string', default: '2' },
  failures: { type: 'string', default: '1' },
  'no-shrink': { type: 'boolean', default: false },
  plants: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const PARITY = fileURLToPath(new URL('../../../test/parity', import.meta.url));

process.exitCode = await main();

async function main(): Promise<number> {
  const values = parsed();
  if (values === undefined) return 2;
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [seeds, firstSeed, jobs, failuresMax] = [values.seeds, values['first-seed'], values.jobs, values.failures].map(
    Number,
  ) as [number, number, number, number];
  if (values.plants)
    return runPlants({ only: values.only, seeds, onLine: (line) => process.stdout.write(`${line}\n`) });
  const names = targetsOf(PARITY)
    .map(({ name }) => name)
    .filter((name) => name.includes(values.only));
  const isWhole = [seeds, firstSeed, jobs, failuresMax].every((value) => Number.isSafeInteger(value) && value >= 1);
  if (!isWhole || names.length === 0) {
    const wrong =
      names.length === 0 ? `no topology has ${values.only} in its name` : 'numbers must be whole, from 1 on';
    process.stderr.write(`${wrong}\n\n${HELP}`);
    return 2;
  }
  const report = await runJobs({
    parity: PARITY,
    names,
    seeds,
    firstSeed,
    jobs,
    failuresMax,
    isQuiet: values.json,
    shrinks: !values['no-shrink'],
  });
  if (values.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    for (const { target, message } of report.failures) process.stdout.write(`\n${target}, ${message}\n`);
    process.stdout.write(
      `${names.length} topologies, seeds ${firstSeed} to ${firstSeed + seeds - 1}, ${report.seconds.toFixed(1)} s, ${report.seedsPerSecond.toFixed(2)} seeds/s (${report.runsPerSecond.toFixed(1)} runs/s)\n`,
    );
    process.stdout.write(`${report.passed} passed, ${report.failures.length} failed\n`);
  }
  return report.failures.length === 0 ? 0 : 1;
}

function parsed() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}
