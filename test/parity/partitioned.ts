import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { topologyOf } from './interpreter.ts';
import { Oracle } from './oracle.ts';
import { readScenario, type Scenario } from './scenario.ts';

/**
 * Those of the scenarios that mean the same on several partitions, each partition by itself, with what Kafka Streams made of
 * them there: as the file says, as it is stored in partitioned/, else as the oracle says now. Where none of the three is at
 * hand, what the file expects is taken to be so.
 */
export async function forPartitions(
  scenarios: readonly Scenario[],
  partitions: number,
  source: string,
): Promise<readonly Scenario[]> {
  const stored = new Map(storedIn(join(source, 'partitioned'), partitions).map((each) => [identityOf(each), each]));
  const known: (Scenario | undefined)[] = [];
  const unknown: Scenario[] = [];
  const split = scenarios.filter(hasNoInternalTopic);
  for (const scenario of split) {
    const found = scenario.partitions === partitions ? scenario : stored.get(identityOf(scenario));
    known.push(found === undefined ? undefined : { ...scenario, expected: found.expected });
    if (found === undefined) unknown.push(scenario);
  }
  const told = unknown.length === 0 ? [] : await askOracle(unknown);
  return known.map((each) => each ?? told.shift()!);

  async function askOracle(asked: readonly Scenario[]): Promise<Scenario[]> {
    const oracle = Oracle.find(join(source, 'oracle'));
    return 'problem' in oracle ? [...asked] : oracle.ask(asked, partitions).map((each, index) => each ?? asked[index]!);
  }
}

/** One that this version cannot build fails when it is run. */
export function hasNoInternalTopic(scenario: Scenario): boolean {
  try {
    return topologyOf(scenario).topology.plan.repartitionTopics.length === 0;
  } catch {
    return true;
  }
}

function storedIn(directory: string, partitions: number): readonly Scenario[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .map((file) => readScenario(join(directory, file)))
    .filter((each): each is Scenario => !('problem' in each) && each.partitions === partitions);
}

function identityOf({ topology, input }: Scenario): string {
  return JSON.stringify([topology, input]);
}
