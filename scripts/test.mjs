// npm test: installs and builds what is missing, checks types, lints, runs the tests, and ends in one line of counts.
// Type check and lint count as one test each. Arguments go to vitest: npm test -- test/serde
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from './checkout/prepare.mjs';
import { root } from './checkout/root.mjs';
import { runAttached } from './checkout/run-command.mjs';

const count = { passed: 0, failed: 0, skipped: [] };
process.exitCode = await runAll();

async function runAll() {
  const failure = await prepare(root);
  if (failure !== undefined) process.stderr.write(`${failure.text}\n`);
  // Without packages nothing below can run. After a failed build the rest still tells more.
  if (failure !== undefined && failure.failed !== 'build') {
    count.failed += 1;
    return conclude();
  }
  await check('type check', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit']);
  await check('lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
  await runTests(process.argv.slice(2));
  return conclude();
}

async function check(name, command) {
  const status = await runAttached(process.execPath, command, root);
  process.stdout.write(`${name}: ${status === 0 ? 'passed' : 'FAILED'}\n`);
  if (status === 0) count.passed += 1;
  else count.failed += 1;
}

async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-test-'));
  const reportPath = join(folder, 'report.json');
  const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts/test-report.mjs')}`];
  const command = ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args];
  const environment = { ...process.env, HEADRACE_TEST_REPORT: reportPath };
  try {
    const status = await runAttached(process.execPath, command, root, environment);
    const report = readReport(reportPath);
    count.passed += report.passed;
    count.failed += report.failed;
    count.skipped.push(...report.skipped);
    const isSilentFailure = status !== 0 && report.failed === 0;
    if (isSilentFailure) process.stdout.write(`vitest failed with exit code ${status} without naming a failed test\n`);
    const isEmpty = report.passed + report.failed === 0;
    if (isEmpty) process.stdout.write('No test ran.\n');
    if (isSilentFailure || isEmpty) count.failed += 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    process.stdout.write(`vitest wrote no report: ${error.message}\n`);
    return { passed: 0, failed: 1, skipped: [] };
  }
}

function conclude() {
  const { passed, failed, skipped } = count;
  for (const { name, reason } of skipped) process.stdout.write(`skipped: ${name}${reason ? ` (${reason})` : ''}\n`);
  process.stdout.write(
    `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}\n`,
  );
  return failed === 0 ? 0 : 1;
}
