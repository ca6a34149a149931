import { HeadraceError } from '../../errors.ts';
import type { Member, Transaction } from '../../log/log.ts';
import { beginningOf, type CutAtHand, endOf, recordsOf } from './cut-at-hand.ts';
import { Drains } from './drains.ts';
import { Intake } from './intake.ts';
import { readCut } from './read-cut.ts';
import { sinkDeadLetterTopic } from './sink-dead-letter.ts';
import { mayCommitAgain, mayPass, mustRejoin } from './sink-faults.ts';
import type { SinkMetrics, SinkStep, SinkWorkerOptions } from './sink-options.ts';
import { SinkPatience } from './sink-patience.ts';
import { readSinkState } from './sink-state.ts';
import type { Cut } from './sink-target.ts';

const BATCH_RECORDS_MAX = 200_000;
const FLUSH_INTERVAL_MS = 1_000;
/** While somebody waits for a drain, and while a cut is being written: nobody is kept waiting for a poll. */
const SHORT_POLL_TIMEOUT_MS = 1;
/** Between two polls of which the first found nothing, while a cut is being written. */
const AHEAD_PAUSE_MS = 20;

/**
 * Brings the records of the target's topics into the target exactly once (docs/ARCHITECTURE.md, "The sink"). One
 * member per sink at this stage: a second worker under the same name fences the first. A target that is away is tried
 * again without end, with growing pauses of at most 10 s; an error that no repetition mends ends `run`, and the cut
 * stays durable for the next start.
 */
export class SinkWorker {
  readonly #options: SinkWorkerOptions;
  readonly #intake: Intake;
  readonly #drains: Drains;
  readonly #patience: SinkPatience;
  readonly #stop = new AbortController();
  #member: Member | undefined;
  #lastNumber = 0;
  /** A cut whose intent is durable, and whose rows are next. */
  #begun: CutAtHand | undefined;
  #cuts = 0;
  #rows = 0;
  #deadLetters = 0;
  /** Records of the cut that is being written, and of the next where that is cut already. */
  #writing = 0;

