// npm run docs [-- --check]: writes docs/api from the code, or says what of it is not up to date.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '../checkout/lock.mjs';
import { installPackages, missingPackage } from '../checkout/packages.mjs';
import { root } from '../checkout/root.mjs';
import { runCommand } from '../checkout/run-command.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const written = join(root, 'docs', 'api');

const HELP = `npm run docs [-- --check]

Writes the documentation of the public interface, docs/api, from the code's own comments. With --check nothing is written:
exit code 1 says that docs/api is not what the code says now, or that a public name has no comment.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  if (args.includes('--help')) return tell(HELP, 0);
  const unknown = args.find((argument) => argument !== '--check');
  if (unknown !== undefined) return tell(`headrace: unknown argument ${unknown}\n\n${HELP}`, 2);
  const failure = await withLock(
    root,
    () => {},
    async () => {
      if (missingPackage(root) !== undefined) return installPackages(root);
      return missingPackage(here) === undefined ? undefined : installPackages(here);
    },
  );
  if (failure !== undefined) return tell(`${failure.text ?? failure}\n`, 1);
  return args.includes('--check') ? check() : make(written);
}

/** typedoc treats a name without a comment as an error: what is public is explained. */
async function make(out) {
  const options = ['--options', join(here, 'typedoc.json'), '--out', out];
  const { status, output } = await runCommand(
    process.execPath,
    [join(here, 'node_modules/typedoc/bin/typedoc'), ...options],
    root,
  );
  return status === 0 ? 0 : tell(output, 1);
}

async function check() {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-docs-'));
  try {
    const status = await make(folder);
    if (status !== 0) return status;
    const files = [...new Set([folder, written].flatMap((each) => filesIn(each)))].sort();
    const outdated = files.filter((file) => textOf(folder, file) !== textOf(written, file));
    if (outdated.length === 0) return 0;
    return tell(`docs/api is not what the code says: ${outdated.join(', ')}; write it anew with npm run docs\n`, 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.md'));
}

function textOf(folder, file) {
  const path = join(folder, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function tell(text, status) {
  (status === 0 ? process.stdout : process.stderr).write(text);
  return status;
}
