import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Compiles a script of a folder of test/log with all that it imports, so that a bare Node process can run it: what is killed or
 * traced must be one process. Returns the folder (to be removed by the caller) and the compiled script.
 */
export function compileChild(name: string, room = 'embedded'): { readonly folder: string; readonly script: string } {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-child-'));
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const flags =
    '--ignoreConfig --target ES2023 --module NodeNext --moduleResolution NodeNext --types node --skipLibCheck';
  const rewrite = '--allowImportingTsExtensions --rewriteRelativeImportExtensions --strict --rootDir';
  const source = join('test', 'log', room, `${name}.ts`);
  execFileSync(process.execPath, [compiler, ...`${flags} ${rewrite}`.split(' '), root, '--outDir', folder, source], {
    cwd: root,
    stdio: 'pipe',
  });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { folder, script: join(folder, 'test', 'log', room, `${name}.js`) };
}
