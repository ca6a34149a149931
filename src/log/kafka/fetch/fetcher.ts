import { HeadraceError } from '../../../errors.ts';
import type { Membership } from '../../log.ts';
import { nextOf, Signal } from '../../membership/signal.ts';
import type { RecordBatch } from '../../record-batch.ts';
import { type Cluster, refused } from '../cluster/cluster.ts';
import { isUnavailable, ownError, pause, unavailable } from '../cluster/retries.ts';
import { errorCodes, errorName, isOfLeadership } from '../protocol/errors.ts';
import { type Decompress, RecordSetReader } from '../protocol/record-set-reader.ts';
import { type FetchedPartition, fetch } from '../protocol/requests/fetch.ts';
import { type FetchPosition, partitionKey } from './fetch-position.ts';

export interface FetcherOptions {
  readonly cluster: Cluster;
  readonly decompress: Decompress;
  /** Whose connections are used, and whom an error advises. */
  readonly membership: Pick<Membership, 'group' | 'member'>;
  /** Something that passes, for the log. */
  readonly onFault: (error: HeadraceError) => void;
  /** Told where an answer may mean that a topic is not the one it was. */
  readonly onDoubt: () => void;
}

export interface FetchRound {
  readonly positions: readonly FetchPosition[];
  /** Under which assignment: goes into the batches. */
  readonly epoch: number;
  readonly maxRecords: number;
  readonly timeoutMs: number;
  /** Ends the wait. */
  readonly wokenBy: Signal;
}

/** A busy fetch waits so long for more than a trickle: over a hundred partitions that is a hundred answers a second, not a thousand. */
const LINGER_MS = 10;
const LINGER_BYTES = 64 * 1024;
/** A fetch of a worker without work waits so long for its first record. */
const IDLE_WAIT_MAX_MS = 500;
/** One partition's and one answer's share. */
const PARTITION_BYTES_MAX = 1024 * 1024;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** A broker that is slower than this holds up no other; its answer counts for a later poll. */
const SLOW_BROKER_MS = 200;
/** Between two questions who leads a partition now. */
const REFRESH_INTERVAL_MS = 100;
/** After a fetch that failed: doubled each time up to the greatest. Its broker counts as asked meanwhile. */
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 1_000;

