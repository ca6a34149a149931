import type { TopicPartition } from '../../record.ts';
import type { RecordBatch } from '../../record-batch.ts';

/** For whom a changelog is read: its owner, who begins to work when it is at the end, or a standby, who goes on reading. */
export type RestoreKind = 'owner' | 'standby';

/**
 * How far a restore is: told at its beginning, where there is anything to do, and after each step; `endOffset - offset` is what remains, in offsets, and
 * records and bytes count from `fromOffset` on.
 */
export interface RestoreProgress extends TopicPartition {
  readonly group: string;
  readonly kind: RestoreKind;
  /** Whether it is at the end, or was given up. */
  readonly isOver: boolean;
  readonly fromOffset: number;
  readonly offset: number;
  readonly endOffset: number;
  readonly records: number;
  readonly bytes: number;
}

/** What is told of one restore. */
export class Progress {
  #now: RestoreProgress;
  readonly #tell: ((progress: RestoreProgress) => void) | undefined;

  constructor(
    {
      kind,
      group,
      changelog,
      end,
      onProgress,
    }: {
      readonly kind: RestoreKind;
      readonly group: string;
      readonly changelog: TopicPartition;
      readonly end: number;
      readonly onProgress?: (progress: RestoreProgress) => void;
    },
    fromOffset: number,
  ) {
    const counts = { fromOffset, offset: fromOffset, endOffset: end, records: 0, bytes: 0 };
    this.#now = { topic: changelog.topic, partition: changelog.partition, group, kind, isOver: false, ...counts };
    this.#tell = onProgress;
    if (fromOffset < end) onProgress?.(this.#now);
  }

  add(batches: readonly RecordBatch[], offset: number): void {
    let { records, bytes } = this.#now;
    for (const batch of batches) {
      records += batch.length;
      bytes += batch.byteLength;
    }
    this.#now = { ...this.#now, offset, records, bytes, isOver: offset >= this.#now.endOffset };
    this.#tell?.(this.#now);
  }

  giveUp(): void {
    this.#tell?.({ ...this.#now, isOver: true });
  }
}
