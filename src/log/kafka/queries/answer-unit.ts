import type { CommittedPartition, CommittedState } from '../../log.ts';
import type { AskedLookup, LookupResult, StateLookup, UnitQuestion } from './question.ts';

/** Bytes of all answers to one request: a tenth of a second in which the owner does nothing else. */
export const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
/** What an entry takes beside its bytes. */
const ENTRY_BYTES = 16;

/** What is left for answers; each unit may overdraw it by one entry, so that every answer is progress. */
export interface Room {
  bytes: number;
}

/** The results of a unit's lookups, read in this turn: no commit comes in between. */
export function resultsOf(
  state: CommittedState,
  { unit, lookups }: UnitQuestion,
  isSame: boolean,
  room: Room,
): readonly (LookupResult | null)[] {
  let isFirst = true;
  return lookups.map((asked) => {
    if (isSame && asked.moreBytes === 0) return null;
    if (room.bytes <= 0 && !isFirst) return null;
    isFirst = false;
    return resultOf(state.partition(asked.lookup.store, unit.partition), asked, isSame, room);
  });
}

function resultOf(partition: CommittedPartition, asked: AskedLookup, isSame: boolean, room: Room): LookupResult {
  const { lookup, after, moreBytes, allBytes } = asked;
  if (lookup.kind === 'get') {
    const value = partition.get(lookup.key);
    room.bytes -= ENTRY_BYTES + (value?.length ?? 0);
    return { kind: 'get', value };
  }
  const entries: (readonly [string, Uint8Array])[] = [];
  let wanted = Math.min(isSame ? moreBytes : allBytes, room.bytes);
  for (const entry of rangeOf(partition, lookup, isSame ? after : undefined)) {
    if (wanted <= 0 && entries.length > 0) return { kind: 'range', entries, isWhole: false };
    entries.push(entry);
    const bytes = entryBytes(entry);
    wanted -= bytes;
    room.bytes -= bytes;
  }
  return { kind: 'range', entries, isWhole: true };
}

/** The rest of a range behind a key. */
export function rangeOf(
  partition: CommittedPartition,
  { from, to, isReversed }: StateLookup & { readonly kind: 'range' },
  after: string | undefined,
): IterableIterator<readonly [key: string, value: Uint8Array]> {
  if (after === undefined) return partition.range(from, to, isReversed);
  // The least key behind another one is that one with a zero byte.
  return isReversed ? partition.range(from, after, true) : partition.range(`${after}\u0000`, to);
}

export function entryBytes([key, value]: readonly [key: string, value: Uint8Array]): number {
  return ENTRY_BYTES + key.length + value.length;
}
