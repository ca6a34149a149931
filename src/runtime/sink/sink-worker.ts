import { setTimeout as sleepFor } from 'node:timers/promises';
import { type ErrorCode, HeadraceError } from '../../errors.ts';
import type { GroupOffset, Member, Transaction } from '../../log/log.ts';
import type { TopicPartition } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { bufferByPartition } from './buffer-by-partition.ts';
import { Drains } from './drains.ts';
import { OpenCut } from './open-cut.ts';
import { sinkDeadLetterTopic } from './sink-dead-letter.ts';
import type { SinkMetrics, SinkStep, SinkWorkerOptions } from './sink-options.ts';
import { intentChanges, intentCleared, readSinkState } from './sink-state.ts';
import type { Cut } from './sink-target.ts';

const BATCH_RECORDS_MAX = 20_000;
const FLUSH_INTERVAL_MS = 1_000;
/** A cut is closed at the first batch that takes its values past this. */
const CUT_BYTES_MAX = 64 * 1024 * 1024;
/** One poll asks for no more, so that records of 16 MiB are noticed in time. */
const POLL_RECORDS_MAX = 4_000;
/** A poll that finds nothing returns after this, so that stop and drain are seen. */
const POLL_TIMEOUT_MS = 100;
const BACK_OFF_MIN_MS = 100;
const BACK_OFF_MAX_MS = 10_000;

/** After these the member is lost or its position unknown: it joins again and the committed state says where it is. */
const REJOIN: ReadonlySet<ErrorCode> = new Set(['MEMBER_FENCED', 'COMMIT_UNKNOWN', 'KAFKA_UNAVAILABLE']);
/** After these nothing of the commit was written, and the same one may be tried again. */
const COMMIT_AGAIN: ReadonlySet<ErrorCode> = new Set(['COMMIT_REFUSED', 'STORAGE_FULL', 'LOG_BACKPRESSURE']);

/**
 * Brings the records of the target's topics into the target exactly once (docs/ARCHITECTURE.md, "The sink"). One
 * member per sink at this stage: a second worker under the same name fences the first. A target that is away is tried
 * again without end, with growing pauses of at most 10 s; an error that no repetition mends ends `run`, and the cut
 * stays durable for the next start.
 */
export class SinkWorker {
  readonly #options: SinkWorkerOptions;
  readonly #recordsMax: number;
  readonly #flushIntervalMs: number;
  readonly #open = new OpenCut();
  readonly #drains: Drains;
  readonly #stop = new AbortController();
  #member: Member | undefined;
  #epoch = 0;
  #assigned: readonly TopicPartition[] = [];
  #lastNumber = 0;
  #cuts = 0;
  #rows = 0;
  #deadLetters = 0;
  #lastError: string | undefined;

  constructor(options: SinkWorkerOptions) {
    this.#options = options;
    this.#recordsMax = options.batchRecordsMax ?? BATCH_RECORDS_MAX;
    this.#flushIntervalMs = options.flushIntervalMs ?? FLUSH_INTERVAL_MS;
    this.#drains = new Drains(options.log, options.target.topics);
  }

  get metrics(): SinkMetrics {
    return {
      cuts: this.#cuts,
      rows: this.#rows,
      deadLetters: this.#deadLetters,
      lag: this.#lag(),
      lastError: this.#lastError,
    };
  }

