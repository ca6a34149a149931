import { basename, dirname, extname, resolve } from 'node:path';
import { z } from 'zod';
import type { TopologyModule } from '../../definitions/topology-module.ts';
import { HeadraceError } from '../../errors.ts';
import type { Topology } from '../../streams/topology/topology.ts';
import { loadModule } from '../modules/load-module.ts';
import { requireNoLoops } from './loops.ts';
import { nearestName } from './nearest-name.ts';

/** A user's topology, checked, with the defaults of its file. */
export interface LoadedTopology extends Omit<TopologyModule, 'migrations'> {
  readonly file: string;
  readonly application: string;
  /** The directory as an absolute path. */
  readonly migrations?: string;
}

const APPLICATION = /^[\w.-]+$/;

const isFunction = (value: unknown) => typeof value === 'function';
const handler = z.custom(isFunction, 'must be a function');
const count = z.number().int().positive();
/** Of the export, but for the topology itself. */
const SETTINGS = {
  application: z.string().regex(APPLICATION, "must be a name of letters, digits, '.', '_' and '-'"),
  topics: z.array(
    z.strictObject({
      name: z.string().min(1),
      partitions: count.max(1_024).optional(),
      cleanup: z.enum(['delete', 'compact']).optional(),
      retentionMs: z.number().int().optional(),
    }),
  ),
  tables: z.array(
    z.looseObject({ topic: z.string(), table: z.string(), columns: z.array(z.looseObject({})), rows: handler }),
  ),
  migrations: z.string(),
  idleAfterMs: count,
  commitIntervalMs: count,
  loops: z.array(z.string()),
  errorHandlers: z.strictObject({
    decoding: handler.optional(),
    processing: handler.optional(),
    producing: handler.optional(),
  }),
  onSkipped: handler,
  parkKeys: z.union([z.boolean(), z.strictObject({ keysMax: count })]),
} satisfies Record<Exclude<keyof TopologyModule, 'topology'>, z.ZodType>;
const NAMES = ['topology', ...Object.keys(SETTINGS)];
const module = z.object(SETTINGS).partial();

/**
 * Loads the file of a user's topology; `application` comes before what the file says. Throws as loadModule does, and USAGE for a name that
 * can't be an application's, INPUT_INVALID for a file that exports something else, TOPOLOGY_INVALID for what can't run.
 */
export async function loadTopology(file: string, application?: string): Promise<LoadedTopology> {
  const path = resolve(file);
  const { topology, ...settings } = await exportedTopology(path, await loadModule(file, 'the topology'));
  const name = application ?? settings.application ?? basename(path, extname(path));
  if (!APPLICATION.test(name)) {
    throw new HeadraceError(
      'USAGE',
      `The application's name is a part of topic names: give one of letters, digits, '.', '_' and '-' with --application, not '${name}'`,
    );
  }
  requireNoLoops(topology.plan, settings.loops ?? []);
  const { tables = [], migrations, ...rest } = settings;
  if (tables.length > 0 && migrations === undefined) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `${path} has tables: name the directory of the SQL files that make them, as migrations: './sql'`,
      { where: { file: path } },
    );
  }
  const directory = migrations === undefined ? {} : { migrations: resolve(dirname(path), migrations) };
  return { ...rest, ...directory, tables, topology, file: path, application: name };
}

/** The topology that a module exports as its default or as `topology`, alone or with settings around it, or from a function. */
export async function exportedTopology(
  path: string,
  exported: Readonly<Record<string, unknown>>,
): Promise<TopologyModule> {
  for (const each of [exported.default, exported.topology]) {
    const made: unknown = await (typeof each === 'function' && !isClass(each) ? (each as () => unknown)() : each);
    if (isTopology(made)) return { topology: made };
    if (typeof made !== 'object' || made === null || !('topology' in made)) continue;
    if (isTopology(made.topology)) return { ...settingsOf(path, made), topology: made.topology };
    throw notOne(path, `its export has a topology that is ${nounFor(made.topology)}`);
  }
  const names = Object.keys(exported);
  const found = names.map((name) => `${name} (${nounFor(exported[name])})`).join(', ');
  throw notOne(path, names.length === 0 ? 'it exports nothing' : `it exports ${found}`);
}

function notOne(path: string, found: string): HeadraceError {
  return new HeadraceError(
    'INPUT_INVALID',
    `${path} exports no topology: ${found}. Its default export, or one named "topology", must be what StreamsBuilder.build() returns, what defineTopology({ topology }) returns, or a function that returns one of them`,
    { where: { file: path } },
  );
}

/** By its shape: the module may have been written against another copy of the package. */
function isTopology(value: unknown): value is Topology {
  const topology = value as Partial<Topology> | null | undefined;
  return typeof topology?.describe === 'function' && Array.isArray(topology.plan?.subTopologies);
}

function isClass(value: unknown): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function nounFor(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === undefined ? 'undefined' : `a ${typeof value}`;
  if ('build' in value && typeof value.build === 'function') return 'a StreamsBuilder: call its build()';
  return Array.isArray(value) ? 'an array' : 'an object without a topology';
}

function settingsOf(path: string, exported: object): Omit<TopologyModule, 'topology'> {
  for (const name of Object.keys(exported)) {
    if (NAMES.includes(name)) continue;
    throw new HeadraceError('INPUT_INVALID', `${path}: a topology has no setting ${name}${nearestName(name, NAMES)}`, {
      where: { file: path },
    });
  }
  const { topology: _topology, ...settings } = exported as Record<string, unknown>;
  const parsed = module.safeParse(settings);
  if (parsed.success) return settings as Omit<TopologyModule, 'topology'>;
  const [issue] = parsed.error.issues;
  throw new HeadraceError('INPUT_INVALID', `${path}: ${issue!.path.join('.')} of the topology: ${issue!.message}`, {
    where: { file: path },
  });
}
