// node scripts/run.mjs FILE.ts [arguments]: builds what is out of date, then runs what FILE.ts was compiled to.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './checkout/prepare.mjs';
import { root } from './checkout/root.mjs';

const [source, ...args] = process.argv.slice(2);
const compiled = source?.endsWith('.ts') ? join(root, 'dist', source.replace(/\.ts$/, '.js')) : undefined;
if (compiled === undefined) {
  process.stderr.write(
    'headrace: usage: node scripts/run.mjs FILE.ts [arguments]; FILE is relative to the repository\n',
  );
  process.exit(2);
}
const failure = await prepare(root);
if (failure !== undefined) {
  process.stderr.write(`${failure.text}\n`);
  process.exit(1);
}
if (!existsSync(compiled)) {
  process.stderr.write(`headrace: ${source} is not among what tsconfig.build.json compiles\n`);
  process.exit(2);
}
// The same process, so that signals and exit codes are the script's own. It finds its arguments where it would if it
// had been started directly.
process.env.UV_THREADPOOL_SIZE ??= '16';
process.argv.splice(1, process.argv.length - 1, compiled, ...args);
await import(pathToFileURL(compiled).href);
