import { HeadraceError } from '../../errors.ts';
import type { Headers } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { CallAsyncNode } from '../../streams/topology/call-node.ts';
import type { SourceNode } from '../../streams/topology/nodes.ts';
import type { RecordGate } from '../record-gate.ts';
import { RecordQueue } from '../record-queue.ts';
import { ownHeaders } from '../replay.ts';
import type { CallRequest } from './call.ts';
import type { CallGate } from './call-gate.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';

/** Fetching stops at so many records, or at twice of what is looked at ahead if that is more. */
const QUEUED_RECORDS_MIN = 1_000;

export interface CallQueueOptions {
  readonly source: SourceNode;
  readonly gate: RecordGate;
  readonly application: string;
  readonly node: CallAsyncNode;
  readonly calls: CallGate;
}

/**
 * The queue before an asynchronous operator: its head can be processed only when the call about it has ended, and the records behind are called about meanwhile.
 * Nothing but the calls begins before a record is the head: that it is let in by the order of its key, decoded or made a dead letter is
 * done then, as in every queue.
 */
export class CallQueue extends RecordQueue {
  readonly #options: CallQueueOptions;
  /** Batches with records that the gate of calls has not seen yet. */
  readonly #ahead: RecordBatch[] = [];
  #aheadIndex = 0;

  constructor(options: CallQueueOptions, ...queue: ConstructorParameters<typeof RecordQueue>) {
    super(...queue);
    this.#options = options;
  }

  override get recordsMax(): number {
    return Math.max(QUEUED_RECORDS_MIN, 2 * this.#options.calls.lookAheadMax);
  }

  override push(batch: RecordBatch): void {
    if (batch.length > 0) this.#ahead.push(batch);
    super.push(batch);
    this.turn();
  }

  override consume(): void {
    super.consume();
    this.turn();
  }

  /** Calls about what it may, and sees whether the head is answered. To be called when a call has ended as well. */
  turn(): void {
    const { calls } = this.#options;
    const isLoaded = this.hasHead || this.isWaiting;
    const head = isLoaded ? this.offset : Number.POSITIVE_INFINITY;
    calls.moveTo(head);
    this.#lookAhead(head);
    calls.begin();
    this.hasHead = isLoaded && calls.outcome !== undefined;
    this.isWaiting = isLoaded && !this.hasHead;
  }

  #lookAhead(head: number): void {
    const { calls } = this.#options;
    for (let batch = this.#ahead[0]; batch !== undefined && calls.room > 0; batch = this.#ahead[0]) {
      const index = this.#aheadIndex++;
      if (index >= batch.length) {
        this.#ahead.shift();
        this.#aheadIndex = 0;
        continue;
      }
      const offset = batch.offsetAt(index);
      // What was passed over before it was seen needs no call.
      if (offset < head) continue;
      calls.add({
        offset,
        name: this.#nameOf(batch, index),
        request: (isHead) => this.#request(batch, index, isHead),
      });
    }
  }

  #nameOf(batch: RecordBatch, index: number): string | undefined {
    const { calls, gate } = this.#options;
    if (calls.isStrict) return gate.nameIn(batch, index);
    const key = batch.keyAt(index);
    return key === null ? undefined : Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  }

  /** Undefined for what may yet become a dead letter, or a replay that is not to be processed: it is known when it stands at the head. */
  #request(batch: RecordBatch, index: number, isHead: boolean): CallRequest | undefined {
    const { source, gate } = this.#options;
    const headers = batch.headersAt(index);
    if (!isHead && !gate.isOpen(batch, index, headers)) return undefined;
    const [key, value] = [batch.keyAt(index), batch.valueAt(index)];
    try {
      const decoded = {
        key: key === null ? null : source.key.deserialize(key, headers),
        value: value === null ? null : source.value.deserialize(value, headers),
      };
      const idempotencyKey = this.#idempotencyKey(batch, index, headers, decoded);
      return { ...decoded, timestamp: batch.timestampAt(index), headers: ownHeaders(headers), idempotencyKey };
    } catch (error) {
      if (isHead) throw error;
      return undefined;
    }
  }

  #idempotencyKey(
    batch: RecordBatch,
    index: number,
    headers: Headers,
    decoded: { readonly key: unknown; readonly value: unknown },
  ): string {
    const { application, node } = this.#options;
    if (node.idempotencyKey === undefined) {
      return idempotencyKeyOf({ application, operator: node.name }, batch, index, headers);
    }
    const own: unknown = node.idempotencyKey(decoded.key, decoded.value);
    if (typeof own === 'string' && own !== '') return own;
    throw new HeadraceError(
      'CALL_FAILED',
      `idempotencyKey returned ${JSON.stringify(own)}; it must be a text that is not empty`,
    );
  }
}
