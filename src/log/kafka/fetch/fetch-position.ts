import type { PreparedPartition } from '../group/ownership.ts';
import type { RecordSetReader } from '../protocol/record-set-reader.ts';

/** How far one assigned partition was fetched and handed out. */
export class FetchPosition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly key: string;
  isPaused = false;
  /** The next offset to be handed out. */
  offset: number;
  /** Behind the last record that was handed out: from there to `offset` are markers and aborted records only. */
  handedOut: number;
  /**
   * The first offset held and the high watermark, as last heard; but what was reached is there: what is heard may be older than that, from the time
   * of an earlier assignment or from a leader that has just begun. A commit may say that everything up to here was processed.
   */
  start: number;
  end: number;
  /** Fetched and not handed out yet. */
  buffered: RecordSetReader | undefined;
  /** The poll at which `end` was asked for: what came later is not known. */
  #askedAtPoll = -1;

  constructor({ topic, topicId, partition, offset, start, end }: PreparedPartition) {
    this.topic = topic;
    this.topicId = topicId;
    this.partition = partition;
    this.key = partitionKey(topic, partition);
    this.offset = offset;
    this.handedOut = offset;
    this.start = start;
    this.end = Math.max(end, offset);
  }

  heard(start: number, end: number, askedAtPoll: number): void {
    this.start = start;
    this.end = Math.max(end, this.offset);
    this.#askedAtPoll = askedAtPoll;
  }

  /** What was handed out is there, also beyond what was heard: a broker looks at the high watermark before it reads. */
  reached(offset: number): void {
    this.offset = offset;
    this.end = Math.max(this.end, offset);
  }

  isCaughtUpAt(poll: number): boolean {
    return this.#askedAtPoll >= poll && this.buffered === undefined && this.offset >= this.end;
  }

  seek(offset: number): void {
    this.offset = offset;
    this.handedOut = offset;
    this.buffered = undefined;
    this.#askedAtPoll = -1;
  }
}

export function partitionKey(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
