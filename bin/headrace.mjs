#!/usr/bin/env node
// The command. It needs nothing but Node.js, because in a fresh clone nothing else is there yet.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// libuv reads the size when its thread pool starts, so it is set before anything that uses files is imported. LMDB and
// the embedded ClickHouse block threads of this pool while they sync and query; four are too few.
if (process.env.UV_THREADPOOL_SIZE === undefined) process.env.UV_THREADPOOL_SIZE = '16';

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}

async function start() {
  const isCheckout = existsSync(join(root, 'src')) && existsSync(join(root, 'tsconfig.build.json'));
  if (isCheckout) {
    const version = await import('../scripts/checkout/node-version.mjs');
    const problem = version.nodeVersionProblem(process.versions.node);
    if (problem !== undefined) return fail(problem);
    const { prepare } = await import('../scripts/checkout/prepare.mjs');
    const failure = await prepare(root);
    if (failure !== undefined) return fail(failure.text);
  }
  const { main } = await import(pathToFileURL(join(root, 'dist/src/app/cli/main.js')).href);
  process.exitCode = await main(process.argv.slice(2));
  // An empty write calls back after what was written before it; only then nothing is lost by exiting.
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
}

start().catch((error) => fail(`headrace: ${error?.stack ?? error}`));
