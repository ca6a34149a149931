import { join } from 'node:path';
import { type Plant, plantsIn } from '../../plants/plants.ts';

/** The bugs that the chaos on Apache Kafka is to find, by name. */
export function chaosPlants(root: string): readonly Plant[] {
  return plantsIn(join(root, 'test/chaos/kafka/plants'));
}
