import { seededRandom, seedOf } from '../../random.ts';
import type { FailsRecord } from './journal.ts';
import type { Script } from './script.ts';
import type { SimulatedApplication } from './simulation-options.ts';

/**
 * Which records of an application fail after their operators have run: by their place, so that one fails in every try, and in a smaller
 * run as well. None where the user decides what becomes of such records, for the worker may end by it.
 */
export function failingRecords({ application, errorHandlers }: SimulatedApplication, script: Script): FailsRecord {
  const { seed, rates } = script;
  if (rates.failRecord === 0 || errorHandlers?.processing !== undefined) return () => false;
  return ({ topic, partition, offset }) => {
    const place = seedOf(`${seed} ${application} ${topic} ${partition} ${offset}`);
    return seededRandom(place).next() < rates.failRecord;
  };
}
