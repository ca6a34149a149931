import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { Member } from '../../log/log.ts';
import type { TopicPartition } from '../../log/record.ts';
import { OpenCut } from './open-cut.ts';
import type { PreparedRows } from './sink-target.ts';

/** So many records are cut as soon as nothing else is being written: larger cuts come from those that wait meanwhile. */
const RECORDS_DUE = 10_000;
/** A cut is closed at the first batch that takes its records past this. */
const CUT_BYTES_MAX = 64 * 1024 * 1024;
/** One poll asks for no more, so that records of 16 MiB are noticed in time, and nobody waits long for the event loop. */
const POLL_RECORDS_MAX = 4_000;
/** The sink merges nothing: with a backlog in many partitions, small shares of all would be as many small batches. */
const SHARE_RECORDS_MIN = 250;
/** A poll that finds nothing returns after this, so that stop and drain are seen. */
const POLL_TIMEOUT_MS = 100;

export interface IntakeOptions {
  readonly clock: Clock;
  /** Records of a cut, at most about. */
  readonly recordsMax: number;
  /** How long the first record of a cut waits for others. */
  readonly flushIntervalMs: number;
  readonly prepare: (() => PreparedRows) | undefined;
}

/** What the sink's member polls, as the cut that is open; its size is bounded. */
export class Intake {
  readonly #options: IntakeOptions;
  #open: OpenCut;
  #epoch = 0;
  #assigned: readonly TopicPartition[] = [];

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#open = this.#empty();
  }

  /** Of the assignment that the last poll brought; commits carry it. */
  get epoch(): number {
    return this.#epoch;
  }

  get assigned(): readonly TopicPartition[] {
    return this.#assigned;
  }

  get recordCount(): number {
    return this.#open.recordCount;
  }

  /** Whether the open cut takes no more. */
  get isFull(): boolean {
    return this.#open.recordCount >= this.#options.recordsMax || this.#open.byteLength >= CUT_BYTES_MAX;
  }

  /** Whether the open cut is worth an insert, or its first record has waited long enough. */
  get isDue(): boolean {
    if (this.#open.recordCount === 0) return false;
    const now = this.#options.clock();
    const { firstAtMs, recordCount } = this.#open;
    return (
      this.isFull || recordCount >= RECORDS_DUE || now - firstAtMs >= this.#options.flushIntervalMs || now < firstAtMs
    );
  }

  /** One poll into the open cut. True when the assignment changed; what was polled before is then void. */
  async poll(member: Member, timeoutMaxMs = POLL_TIMEOUT_MS): Promise<boolean> {
    const { clock, recordsMax, flushIntervalMs } = this.#options;
    const open = this.#open;
    const flushInMs = open.recordCount === 0 ? timeoutMaxMs : open.firstAtMs + flushIntervalMs - clock();
    const result = await member.poll({
      maxRecords: Math.max(1, Math.min(POLL_RECORDS_MAX, recordsMax - open.recordCount)),
      shareMin: SHARE_RECORDS_MIN,
      timeoutMs: Math.max(1, Math.min(timeoutMaxMs, POLL_TIMEOUT_MS, flushInMs)),
    });
    if (result.assignment !== undefined) {
      this.#epoch = result.assignment.epoch;
      this.#assigned = result.assignment.partitions;
      this.drop();
      return true;
    }
    if (result.batches.length === 0) return false;
    const now = clock();
    for (const batch of result.batches) if (batch.epoch === this.#epoch) open.add(batch, now);
    // A long backlog is polled and encoded without waiting for anything: others want a turn in between.
    await nextTurn();
    return false;
  }

  /** The open cut; the next poll begins another. */
  take(): OpenCut {
    const open = this.#open;
    this.#open = this.#empty();
    return open;
  }

  drop(): void {
    this.#open = this.#empty();
  }

  #empty(): OpenCut {
    return new OpenCut(this.#options.prepare?.());
  }
}
