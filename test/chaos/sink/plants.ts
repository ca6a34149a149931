import { join } from 'node:path';
import { type Plant, plantsIn } from '../../plants/plants.ts';
import { type PlantOptions, type PlantResult, runPlants } from '../run-plants.ts';

/** The bugs that the chaos of the sink is to find, by name. */
export function sinkPlants(root: string): readonly Plant[] {
  return plantsIn(join(root, 'test/chaos/sink/plants'));
}

/** Looks for each of them in so many kills. */
export function runSinkPlants({
  kills,
  ...options
}: Omit<PlantOptions, 'plants' | 'args'> & { readonly kills: number }): Promise<readonly PlantResult[]> {
  return runPlants({ ...options, plants: sinkPlants(options.root), args: ['--sink', '--kills', String(kills)] });
}
