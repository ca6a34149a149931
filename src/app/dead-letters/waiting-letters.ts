import { discardOf, type ParkedPlace, parkedPlaceOf, placeOf } from '../../runtime/replay.ts';
import type { PartitionParking } from './committed-parking.ts';
import type { Letter } from './letters.ts';

/** Of a parked letter: it is its turn, it waits for its turn, or it has had it (or a later letter stands for it). */
export type LetterStatus = 'next' | 'waits' | 'over';

/** The records of one key that wait behind a dead letter. */
export interface WaitingKey {
  readonly application: string;
  /** The first dead letter's record, as `TOPIC-PARTITION@OFFSET`. */
  readonly behind: string;
  readonly next: number;
  readonly last: number;
  /** Those that still wait, in the order in which their turn comes; where one failed again, its newest letter. */
  readonly letters: readonly Letter[];
}

/** Which letters wait, by the committed state: what a letter says of itself may be over. */
export class WaitingLetters {
  readonly #keys = new Map<
    string,
    { readonly next: number; readonly last: number; readonly letters: Map<number, Letter> }
  >();

  constructor(parkings: readonly PartitionParking[]) {
    for (const { application, keys, ...source } of parkings) {
      for (const { episode, next, last } of keys) {
        this.#keys.set(nameOf({ application, behind: placeOf(source, episode) }), { next, last, letters: new Map() });
      }
    }
  }

  /** To be told of all letters, each partition in its order: a later one of the same sequence takes the place of an earlier. */
  add(letter: Letter): void {
    const place = parkedPlaceOf(letter.record.headers);
    if (place === undefined) return;
    const waiting = this.#keys.get(nameOf(place));
    if (waiting !== undefined && place.sequence >= waiting.next) waiting.letters.set(place.sequence, letter);
  }

  /** Undefined for a letter that was never parked. */
  statusOf(letter: Letter): LetterStatus | undefined {
    if (discardOf(letter.record.headers) !== undefined) return 'over';
    const place = parkedPlaceOf(letter.record.headers);
    if (place === undefined) return undefined;
    const waiting = this.#keys.get(nameOf(place));
    const standing = waiting?.letters.get(place.sequence);
    if (waiting === undefined || standing?.record.offset !== letter.record.offset) return 'over';
    return place.sequence === waiting.next ? 'next' : 'waits';
  }

  /** The letter whose turn comes before that of a letter that waits. */
  nextBefore(letter: Letter): Letter | undefined {
    const place = parkedPlaceOf(letter.record.headers);
    const waiting = place === undefined ? undefined : this.#keys.get(nameOf(place));
    return waiting?.letters.get(waiting.next);
  }

  /** By key, those that began to wait first at first. */
  keys(): readonly WaitingKey[] {
    return [...this.#keys].map(([name, { next, last, letters }]) => {
      const [application, behind] = JSON.parse(name) as readonly [string, string];
      const inOrder = [...letters].sort(([left], [right]) => left - right).map(([, letter]) => letter);
      return { application, behind, next, last, letters: inOrder };
    });
  }
}

function nameOf({ application, behind }: Pick<ParkedPlace, 'application' | 'behind'>): string {
  return JSON.stringify([application, behind]);
}
