import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { HeadraceError } from '../../../errors.ts';
import { correctedSources, kafkajsVersion } from './corrected-sources.ts';
import { applyEdits, type Correction } from './correction.ts';

const require = createRequire(import.meta.url);

/** A module of kafkajs by its path in the package, as `load('src/network/connection')`. */
export type LoadModule = (path: string) => unknown;

/**
 * Loads a copy of the installed kafkajs of its own, with corrections applied. The copy shares no module with what
 * `import 'kafkajs'` gives: a program's own use of the stock library stays as it was, and neither can spoil the other.
 *
 * Throws KAFKA_CLIENT_UNSUPPORTED where another version is installed, or one of the files to be corrected differs from the
 * one that the corrections were written for.
 */
export function loadKafkajs(corrections: readonly Correction[]): LoadModule {
  const root = installedAt();
  requireExpectedSources(root, corrections);
  const modules = new Map<string, { exports: unknown }>();

  const load = (path: string): unknown => {
    const file = fileOf(root, path);
    const known = modules.get(file);
    if (known !== undefined) return known.exports;
    const module: { exports: unknown } = { exports: {} };
    // Stored before it runs, so that modules which load each other meet as they do under Node's own loader.
    modules.set(file, module);
    const stock = readFileSync(join(root, file), 'utf8');
    if (file.endsWith('.json')) {
      module.exports = JSON.parse(stock);
      return module.exports;
    }
    const own = corrections.filter((each) => file in (each.edits ?? {}) || file in (each.patches ?? {}));
    const text = own.reduce(
      (edited, each) => applyEdits(edited, each.edits?.[file] ?? [], `${each.name}: ${file}`),
      stock,
    );
    const fileName = join(root, file);
    const run = compileFunction(text, ['exports', 'require', 'module', '__filename', '__dirname'], {
      filename: fileName,
    });
    const requireFrom = (wanted: string) =>
      wanted.startsWith('.') ? load(join(dirname(file), wanted)) : require(wanted);
    run(module.exports, requireFrom, module, fileName, dirname(fileName));
    for (const each of own) {
      const patched = each.patches?.[file]?.(module.exports, load);
      if (patched !== undefined) module.exports = patched;
    }
    return module.exports;
  };
  return load;
}

function installedAt(): string {
  let manifest: string;
  try {
    manifest = require.resolve('kafkajs/package.json');
  } catch (cause) {
    throw unsupported('kafkajs is not installed', cause);
  }
  const { version }: { version?: unknown } = JSON.parse(readFileSync(manifest, 'utf8'));
  if (version !== kafkajsVersion) throw unsupported(`kafkajs ${String(version)} is installed in ${dirname(manifest)}`);
  return dirname(manifest);
}

function requireExpectedSources(root: string, corrections: readonly Correction[]): void {
  const files = corrections.flatMap(({ patches = {}, edits = {} }) => [...Object.keys(patches), ...Object.keys(edits)]);
  for (const file of new Set(files)) {
    const text = isFile(join(root, file)) ? readFileSync(join(root, file)) : '';
    const found = createHash('sha256').update(text).digest('hex');
    if (found !== correctedSources[file]) throw unsupported(`${file} of the installed kafkajs was changed`);
  }
}

function unsupported(why: string, cause?: unknown): HeadraceError {
  return new HeadraceError(
    'KAFKA_CLIENT_UNSUPPORTED',
    `${why}, but the corrections are for kafkajs ${kafkajsVersion} as it was published: run \`npm ci\`, or ` +
      `\`npm install --save-exact kafkajs@${kafkajsVersion}\`, and remove patches of your own`,
    cause === undefined ? {} : { cause },
  );
}

/** The file that a path without its ending means, by Node's rules for CommonJS. */
function fileOf(root: string, path: string): string {
  const wanted = path.replaceAll('\\', '/');
  for (const candidate of [wanted, `${wanted}.js`, `${wanted}/index.js`]) {
    if (isFile(join(root, candidate))) return candidate;
  }
  throw unsupported(`${path} is missing in the installed kafkajs`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
