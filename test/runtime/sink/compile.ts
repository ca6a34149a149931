import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HeadraceError } from '../../../src/errors.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Compiles one file of the repository and all that it imports into a directory, laid out like the package, and returns
 * the path of the script: for children that are killed, which cannot run inside of the test's own process.
 */
export function compile(entry: string, directory: string): string {
  mkdirSync(directory, { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const compiled = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      ...['--ignoreConfig', '--noCheck', '--outDir', join(directory, 'dist'), '--rootDir', ROOT],
      ...[
        '--target',
        'ES2023',
        '--module',
        'NodeNext',
        '--types',
        'node',
        '--rewriteRelativeImportExtensions',
        '--verbatimModuleSyntax',
      ],
      join(ROOT, 'src/index.ts'),
      join(ROOT, entry),
    ],
    { encoding: 'utf8', cwd: ROOT, timeout: 120_000 },
  );
  if (compiled.status !== 0)
    throw new HeadraceError('PROCESSING_FAILED', `tsc failed: ${compiled.stdout}${compiled.stderr}`);
  return join(directory, 'dist', entry.replace(/\.ts$/, '.js'));
}
