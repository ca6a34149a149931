import { type Draft, type DraftOptions, ScenarioDraft } from './draft.ts';
import { families } from './families.ts';

/** A scenario of a family out of a seed; the oracle adds what Kafka Streams makes of it. Throws where there is no such family. */
export function generate(options: DraftOptions): Draft {
  const family = families[options.family];
  if (family === undefined) {
    throw new RangeError(`there is no family ${options.family}; there are ${Object.keys(families).join(', ')}`);
  }
  const draft = new ScenarioDraft(options);
  family(draft);
  return draft.done;
}
