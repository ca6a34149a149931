import { HeadraceError } from '../../errors.ts';
import type { CommittedState, StateChanges } from '../../log/log.ts';
import type { Cut } from './sink-target.ts';

/** The store of a sink's group in which it keeps its cut; one partition, for a sink has one member. */
export const SINK_STORE = '__sink';

/** The cut that is under way, deleted with the commit of its offsets. */
const INTENT_KEY = 'intent';
/** The number of the last cut. */
const NUMBER_KEY = 'number';

export interface SinkState {
  readonly lastNumber: number;
  readonly intent: Cut | undefined;
}

/** What the sink's last commit says. Throws LOG_CORRUPT where it is not what we wrote. */
export function readSinkState(state: CommittedState): SinkState {
  const partition = state.partition(SINK_STORE, 0);
  const number = partition.get(NUMBER_KEY);
  const intent = partition.get(INTENT_KEY);
  try {
    return {
      lastNumber: number === undefined ? 0 : (JSON.parse(Buffer.from(number).toString()) as number),
      intent: intent === undefined ? undefined : (JSON.parse(Buffer.from(intent).toString()) as Cut),
    };
  } catch (cause) {
    throw new HeadraceError('LOG_CORRUPT', `The state ${SINK_STORE} of the sink cannot be read`, { cause });
  }
}

export function intentChanges(cut: Cut): StateChanges {
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  return {
    store: SINK_STORE,
    partition: 0,
    entries: [
      [INTENT_KEY, json(cut)],
      [NUMBER_KEY, json(cut.number)],
    ],
  };
}

export function intentCleared(): StateChanges {
  return { store: SINK_STORE, partition: 0, entries: [[INTENT_KEY, null]] };
}