  constructor(options: SinkWorkerOptions) {
    this.#options = options;
    const { clock, target } = options;
    this.#intake = new Intake({
      clock,
      recordsMax: options.batchRecordsMax ?? BATCH_RECORDS_MAX,
      flushIntervalMs: options.flushIntervalMs ?? FLUSH_INTERVAL_MS,
      prepare: target.prepare === undefined ? undefined : () => target.prepare!(),
    });
    this.#drains = new Drains(options.log, options.target.topics);
    this.#patience = new SinkPatience(options, this.#stop.signal, () => options.onProgress?.(this.metrics));
  }

  get metrics(): SinkMetrics {
    return {
      cuts: this.#cuts,
      rows: this.#rows,
      deadLetters: this.#deadLetters,
      lag: this.#lag(),
      lastError: this.#patience.lastError?.message,
      lastErrorCode: this.#patience.lastError?.code,
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
          if (!mustRejoin(error)) throw error;
          if (this.#cuts > cutsBefore) attempt = 0;
          await this.#patience.backOff(attempt, error);
        }
      }
      this.#drains.fail(new HeadraceError('NOT_RUNNING', 'The sink has stopped'));
    } catch (error) {
      this.#patience.report(error);
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
    this.#intake.drop();
    this.#writing = 0;
    try {
      while (!(await this.#poll(member)) && !this.#isStopping);
      // With each assignment the state is read anew: another member may have cut since.
      while (!this.#isStopping) {
        const state = readSinkState(member.state);
        this.#lastNumber = state.lastNumber;
        this.#begun = undefined;
        if (state.intent !== undefined && this.#intake.assigned.length > 0) await this.#resume(member, state.intent);
        while (!this.#isStopping && !(await this.#collectAndCut(member)));
      }
    } finally {
      this.#member = undefined;
      await member.leave().catch(() => undefined);
    }
  }

  /** A cut that an earlier run has made durable: exactly its ranges again, from step 3 on. */
  async #resume(member: Member, cut: Cut): Promise<void> {
    // What was polled before may lie within the cut; the positions are set behind it when it is done.
    this.#intake.drop();
    const batches = await readCut(this.#options.log, cut);
    await this.#settle(cut);
    if (!(await this.#insertAndCommit(member, { cut, batches, isResumed: true }))) return;
    for (const range of cut.ranges) member.seek(range, range.to);
  }

  /** True when the assignment changed. */
  async #collectAndCut(member: Member): Promise<boolean> {
    const intake = this.#intake;
    const drainsSeen = this.#drains.count;
    const hadRecords = intake.recordCount;
    const isBusy = this.#begun !== undefined || intake.isFull;
    if (!isBusy && (await this.#poll(member))) return true;
    const isIdle = !isBusy && intake.recordCount === hadRecords;
    const isDrained = isIdle && drainsSeen > 0 && hadRecords > 0;
    const isCut = isBusy || intake.isDue || isDrained;
    if (isCut && (await this.#cut(member))) return true;
    // The next cut may have been begun while this one was written, so that there is always something at hand.
    if (intake.recordCount > 0 && !isCut) return false;
    // Only a drain that was asked for before the poll may trust what the poll said.
    const isIdleToTheEnd = isIdle && intake.recordCount === 0 && this.#writing === 0 && member.isSettled !== false;
    const isAtEnd = isIdleToTheEnd && intake.assigned.every((partition) => member.isCaughtUp(partition));
    await this.#drains.check(drainsSeen, isAtEnd, this.#options.sink);
    return false;
  }

  #poll(member: Member): Promise<boolean> {
    return this.#intake.poll(member, this.#drains.count > 0 ? SHORT_POLL_TIMEOUT_MS : undefined);
  }

  /** True when the assignment changed meanwhile. */
  async #cut(member: Member): Promise<boolean> {
    const { epoch } = this.#intake;
    if (this.#begun === undefined) {
      const next = this.#take();
      if (!(await this.#commit(member, beginningOf(next.cut)))) return false;
      this.#begin(next);
    }
    const atHand = this.#begun!;
    this.#begun = undefined;
    // Nobody has sent this cut before: there is nothing to wait for.
    this.#done('settle');
    await this.#insertAndCommit(member, atHand);
    return this.#intake.epoch !== epoch;
  }

  /** All that is polled, as the next cut. */
  #take(): CutAtHand {
    const open = this.#intake.take();
    const cut: Cut = { sink: this.#options.sink, number: this.#lastNumber + 1, ranges: open.ranges() };
    this.#writing += recordsOf(cut);
    this.#done('cut');
    return { cut, batches: open.batches, prepared: open.prepared, isResumed: false };
  }

  /** The intent of this cut is durable. */
  #begin(next: CutAtHand): void {
    this.#begun = next;
    this.#lastNumber = next.cut.number;
    this.#writing = recordsOf(next.cut);
    this.#done('intent');
  }

  async #settle(cut: Cut): Promise<void> {
    for (let attempt = 0; !this.#isStopping; attempt++) {
      try {
        await this.#options.target.settle(cut);
        this.#done('settle');
        return;
      } catch (error) {
        if (!mayPass(error)) throw error;
        await this.#patience.backOff(attempt, error);
      }
    }
  }

  /**
   * Steps 4 and 5; where the next cut is due by then, the commit of 5 makes its intent durable too, in place of this one's. False when
   * the worker was stopped, or the assignment changed, before they were done.
   */
  async #insertAndCommit(member: Member, { cut, batches, prepared, isResumed }: CutAtHand): Promise<boolean> {
    const { target } = this.#options;
    this.#writing = recordsOf(cut);
    let next: CutAtHand | undefined;
    for (let attempt = 0; !this.#isStopping; attempt++) {
      try {
        if (attempt > 0) await target.settle(cut);
        const writing = target.write(cut, batches, prepared);
        // The positions of a resumed cut are set when it is done; before that a poll would bring its records once more.
        if (!isResumed && (await this.#pollAhead(member, writing))) return false;
        const written = await writing;
        this.#done('insert');
        if (!isResumed && !this.#isStopping && this.#intake.isDue) next ??= this.#take();
        const transaction = endOf(cut, written.deadLetters, next?.cut);
        if (!(await this.#commit(member, transaction))) return false;
        this.#drains.committed(transaction.offsets);
        this.#writing = 0;
        this.#cuts++;
        this.#rows += written.rows;
        this.#deadLetters += written.deadLetters.length;
        this.#patience.succeeded();
        this.#done('offsets');
        if (next !== undefined) this.#begin(next);
        this.#options.onProgress?.(this.metrics);
        return true;
      } catch (error) {
        if (!mayPass(error)) throw error;
        this.#options.logger?.warn({ cut: cut.number, isResumed, attempt }, 'The sink tries a cut again');
        await this.#patience.backOff(attempt, error);
      }
    }
    return false;
  }

  /**
   * Polls and prepares the next cut until the write has ended or the cut is full. True when the assignment changed: the
   * cut stays durable then, and is resumed under the new one. Whatever happens, the write has ended behind it.
   */
  async #pollAhead(member: Member, writing: Promise<unknown>): Promise<boolean> {
    let isWriting = true;
    const end = () => {
      isWriting = false;
    };
    const ended = writing.then(end, end);
    try {
      while (isWriting && !this.#intake.isFull && !this.#isStopping) {
        const before = this.#intake.recordCount;
        if (await this.#intake.poll(member, SHORT_POLL_TIMEOUT_MS)) return true;
        // Not in a poll that finds nothing: it would hold up the commit.
        if (this.#intake.recordCount === before) await Promise.race([ended, this.#patience.pause(AHEAD_PAUSE_MS)]);
      }
      return false;
    } finally {
      await ended;
    }
  }

  /** A commit that is tried again while nothing of it was written. False when the worker was stopped before. */
  async #commit(member: Member, transaction: Omit<Transaction, 'epoch'>): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        await member.commit({ epoch: this.#intake.epoch, ...transaction });
        return true;
      } catch (error) {
        if (!mayCommitAgain(error)) throw error;
        await this.#patience.backOff(attempt, error);
        if (this.#isStopping) return false;
      }
    }
  }

  #done(step: SinkStep): void {
    this.#options.onStep?.(step);
  }

  #lag(): number {
    const member = this.#member;
    const atHand = this.#intake.recordCount + this.#writing;
    if (member === undefined) return atHand;
    return this.#intake.assigned.reduce((sum, partition) => sum + member.lag(partition), atHand);
  }
}
