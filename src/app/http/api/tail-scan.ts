import type { GroupOffset } from '../../../log/log.ts';
import type { RecordBatch } from '../../../log/record-batch.ts';
import type { ApiBackend } from './api-backend.ts';
import { refuse } from './problem.ts';

const RETRY_AFTER_SECONDS = 2;

/** The records of one key behind an offset of a partition, each handed out once, however often it is asked. */
export class TailScan {
  readonly #backend: Pick<ApiBackend, 'readBatch' | 'watermarks'>;
  readonly #topic: string;
  readonly #partition: number;
  readonly #matches: (batch: RecordBatch, index: number) => boolean;
  #next: number;
  #left: number;

  /** `recordsMax` bounds what is looked through in all; beyond it {@link read} throws a problem of status 503. */
  constructor(
    backend: Pick<ApiBackend, 'readBatch' | 'watermarks'>,
    at: GroupOffset,
    recordsMax: number,
    matches: (batch: RecordBatch, index: number) => boolean,
  ) {
    this.#backend = backend;
    this.#topic = at.topic;
    this.#partition = at.partition;
    this.#next = at.offset;
    this.#left = recordsMax;
    this.#matches = matches;
  }

  /** Calls `found` for every record that matches, up to the end as it is now, or until it returns true: it has enough. */
  async read(found: (batch: RecordBatch, index: number) => boolean): Promise<void> {
    const end = (await this.#backend.watermarks(this.#topic))[this.#partition]!.end;
    while (this.#next < end) {
      const batch = await this.#backend.readBatch(this.#topic, this.#partition, this.#next);
      if (batch === null || batch.length === 0) return;
      this.#left -= batch.length;
      if (this.#left < 0) {
        throw refuse(503, 'TOO_FAR_BEHIND', `${this.#topic} is too far ahead of its readers`, RETRY_AFTER_SECONDS);
      }
      for (let index = 0; index < batch.length; index++) {
        if (this.#matches(batch, index) && found(batch, index)) return;
      }
      this.#next = batch.offsetAt(batch.length - 1) + 1;
    }
  }
}

/** Matches the records of a key. */
export function ofKey(key: Uint8Array): (batch: RecordBatch, index: number) => boolean {
  const wanted = Buffer.from(key);
  return (batch, index) => {
    const found = batch.keyAt(index);
    return found !== null && wanted.equals(found);
  };
}

/** Where a group stands in a partition; at the first record held where it never committed. */
export async function groupPosition(
  backend: ApiBackend,
  group: string,
  topic: string,
  partition: number,
): Promise<GroupOffset> {
  const committed = (await backend.committedOffsets(group)).find(
    (each) => each.topic === topic && each.partition === partition,
  );
  const start = (await backend.watermarks(topic))[partition]!.start;
  return { topic, partition, offset: Math.max(start, committed?.offset ?? 0) };
}
