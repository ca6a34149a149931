import type { Member } from '../log/log.ts';
import type { RecordQueue } from './record-queue.ts';

/** Partitions with a full queue are paused, and resumed when it has gone down to half. */
export class FetchBalance {
  readonly #paused = new Set<RecordQueue>();

  balance(member: Pick<Member, 'pause' | 'resume'>, queues: Iterable<RecordQueue>): void {
    for (const queue of queues) {
      if (queue.size >= queue.recordsMax && !this.#paused.has(queue)) {
        this.#paused.add(queue);
        member.pause([queue]);
      } else if (queue.size <= queue.recordsMax / 2 && this.#paused.delete(queue)) {
        member.resume([queue]);
      }
    }
  }

  /** The queues were made anew, and nothing is paused. */
  reset(): void {
    this.#paused.clear();
  }
}
