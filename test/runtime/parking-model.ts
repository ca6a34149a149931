import { bytesSerde, keyValueStore, type Serde, StreamsBuilder, type Topology } from 'headrace';
import { type TestRecord, TopologyTestDriver } from 'headrace/testing';
import { discardOf, parkedPlaceOf, replayRecord } from '../../src/runtime/replay.ts';
import { text } from '../text-serde.ts';

/** What can happen to a topic whose records fail; picks are taken modulo what there is. */
export type Action =
  | { readonly do: 'arrive'; readonly key: number; readonly breaks: 'nothing' | 'decoding' | 'processing' }
  | { readonly do: 'replay'; readonly picks: readonly number[] }
  | { readonly do: 'discard'; readonly pick: number }
  | { readonly do: 'mend'; readonly pick: number }
  | { readonly do: 'commit' }
  | { readonly do: 'crash' };

export interface ParkingOptions {
  /** Off, and later records do not wait: what the checker must find. */
  readonly parkKeys: boolean;
  /** Replays come as ordinary records: what the checker must find too. */
  readonly forgetsReplays?: boolean;
}

const KEYS = [null, 'a', 'b', 'c'];
const PARTITIONS = 2;

type Letter = TestRecord<Uint8Array, Uint8Array>;

/** Values that fail, and where, as long as nobody has mended them. */
export type Broken = Map<string, 'decoding' | 'processing'>;

/** Numbers the values of each key in a store, and fails after that. */
export function brittleTopology(broken: Broken): Topology {
  const unlessBroken = (value: string, where: 'decoding' | 'processing') => {
    if (broken.get(value) === where) throw new RangeError(`${value} is broken`);
    return value;
  };
  const value: Serde<string> = {
    serialize: text.serialize,
    deserialize: (bytes) => unlessBroken(text.deserialize(bytes), 'decoding'),
  };
  const builder = new StreamsBuilder();
  builder
    .stream('in', { key: text, value })
    .process({
      name: 'number',
      stores: { seen: keyValueStore({ name: 'seen', key: text, value: text }) },
      key: text,
      value: text,
      processor: (context) => (key, each) => {
        const number = Number(context.stores.seen.get(key ?? 'none') ?? '0') + 1;
        context.stores.seen.put(key ?? 'none', String(number));
        context.forward(key, `${each}#${number}`);
        unlessBroken(each!, 'processing');
      },
    })
    .to('out');
  return builder.build();
}

/** The test driver over that topology, what was sent to it, and its dead letters. */
export class ParkingModel {
  readonly #driver: TopologyTestDriver;
  readonly #options: ParkingOptions;
  readonly #broken: Broken = new Map();
  readonly #letters: Letter[] = [];
  readonly #arrived: (readonly [key: string | null, value: string])[] = [];
  readonly #processed: (readonly [key: string | null, value: string])[] = [];

  constructor(options: ParkingOptions) {
    this.#options = options;
    const { parkKeys } = options;
    this.#driver = new TopologyTestDriver(brittleTopology(this.#broken), {
      parkKeys,
      partitions: PARTITIONS,
      commit: 'manual',
    });
  }

  act(action: Action): void {
    switch (action.do) {
      case 'arrive':
        this.#arrive(KEYS[action.key % KEYS.length]!, action.breaks);
        return;
      case 'replay':
        for (const pick of action.picks) this.#replay(this.#waiting(), pick);
        return;
      case 'discard':
        this.#replay(this.#waiting(), action.pick, { by: 'anna', why: 'never' });
        return;
      case 'mend':
        this.#broken.delete([...this.#broken.keys()][action.pick % Math.max(1, this.#broken.size)] ?? '');
        return;
      case 'commit':
        this.#driver.commit();
        break;
      case 'crash':
        this.#driver.crash();
    }
    this.#look();
  }

  /** Mends everything, and replays whatever waits once, in order: that must be enough. */
  end(): void {
    this.#broken.clear();
    this.act({ do: 'commit' });
    const letters = this.#waiting().toSorted(
      (left, right) => parkedPlaceOf(left.headers)!.sequence - parkedPlaceOf(right.headers)!.sequence,
    );
    for (let pick = 0; pick < letters.length; pick++) this.#replay(letters, pick);
    this.act({ do: 'commit' });
  }

  /** Everything that is wrong with what came out so far; with `isEnd` also what is missing. */
  violations(isEnd: boolean): readonly string[] {
    return violationsIn({
      arrived: this.#arrived,
      processed: this.#processed,
      discarded: this.#discarded(),
      unparked: new Set(this.#letters.filter(({ key }) => key === null).map(valueIn)),
      isEnd,
    });
  }

  #arrive(key: string | null, breaks: 'nothing' | 'decoding' | 'processing'): void {
    const value = `${key ?? 'none'}:${this.#arrived.length}`;
    if (breaks !== 'nothing') this.#broken.set(value, breaks);
    this.#arrived.push([key, value]);
    this.#driver.inputTopic('in', { key: text, value: text }).pipe(key, value, { timestamp: this.#arrived.length });
  }

  #replay(letters: readonly Letter[], pick: number, discard?: { readonly by: string; readonly why: string }): void {
    const letter = letters[pick % Math.max(1, letters.length)];
    if (letter === undefined) return;
    const { key, value, timestamp, partition, headers } = replayRecord(letter, discard);
    const said = this.#options.forgetsReplays ? [] : headers!;
    this.#driver
      .inputTopic('in', { key: text, value: text })
      .pipeBytes(key, value, { timestamp, partition, headers: said });
  }

  #waiting(): readonly Letter[] {
    return this.#letters.filter(({ headers }) => parkedPlaceOf(headers) !== undefined);
  }

  #discarded(): ReadonlySet<string> {
    const letters = this.#letters.filter(({ headers }) => discardOf(headers) !== undefined);
    return new Set(letters.map(valueIn));
  }

  /** Takes what was committed. */
  #look(): void {
    this.#letters.push(...this.#driver.outputTopic('in.dlq', { key: bytesSerde, value: bytesSerde }).readAll());
    for (const { key, value } of this.#driver.outputTopic('out', { key: text, value: text }).readAll())
      this.#processed.push([key, value!]);
  }
}

const valueIn = ({ value }: Letter) => Buffer.from(value!).toString();

export interface Course {
  readonly arrived: readonly (readonly [key: string | null, value: string])[];
  /** In the order in which they came out, with the number that the store gave each behind a `#`. */
  readonly processed: readonly (readonly [key: string | null, value: string])[];
  readonly discarded: ReadonlySet<string>;
  /** Dead letters without a key: nobody waits for them. */
  readonly unparked: ReadonlySet<string>;
  readonly isEnd: boolean;
}

/** For each key the processed values must be those that arrived, in that order, without those discarded; none twice. */
export function violationsIn({ arrived, processed, discarded, unparked, isEnd }: Course): readonly string[] {
  const found: string[] = [];
  for (const key of new Set(arrived.map(([each]) => each))) {
    const due = arrived.flatMap(([each, value]) => (each === key ? [value] : []));
    const wanted = due.filter((value) => !discarded.has(value) && !unparked.has(value));
    const got = processed.flatMap(([each, value]) => (each === key ? [value] : []));
    got.forEach((value, index) => {
      if (value !== `${wanted[index]}#${index + 1}`)
        found.push(`${key}: ${value} came where ${wanted[index]}#${index + 1} was due`);
    });
    if (isEnd && got.length < wanted.length) found.push(`${key}: ${wanted.slice(got.length).join()} never came`);
  }
  return found;
}
