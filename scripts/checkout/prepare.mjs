import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { nodeVersionProblem } from './node-version.mjs';
import { installPackages, missingPackage } from './packages.mjs';
import { runCommand } from './run-command.mjs';
import { fingerprint, isBuilt, removeOrphans, stamp } from './sources.mjs';

const say = (line) => process.stderr.write(`headrace: ${line}\n`);

/**
 * Makes a checkout ready to run: packages as package-lock.json wants them, dist as the sources are. Does nothing when
 * both are so already. Returns undefined, or the text to print before giving up; `failed` says at which step.
 */
export async function prepare(root) {
  const problem = nodeVersionProblem(process.versions.node);
  if (problem !== undefined) return { failed: 'node', text: problem };
  if (missingPackage(root) === undefined && isBuilt(root)) return undefined;
  try {
    return await withLock(root, () => say('waiting for another process that installs or builds here'), makeReady);
  } catch (error) {
    return { failed: 'lock', text: `headrace: cannot install and build: ${error.message}` };
  }

  async function makeReady() {
    const missing = missingPackage(root);
    if (missing !== undefined) {
      say(`installing packages with npm ci (${missing} is missing or out of date)`);
      const text = await installPackages(root);
      if (text !== undefined) return { failed: 'install', text };
    }
    return isBuilt(root) ? undefined : build(root);
  }
}

async function build(root) {
  say(`building dist (it is ${existsSync(join(root, 'dist', '.build-stamp')) ? 'out of date' : 'missing'})`);
  // Taken before the build: a source that changes during it makes the next start build again.
  const sources = fingerprint(root);
  stamp(root, undefined);
  removeOrphans(root);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = await runCommand(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--pretty', 'false'], root);
  if (result.status !== 0) {
    return { failed: 'build', text: `${result.output.trimEnd()}\nheadrace: the build failed (${result.reason})` };
  }
  stamp(root, sources);
  return undefined;
}