  /** Works until `stop`. Rejects with an error that no repetition mends; see the class. */
  async run(): Promise<void> {
    const { log, sink } = this.#options;
    try {
      await log.createTopics([
        { name: sinkDeadLetterTopic(sink), partitions: 1, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 },
      ]);
      for (let attempt = 0; !this.#isStopping; attempt++) {
        const cutsBefore = this.#cuts;
        try {
          await this.#runAsMember();
        } catch (error) {
          if (!(error instanceof HeadraceError) || !REJOIN.has(error.code)) throw error;
          if (this.#cuts > cutsBefore) attempt = 0;
          await this.#backOff(attempt, error);
        }
      }
      this.#drains.fail(new HeadraceError('NOT_RUNNING', 'The sink has stopped'));
    } catch (error) {
      this.#report(error);
      this.#drains.fail(error);
      throw error;
    }
  }

  /** Ends `run` after the step under way; a cut that is not finished is finished by the next start. */
  stop(): void {
    this.#stop.abort();
  }

  /**
   * Resolves when everything that was in the log at the time of this call is in the target and committed. Rejects
   * when the worker stops before.
   */
  async drain(): Promise<void> {
    if (this.#isStopping) throw new HeadraceError('NOT_RUNNING', 'The sink has stopped');
    await this.#drains.add();
  }

  get #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  async #runAsMember(): Promise<void> {
    const { log, sink, target } = this.#options;
    const topicSets = target.topics.map((topic) => [topic]);
    const member = await log.join({ group: sink, member: sink, topicSets, isExclusive: true });
    this.#member = member;
    this.#open.clear();
    try {
      while (!(await this.#poll(member)) && !this.#isStopping);
      // With each assignment the state is read anew: another member may have cut since.
      while (!this.#isStopping) {
        const state = readSinkState(member.state);
        this.#lastNumber = state.lastNumber;
        if (state.intent !== undefined && this.#assigned.length > 0) await this.#resume(member, state.intent);
        while (!this.#isStopping && !(await this.#collectAndCut(member)));
      }
    } finally {
      this.#member = undefined;
      await member.leave().catch(() => undefined);
    }
  }

  /** A cut that an earlier run has made durable: exactly its ranges again, from step 3 on. */
  async #resume(member: Member, cut: Cut): Promise<void> {
    const batches: RecordBatch[] = [];
    for (const range of cut.ranges) {
      let offset = range.from;
      while (offset < range.to) {
        const batch = await this.#options.log.read(range.topic, range.partition, offset);
        if (batch === null || batch.length === 0) {
          const message = `The sink's cut ${cut.number} reaches to offset ${range.to}, but the log ends at ${offset}`;
          throw new HeadraceError('LOG_CORRUPT', message, {
            where: { topic: range.topic, partition: range.partition, offset },
          });
        }
        batches.push(batch);
        offset = batch.offsetAt(batch.length - 1) + 1;
      }
    }
    await this.#settle(cut);
    if (!(await this.#insertAndCommit(member, cut, batches, true))) return;
    for (const range of cut.ranges) member.seek(range, range.to);
  }

  /** True when the assignment changed. */
  async #collectAndCut(member: Member): Promise<boolean> {
    const drainsSeen = this.#drains.count;
    const open = this.#open;
    const hadRecords = open.recordCount;
    if (await this.#poll(member)) return true;
    const now = this.#options.clock();
    const isIdle = open.recordCount === hadRecords;
    const isDue =
      open.recordCount > 0 &&
      (open.recordCount >= this.#recordsMax ||
        open.byteLength >= CUT_BYTES_MAX ||
        now - open.firstAtMs >= this.#flushIntervalMs ||
        now < open.firstAtMs ||
        (isIdle && drainsSeen > 0));
    if (isDue) await this.#cut(member);
    if (open.recordCount > 0) return false;
    // Only a drain that was asked for before the poll may trust what the poll said.
    const isAtEnd = isIdle && this.#assigned.every((partition) => member.isCaughtUp(partition));
    await this.#drains.check(drainsSeen, isAtEnd, this.#options.sink);
    return false;
  }

  /** One poll into the open cut. True when the assignment changed; what was polled before is then void. */
  async #poll(member: Member): Promise<boolean> {
    const open = this.#open;
    const wait =
      open.recordCount === 0 ? POLL_TIMEOUT_MS : open.firstAtMs + this.#flushIntervalMs - this.#options.clock();
    const result = await member.poll({
      maxRecords: Math.max(1, Math.min(POLL_RECORDS_MAX, this.#recordsMax - open.recordCount)),
      timeoutMs: this.#drains.count > 0 ? 1 : Math.max(1, Math.min(POLL_TIMEOUT_MS, wait)),
    });
    if (result.assignment !== undefined) {
      this.#epoch = result.assignment.epoch;
      this.#assigned = result.assignment.partitions;
      open.clear();
      return true;
    }
    const now = this.#options.clock();
    for (const batch of result.batches) if (batch.epoch === this.#epoch) open.add(batch, now);
    return false;
  }

  async #cut(member: Member): Promise<void> {
    const cut: Cut = { sink: this.#options.sink, number: this.#lastNumber + 1, ranges: this.#open.ranges() };
    this.#done('cut');
    const isDurable = await this.#commit(member, { records: [], offsets: [], stateChanges: [intentChanges(cut)] });
    if (!isDurable) return;
    this.#lastNumber = cut.number;
    this.#done('intent');
    // Nobody has sent this cut before: there is nothing to wait for.
    this.#done('settle');
    if (await this.#insertAndCommit(member, cut, this.#open.batches, false)) this.#open.clear();
  }

  async #settle(cut: Cut): Promise<void> {
    for (let attempt = 0; !this.#isStopping; attempt++) {
      try {
        await this.#options.target.settle(cut);
        this.#done('settle');
        return;
      } catch (error) {
        if (!isRetriable(error)) throw error;
        await this.#backOff(attempt, error);
      }
    }
  }

  /** Steps 4 and 5. False when the worker was stopped before they were done. */
  async #insertAndCommit(
    member: Member,
    cut: Cut,
    batches: readonly RecordBatch[],
    isResumed: boolean,
  ): Promise<boolean> {
    const { target } = this.#options;
    for (let attempt = 0; !this.#isStopping; attempt++) {
      try {
        if (attempt > 0) await target.settle(cut);
        const written = await target.write(cut, batches);
        this.#done('insert');
        const transaction = {
          records: bufferByPartition(written.deadLetters),
          offsets: cut.ranges.map(({ topic, partition, to }): GroupOffset => ({ topic, partition, offset: to })),
          stateChanges: [intentCleared()],
        };
        if (!(await this.#commit(member, transaction))) return false;
        this.#drains.committed(transaction.offsets);
        this.#cuts++;
        this.#rows += written.rows;
        this.#deadLetters += written.deadLetters.length;
        this.#lastError = undefined;
        this.#done('offsets');
        this.#options.onProgress?.(this.metrics);
        return true;
      } catch (error) {
        if (!isRetriable(error)) throw error;
        this.#options.logger?.warn({ cut: cut.number, isResumed, attempt }, 'The sink tries a cut again');
        await this.#backOff(attempt, error);
      }
    }
    return false;
  }

  /** A commit that is tried again while nothing of it was written. False when the worker was stopped before. */
  async #commit(member: Member, transaction: Omit<Transaction, 'epoch'>): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        await member.commit({ epoch: this.#epoch, ...transaction });
        return true;
      } catch (error) {
        if (!(error instanceof HeadraceError) || !COMMIT_AGAIN.has(error.code)) throw error;
        await this.#backOff(attempt, error);
        if (this.#isStopping) return false;
      }
    }
  }

  async #backOff(attempt: number, error: unknown): Promise<void> {
    this.#report(error);
    const pauseMs = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MIN_MS * 2 ** Math.min(attempt, 16));
    const sleep = this.#options.sleep ?? ((ms, signal) => sleepFor(ms, undefined, { signal }));
    await sleep(pauseMs, this.#stop.signal).catch(() => undefined);
  }

  #report(error: unknown): void {
    this.#lastError = error instanceof Error ? error.message : String(error);
    this.#options.logger?.warn({ sink: this.#options.sink, error: this.#lastError }, 'The sink met an error');
    this.#options.onProgress?.(this.metrics);
  }

  #done(step: SinkStep): void {
    this.#options.onStep?.(step);
  }

  #lag(): number {
    const member = this.#member;
    if (member === undefined) return this.#open.recordCount;
    return this.#assigned.reduce((sum, partition) => sum + member.lag(partition), this.#open.recordCount);
  }
}

/** Errors of commits have been dealt with where they came; a target's error says itself whether it may pass. */
function isRetriable(error: unknown): boolean {
  return error instanceof HeadraceError && error.retriable && !REJOIN.has(error.code);
}
