import { fileURLToPath } from 'node:url';
import { differences } from './compare.ts';
import { run } from './interpreter.ts';
import { readScenarios } from './scenario.ts';

const HELP = `npm run parity -- [DIR]

Runs every scenario of DIR (test/parity/cases) on Headrace and compares with what Kafka Streams made of it: for each topic
and key the same sequence of values and timestamps.
`;

/** cases/ stands beside this file's source, not beside what it is compiled to. */
const HERE = new URL('.', import.meta.url);
const SOURCE = new URL(HERE.pathname.endsWith('/dist/test/parity/') ? '../../../test/parity/' : './', HERE);

process.exitCode = main(process.argv.slice(2));

function main([directory = fileURLToPath(new URL('./cases', SOURCE)), ...rest]: readonly string[]): number {
  if (directory === '--help' || rest.length > 0) {
    process.stdout.write(HELP);
    return directory === '--help' ? 0 : 2;
  }
  let [passed, failed] = [0, 0];
  for (const scenario of readScenarios(directory)) {
    const findings = findingsOf(scenario);
    if (findings.length === 0) passed++;
    else failed++;
    for (const finding of findings.slice(0, 3)) process.stdout.write(`${scenario.name}: ${finding}\n`);
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

function findingsOf(scenario: Parameters<typeof run>[0]): readonly string[] {
  try {
    return differences(scenario.expected, run(scenario));
  } catch (error) {
    return [(error as Error).message];
  }
}
