import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HeadraceError } from '../../errors.ts';
import { type PlanJson, parsePlanJson, planJsonOf } from '../../streams/topology/plan-json.ts';
import type { Topology } from '../../streams/topology/topology.ts';
import { systemsOf } from '../systems.ts';

/** What a name on the command line stands for: a plan, and the topology itself where it is not only a saved plan. */
export interface LoadedPlan {
  readonly plan: PlanJson;
  readonly topology?: Topology;
}

const MODULES: ReadonlySet<string> = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts']);

/**
 * A system of the bank by its name, a plan that was saved as JSON, or a JavaScript module whose default or named `topology`
 * export is a topology, or a function that makes one. Throws USAGE for what is none of these, INPUT_INVALID for a file that
 * holds something else.
 */
export async function loadPlan(name: string): Promise<LoadedPlan> {
  const systems = systemsOf({});
  const system = systems.find(({ application }) => application === name);
  if (system !== undefined) return { topology: system.topology, plan: planJsonOf(system.topology.plan) };
  const path = resolve(name);
  if (!existsSync(path) || statSync(path).isDirectory()) {
    const known = systems.map(({ application }) => application).join(', ');
    throw new HeadraceError(
      'USAGE',
      `${name} is no system (${known}), and there is no such file: give a system, a plan saved with --save, or a JavaScript module that exports a topology`,
    );
  }
  if (MODULES.has(extname(path))) return loadModule(path);
  return { plan: parsePlanJson(jsonIn(path), name) };
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (cause) {
    throw new HeadraceError('INPUT_INVALID', `${path} is not JSON: ${(cause as Error).message}`, {
      cause,
      where: { file: path },
    });
  }
}

async function loadModule(path: string): Promise<LoadedPlan> {
  let exported: { readonly default?: unknown; readonly topology?: unknown };
  try {
    exported = (await import(pathToFileURL(path).href)) as typeof exported;
  } catch (cause) {
    const hint = path.endsWith('ts') ? ' (compile it to JavaScript where this Node runs no TypeScript)' : '';
    throw new HeadraceError('INPUT_INVALID', `${path} can't be loaded${hint}: ${(cause as Error).message}`, {
      cause,
      where: { file: path },
    });
  }
  for (const each of [exported.default, exported.topology]) {
    // A topology that can't be built says so itself, with TOPOLOGY_INVALID.
    const made: unknown = typeof each === 'function' ? await (each as () => unknown)() : each;
    if (isTopology(made)) return { topology: made, plan: planJsonOf(made.plan) };
  }
  throw new HeadraceError(
    'INPUT_INVALID',
    `${path} exports no topology: its default export, or one named "topology", must be what StreamsBuilder.build() returns, or a function that returns it`,
    { where: { file: path } },
  );
}

/** By its shape: the module may have been written against another copy of the package. */
function isTopology(value: unknown): value is Topology {
  const topology = value as Partial<Topology> | null | undefined;
  return typeof topology?.describe === 'function' && Array.isArray(topology.plan?.subTopologies);
}
