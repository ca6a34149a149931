import { readFileSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { createJiti } from 'jiti';
import * as queries from '../../clickhouse/queries/index.ts';
import { HeadraceError } from '../../errors.ts';
import * as headrace from '../../index.ts';
import * as kafka from '../../log/kafka/client/index.ts';
import * as testing from '../../testing/index.ts';
import * as embedded from '../embedded/index.ts';
import { placeIn } from './user-place.ts';

/** What a file of a user's may be. */
export const MODULE_ENDINGS: ReadonlySet<string> = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts']);

/** Whatever copy of the package lies beside the file: it gets the one that runs, or its errors would be strangers here. */
const OWN = {
  headrace,
  'headrace/embedded': embedded,
  'headrace/kafka': kafka,
  'headrace/queries': queries,
  'headrace/testing': testing,
};

type Exports = Readonly<Record<string, unknown>>;

/**
 * What a module of a user's exports, TypeScript or JavaScript, on every Node.js that Headrace runs on: types are taken away, and
 * files that it imports are found as in TypeScript. `what` names it in messages. Throws USAGE where there is no such file; INPUT_INVALID, with
 * the line in the user's own code, for a file that can't be read, or throws; TOPOLOGY_INVALID for a topology that can't be built.
 */
export async function loadModule(name: string, what: string): Promise<Exports> {
  const path = resolve(name);
  requireFile(path, what);
  const jiti = createJiti(path, { virtualModules: OWN, fsCache: false, moduleCache: false, interopDefault: false });
  try {
    const source = readFileSync(path, 'utf8');
    const [ext, id] = [extname(path), basename(path)];
    const exported: unknown = await jiti.evalModule(source, {
      filename: path,
      id,
      ext,
      async: true,
      forceTranspile: true,
    });
    return exportsOf(exported);
  } catch (error) {
    throw await loadError(path, what, error);
  }
}

function requireFile(path: string, what: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  const where = { file: path };
  if (stat === undefined) {
    throw new HeadraceError('USAGE', `There is no file ${path}: name ${what} by its path from here`, { where });
  }
  if (!stat.isFile())
    throw new HeadraceError('USAGE', `${path} is a directory: name the file of ${what} in it`, { where });
  if (!MODULE_ENDINGS.has(extname(path))) {
    const endings = [...MODULE_ENDINGS].join(', ');
    throw new HeadraceError('USAGE', `${path} is no module of TypeScript or JavaScript (${endings}); give ${what}`, {
      where,
    });
  }
}

/** A CommonJS module may export anything; what is no object stands for its default export. */
function exportsOf(exported: unknown): Exports {
  const isNamespace = typeof exported === 'object' && exported !== null && !('plan' in exported);
  return isNamespace ? (exported as Exports) : { default: exported };
}

async function loadError(path: string, what: string, error: unknown): Promise<HeadraceError> {
  const place = placeIn(error);
  const at = place === undefined ? '' : ` (${place})`;
  if (error instanceof HeadraceError) {
    return new HeadraceError(error.code, `${error.message}${at}`, {
      cause: error,
      retriable: error.retriable,
      where: { ...error.where, file: path },
    });
  }
  const { code, requireStack } = (error ?? {}) as { readonly code?: string; readonly requireStack?: readonly string[] };
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
    const missing = messageOf(error).split('\n')[0];
    return new HeadraceError(
      'INPUT_INVALID',
      `${path} can't be loaded: ${missing}, which ${requireStack?.[0] ?? 'it'} imports: correct the import, or install the package`,
      { cause: error, where: { file: path } },
    );
  }
  // A parser says on a second line where it stopped.
  const message = messageOf(error).replaceAll(/\s*\n\s*/g, ' ');
  return new HeadraceError('INPUT_INVALID', `${path} can't be loaded as ${what}: ${message}${at}`, {
    cause: error,
    where: { file: path },
  });
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${JSON.stringify(error) ?? String(error)}, which is no Error`;
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
}
