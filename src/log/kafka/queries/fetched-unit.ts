import type { CommittedPartition } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import { entryBytes } from './answer-unit.ts';
import type { OwnerStamp, StateLookup, UnitAnswer, UnitQuestion } from './question.ts';

/** The first part of a range, and how parts grow up to the greatest. */
const FIRST_PART_BYTES = 64 * 1024;
const PART_GROWTH = 4;
const PART_BYTES_MAX = 8 * 1024 * 1024;

/** A lookup and what is known of its answer. */
interface Held {
  readonly lookup: StateLookup;
  isWhole: boolean;
  value: Uint8Array | undefined;
  entries: (readonly [key: string, value: Uint8Array])[];
  bytes: number;
  /** How much more a run missed. */
  missedBytes: number;
}

/** What a reading knows of a unit that another process owns: all of it of one version. */
export class FetchedUnit {
  readonly unit: TopicPartition;
  #held = new Map<string, Held>();
  #version: string | undefined;
  #stamp: OwnerStamp | undefined;
  #conflicts = 0;
  /** Whether it must be asked for again before it counts: its owner may be another by now. */
  isDoubted = true;

  constructor(unit: TopicPartition) {
    this.unit = unit;
  }

  get stamp(): OwnerStamp | undefined {
    return this.#stamp;
  }

  /** How often an answer came under another version than the one before. */
  get conflicts(): number {
    return this.#conflicts;
  }

  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#held.values()) sum += bytes;
    return sum;
  }

  /** A store's partition as far as it is known; calls `onMiss` where a reader runs out of that. */
  partition(store: string, onMiss: () => void): CommittedPartition {
    const held = (lookup: StateLookup) => this.#of(lookup);
    return {
      get(key) {
        const found = held({ kind: 'get', store, key });
        if (!found.isWhole) miss(found, onMiss);
        return found.value === undefined ? undefined : new Uint8Array(found.value);
      },
      *range(from, to, reverse = false) {
        const found = held({ kind: 'range', store, from, to, isReversed: reverse });
        for (const [key, value] of found.entries) yield [key, new Uint8Array(value)] as const;
        if (!found.isWhole) miss(found, onMiss);
      },
    };
  }

  /** To be answered by the owner, and {@link take}n with this question. */
  question(): UnitQuestion {
    const lookups = [...this.#held.values()].map(({ lookup, entries, bytes, missedBytes }) => ({
      lookup,
      after: entries.at(-1)?.[0],
      moreBytes: missedBytes,
      allBytes: bytes + missedBytes,
    }));
    return { unit: this.unit, version: this.#version, lookups };
  }

  take({ lookups }: UnitQuestion, { stamp, version, isSame, results }: UnitAnswer): void {
    if (!isSame) {
      if (this.#version !== undefined) this.#conflicts++;
      for (const held of this.#held.values()) forget(held);
    }
    this.#version = version;
    this.#stamp = stamp;
    this.isDoubted = false;
    for (const [i, { lookup }] of lookups.entries()) {
      const result = results[i];
      if (result == null) continue;
      const held = this.#of(lookup);
      if (result.kind === 'get') {
        held.value = result.value;
        held.isWhole = true;
        held.bytes = result.value?.length ?? 0;
      } else {
        for (const entry of result.entries) {
          held.entries.push(entry);
          held.bytes += entryBytes(entry);
        }
        held.isWhole = result.isWhole;
      }
      held.missedBytes = 0;
    }
  }

  #of(lookup: StateLookup): Held {
    const key = JSON.stringify(
      lookup.kind === 'get'
        ? [lookup.store, lookup.key]
        : [lookup.store, lookup.from ?? null, lookup.to ?? null, lookup.isReversed],
    );
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { lookup, isWhole: false, value: undefined, entries: [], bytes: 0, missedBytes: 0 };
      this.#held.set(key, held);
    }
    return held;
  }
}

function miss(held: Held, onMiss: () => void): void {
  held.missedBytes = Math.min(PART_BYTES_MAX, Math.max(FIRST_PART_BYTES, held.bytes * PART_GROWTH));
  onMiss();
}

function forget(held: Held): void {
  held.isWhole = false;
  held.value = undefined;
  held.entries = [];
  held.bytes = 0;
}
