import { HeadraceError } from '../../errors.ts';
import type { CallAsyncNode } from '../../streams/topology/call-node.ts';
import { Call, type CallCounters, type CallOutcome, type CallRequest, type CallTiming } from './call.ts';

/** Records looked at ahead of the first that is not processed, for each call that may be under way. */
const LOOK_AHEAD_FACTOR = 4;

export interface CallGateOptions {
  readonly node: CallAsyncNode;
  readonly timing: CallTiming;
  readonly counters: CallCounters;
  /** Whether the next record of a key waits until the one before is processed, not only answered: it may have to wait behind its dead letter. */
  readonly isStrict: boolean;
  /** Told when a call has ended, never while the gate is being asked something. */
  readonly onEnded: () => void;
}

/** A record on its way to the head of the queue. */
export interface AheadRecord {
  readonly offset: number;
  /** Records of one name are called about one after another; those without one need not wait for each other. */
  readonly name: string | undefined;
  /** What is to be asked; undefined where that is decided only when it stands at the head. Throws where nothing can be asked at all. */
  readonly request: (isHead: boolean) => CallRequest | undefined;
}

interface Entry extends AheadRecord {
  /** The next record of its name, which waits for this one. */
  next: Entry | undefined;
  call: Call | undefined;
  outcome: CallOutcome | undefined;
  /** The records of its name before it are done with. */
  isFree: boolean;
  /** The next record of its name may go on. */
  isDone: boolean;
  /** It is no longer in the queue. */
  isPassed: boolean;
}

/** What is under way in a gate. */
export interface CallsUnderWay {
  readonly inFlight: number;
  /** Of the call that is under way longest, milliseconds since its first attempt; 0 without any. */
  readonly oldestMs: number;
}

/**
 * Calls about the records at hand of one source partition: side by side up to a bound, one after another for each key. It keeps what was answered until the record
 * stands at the head of its queue, so that results go out in the order of the partition.
 *
 * After a call that failed its key waits until that is committed: a crash before would make the call again, and were it answered then, the callee would have been
 * asked about the later record first.
 */
export class CallGate {
  readonly #options: CallGateOptions;
  /** In the order of the partition. */
  readonly #entries = new Map<number, Entry>();
  readonly #lastOf = new Map<string, Entry>();
  /** Those that may be called about, in the order in which they were freed. */
  #ready: Entry[] = [];
  /** Processed after a call that failed, and not committed. */
  #failed: Entry[] = [];
  #head = -1;
  #underWay = 0;
  #isAbandoned = false;

  constructor(options: CallGateOptions) {
    this.#options = options;
  }

  get isStrict(): boolean {
    return this.#options.isStrict;
  }

  /** Records that it takes at once, those that wait to be processed included. */
  get lookAheadMax(): number {
    return this.#options.node.maxInFlight * LOOK_AHEAD_FACTOR;
  }

  /** How many further ones it takes now. */
  get room(): number {
    return this.#isAbandoned ? 0 : this.lookAheadMax - this.#entries.size;
  }

  /** The next record of the partition. */
  add(record: AheadRecord): void {
    const { offset, name } = record;
    const state = { next: undefined, call: undefined, outcome: undefined, isDone: false, isPassed: false };
    const before = name === undefined ? undefined : this.#lastOf.get(name);
    const entry: Entry = { ...record, ...state, isFree: before === undefined };
    this.#entries.set(offset, entry);
    if (name !== undefined) this.#lastOf.set(name, entry);
    if (before === undefined) this.#ready.push(entry);
    else before.next = entry;
  }

  /** The record at this offset stands at the head of the queue, or at none with infinity: those before are processed, or were passed over. */
  moveTo(offset: number): void {
    for (const [each, entry] of this.#entries) {
      if (each >= offset) break;
      this.#entries.delete(each);
      this.#pass(entry);
    }
    if (offset === this.#head) return;
    this.#head = offset;
    const entry = this.#entries.get(offset);
    // It may be one whose turn was still to be decided.
    if (entry?.isFree === true && entry.call === undefined) this.#ready.unshift(entry);
  }

  /** Begins what calls may begin. */
  begin(): void {
    while (this.#ready.length > 0 && this.#underWay < this.#options.node.maxInFlight && !this.#isAbandoned) {
      this.#begin(this.#ready.shift()!);
    }
  }

  /** What came of the call about the record at the head; undefined as long as it is waited for. */
  get outcome(): CallOutcome | undefined {
    return this.#entries.get(this.#head)?.outcome;
  }

  /** Everything before the offset is committed. */
  committed(position: number): void {
    if (this.#failed.length === 0) return;
    const failed = this.#failed;
    this.#failed = failed.filter(({ offset }) => offset >= position);
    for (const entry of failed) if (entry.offset < position) this.#done(entry);
    this.begin();
  }

  /** No call is begun any more, those under way are given up; what is answered stays. */
  abandon(): void {
    this.#isAbandoned = true;
    for (const { call } of this.#entries.values()) call?.abandon();
    this.#underWay = 0;
  }

  underWay(now: number): CallsUnderWay {
    let oldestMs = 0;
    if (this.#underWay > 0) {
      for (const { call, outcome } of this.#entries.values()) {
        if (call !== undefined && outcome === undefined) oldestMs = Math.max(oldestMs, now - call.startedAt);
      }
    }
    return { inFlight: this.#underWay, oldestMs };
  }

  #begin(entry: Entry): void {
    if (entry.call !== undefined || entry.outcome !== undefined) return;
    if (entry.isPassed) {
      this.#done(entry);
      return;
    }
    const { node, timing, counters } = this.#options;
    const known = timing.known?.(node.name, entry.offset);
    if (known !== undefined) {
      entry.outcome = known;
      if (!this.#options.isStrict && 'result' in known) this.#done(entry);
      return;
    }
    let request: CallRequest | undefined;
    try {
      request = entry.request(entry.offset === this.#head);
    } catch (error) {
      counters.failures.count++;
      entry.outcome = { error: asFailure(node.name, error) };
      return;
    }
    if (request === undefined) return;
    this.#underWay++;
    entry.call = new Call({ node, request, timing, counters, onEnded: () => this.#ended(entry) });
  }

  #ended(entry: Entry): void {
    if (this.#isAbandoned) return;
    this.#underWay--;
    entry.outcome = entry.call!.outcome;
    if (!this.#options.isStrict && entry.outcome !== undefined && 'result' in entry.outcome) this.#done(entry);
    this.begin();
    this.#options.onEnded();
  }

  #pass(entry: Entry): void {
    entry.isPassed = true;
    if (entry.outcome !== undefined && 'error' in entry.outcome) this.#failed.push(entry);
    else if (entry.isFree) this.#done(entry);
    // Else it waits behind one of its key that failed, and is passed over when its turn comes.
  }

  /** Frees the next one of its name. */
  #done(entry: Entry): void {
    if (entry.isDone) return;
    entry.isDone = true;
    const { name, next } = entry;
    if (name !== undefined && this.#lastOf.get(name) === entry) this.#lastOf.delete(name);
    if (next === undefined) return;
    next.isFree = true;
    this.#ready.push(next);
  }
}

/** The user's function for the key failed: there is nothing under which the callee could be asked. */
function asFailure(operator: string, error: unknown): HeadraceError {
  if (error instanceof HeadraceError && error.where.operator !== undefined) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new HeadraceError('CALL_FAILED', `${operator}: ${reason}`, { cause: error, where: { operator } });
}
