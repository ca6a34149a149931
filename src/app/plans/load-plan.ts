import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { HeadraceError } from '../../errors.ts';
import { type PlanJson, parsePlanJson, planJsonOf } from '../../streams/topology/plan-json.ts';
import type { Topology } from '../../streams/topology/topology.ts';
import { loadModule, MODULE_ENDINGS } from '../modules/load-module.ts';
import { systemsOf } from '../systems.ts';
import { exportedTopology } from '../user-topology/loaded-topology.ts';

/** What a name on the command line stands for: a plan, and the topology itself where it is not only a saved plan. */
export interface LoadedPlan {
  readonly plan: PlanJson;
  readonly topology?: Topology;
}

/**
 * A system of the bank by its name, a plan that was saved as JSON, or a module of TypeScript or JavaScript whose default or named
 * `topology` export is a topology, a definition of one, or a function that makes one. Throws USAGE for what is none of these, INPUT_INVALID for a file that
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
      `${name} is no system (${known}), and there is no such file: give a system, a plan saved with --save, or a module of TypeScript or JavaScript that exports a topology`,
    );
  }
  if (MODULE_ENDINGS.has(extname(path))) {
    const { topology } = await exportedTopology(path, await loadModule(path, 'a topology'));
    return { topology, plan: planJsonOf(topology.plan) };
  }
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