/** Fetches committed records for one member: only within polls, so that it is known what each poll may conclude. */
export class Fetcher {
  readonly #options: FetcherOptions;
  /** Requests under way, by node. */
  readonly #pending = new Map<number, Promise<void>>();
  #poll = 0;
  #wasEmpty = true;
  #rotation = 0;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #retryMs = RETRY_MIN_MS;
  #failure: HeadraceError | undefined;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /** Whether everything that was committed before the last poll has been handed out. */
  isCaughtUp(position: FetchPosition): boolean {
    return position.isCaughtUpAt(this.#poll);
  }

  /**
   * One round: asks every leader that has nothing under way, waits, and hands out; nothing where nothing came within `timeoutMs`. Throws
   * OFFSET_OUT_OF_RANGE, LOG_CORRUPT, TOPIC_UNKNOWN, KAFKA_REFUSED.
   */
  async fetch(round: FetchRound): Promise<readonly RecordBatch[]> {
    this.#poll++;
    const isHeld = round.positions.some((each) => each.buffered !== undefined && !each.isPaused);
    const waitMs = isHeld ? 0 : Math.min(round.timeoutMs, this.#wasEmpty ? IDLE_WAIT_MAX_MS : LINGER_MS);
    await this.#ask(round.positions, waitMs);
    const pending = [...this.#pending.values()];
    if (pending.length > 0) await this.#firstOf(Promise.all(pending), waitMs + SLOW_BROKER_MS, round.wokenBy);
    else if (waitMs > 0) await nextOf([round.wokenBy], waitMs, this.#options.cluster.timing.startTimer);
    if (this.#failure !== undefined) throw this.#failure;
    const batches = this.#handOut(round);
    this.#wasEmpty = batches.length === 0;
    return batches;
  }

  async #ask(positions: readonly FetchPosition[], waitMs: number): Promise<void> {
    const { cluster } = this.#options;
    const wanted = positions.filter((each) => !each.isPaused && each.buffered === undefined);
    if (wanted.some(({ topic, partition }) => cluster.leader(topic, partition) < 0)) await this.#refresh(wanted);
    const byLeader = new Map<number, FetchPosition[]>();
    for (const position of rotated(wanted, this.#rotation++)) {
      const leader = cluster.leader(position.topic, position.partition);
      if (leader < 0 || this.#pending.has(leader)) continue;
      const group = byLeader.get(leader);
      if (group === undefined) byLeader.set(leader, [position]);
      else group.push(position);
    }
    for (const [leader, asked] of byLeader) {
      const answering = this.#askLeader(leader, asked, waitMs).finally(() => this.#pending.delete(leader));
      this.#pending.set(leader, answering);
    }
  }

  /** Never rejects: what can't pass is kept for the next round. */
  async #askLeader(leader: number, positions: readonly FetchPosition[], waitMs: number): Promise<void> {
    const { cluster, membership, onFault } = this.#options;
    const [poll, asked] = [this.#poll, positions.map((position) => ({ position, offset: position.offset }))];
    const message = fetch({
      maxWaitMs: waitMs,
      minBytes: this.#wasEmpty ? 1 : LINGER_BYTES,
      maxBytes: ANSWER_BYTES_MAX,
      isolation: 'read_committed',
      partitions: asked.map(({ position: { topic, topicId, partition }, offset }) => ({
        topic,
        topicId,
        partition,
        fetchOffset: offset,
        maxBytes: PARTITION_BYTES_MAX,
      })),
    });
    try {
      const answer = await cluster.send(leader, `fetch ${membership.group} ${membership.member}`, message);
      this.#retryMs = RETRY_MIN_MS;
      const positionOf = new Map(asked.map((each) => [each.position.key, each]));
      for (const part of answer.partitions) {
        const each = positionOf.get(partitionKey(part.topic, part.partition));
        // Sought elsewhere meanwhile: the answer is to a question of before.
        if (each === undefined || each.position.offset !== each.offset || each.position.buffered !== undefined)
          continue;
        if (part.errorCode === 0) this.#take(each.position, part, poll);
        else await this.#mend(each.position, part);
      }
    } catch (error) {
      if (isUnavailable(error)) {
        onFault(error);
        await this.#refresh(positions);
        await pause(cluster.timing, this.#retryMs);
        this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
      } else this.#failure ??= ownError(error, 'Fetching');
    }
  }

  #take(position: FetchPosition, part: FetchedPartition, poll: number): void {
    // The high watermark, not the last stable offset: what is committed is readable a moment later only, partition by partition.
    position.heard(part.logStartOffset, part.highWatermark, poll);
    if (part.recordSet === null || part.recordSet.length === 0) return;
    const { topic, partition, offset: fromOffset } = position;
    const { recordSet, abortedTransactions } = part;
    const { decompress } = this.#options;
    position.buffered = new RecordSetReader({
      topic,
      partition,
      fromOffset,
      recordSet,
      abortedTransactions,
      decompress,
    });
  }

  /** What an error of one partition means. */
  async #mend(position: FetchPosition, { errorCode, logStartOffset }: FetchedPartition): Promise<void> {
    const { topic, partition, offset, start } = position;
    const { group } = this.#options.membership;
    const first = Math.max(start, logStartOffset);
    const where = { where: { topic, partition, offset } };
    switch (errorCode) {
      case errorCodes.OFFSET_OUT_OF_RANGE:
        this.#failure ??= new HeadraceError(
          'OFFSET_OUT_OF_RANGE',
          `Offset ${offset} of ${topic}-${partition} is not there any more${first > offset ? `: the first one kept is ${first}` : ''}. Records were removed before they were read, or the topic was made anew. Reconcile; then go on with the first record that is kept and the state so far (headrace reset ${group} --topic ${topic} --by 0 --keep-state), or begin anew with what there is (headrace reset ${group} --to-earliest)`,
          where,
        );
        break;
      case errorCodes.CORRUPT_MESSAGE:
        this.#failure ??= new HeadraceError(
          'LOG_CORRUPT',
          `The broker finds ${topic}-${partition} damaged at offset ${offset}`,
          where,
        );
        break;
      default:
        if (!isOfLeadership(errorCode)) {
          this.#failure ??= refused(`to read topic ${topic}`, errorCode);
          break;
        }
        this.#options.onDoubt();
        await this.#refresh([position], `${topic}-${partition} can't be read now (${errorName(errorCode)})`);
    }
  }

  /** Asks who leads now; not more often than it can have changed. */
  async #refresh(positions: readonly FetchPosition[], because?: string): Promise<void> {
    const { cluster, onFault } = this.#options;
    const now = cluster.timing.clock();
    if (now - this.#refreshedAt < REFRESH_INTERVAL_MS) return;
    this.#refreshedAt = now;
    if (because !== undefined) onFault(unavailable(because));
    try {
      await cluster.refresh([...new Set(positions.map(({ topic }) => topic))]);
    } catch (error) {
      if (isUnavailable(error)) onFault(error);
      else this.#failure ??= ownError(error, 'Fetching');
    }
  }

  /** Each partition that has something gets an equal share of what is left; the next round begins with another. */
  #handOut({ positions, epoch, maxRecords }: FetchRound): readonly RecordBatch[] {
    const held = rotated(positions, this.#rotation).filter((each) => each.buffered !== undefined && !each.isPaused);
    const batches: RecordBatch[] = [];
    let left = maxRecords;
    held.forEach((position, i) => {
      let share = Math.ceil(left / (held.length - i));
      const reader = position.buffered!;
      while (share > 0) {
        const batch = reader.next(epoch);
        position.reached(reader.nextOffset);
        if (batch === null) {
          position.buffered = undefined;
          break;
        }
        batches.push(batch);
        share -= batch.length;
        left -= batch.length;
      }
    });
    return batches;
  }

  async #firstOf(settled: Promise<unknown>, timeoutMs: number, wokenBy: Signal): Promise<void> {
    const done = new Signal();
    const waiting = nextOf([done, wokenBy], timeoutMs, this.#options.cluster.timing.startTimer);
    void settled.then(() => done.notify());
    await waiting;
  }
}

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  if (items.length < 2) return items;
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
