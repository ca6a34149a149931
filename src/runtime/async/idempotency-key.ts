import { createHash } from 'node:crypto';
import type { Headers } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { firstOffset } from './call-place.ts';

/** For whom keys are made: these never change while the operator keeps its name and its topic. */
export interface CallPlace {
  readonly application: string;
  readonly operator: string;
}

/**
 * The key under which a callee is asked about a record, as a UUID (RFC 9562, version 8: the first bits of a SHA-256), which all that take idempotency keys
 * take. It is made of application, operator, topic, partition, offset and timestamp, of nothing that a process, an instance or an adapter could make another of;
 * the timestamp tells the topic from one of the same name that was made anew. What is made of a dead letter again has its first offset.
 */
export function idempotencyKeyOf(
  { application, operator }: CallPlace,
  batch: RecordBatch,
  index: number,
  headers: Headers,
): string {
  const { topic, partition } = batch;
  const offset = firstOffset(batch, index, headers);
  const text = JSON.stringify([application, operator, topic, partition, offset, batch.timestampAt(index)]);
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
