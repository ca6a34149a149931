import type { RecordPosition, TopicPartition } from '../log/record.ts';

interface Range {
  readonly from: number;
  /** The offset after the last. */
  to: number;
}

/**
 * Which records of a topic one intake has appended, as ranges of offsets: others may append between its batches.
 * Positions of a partition come in ascending order.
 */
export class AppendedRanges {
  readonly #ranges = new Map<number, Range[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(positions: readonly RecordPosition[]): void {
    this.#count += positions.length;
    for (const { partition, offset } of positions) {
      const ranges = this.#ranges.get(partition) ?? [];
      if (ranges.length === 0) this.#ranges.set(partition, ranges);
      const last = ranges.at(-1);
      if (last?.to === offset) last.to++;
      else ranges.push({ from: offset, to: offset + 1 });
    }
  }

  has({ partition, offset }: Omit<RecordPosition, keyof TopicPartition> & Pick<TopicPartition, 'partition'>): boolean {
    const ranges = this.#ranges.get(partition) ?? [];
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ranges[middle]!.to <= offset) low = middle + 1;
      else high = middle;
    }
    return low < ranges.length && ranges[low]!.from <= offset;
  }
}
