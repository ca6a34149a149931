import { createHash } from 'node:crypto';
import type { Headers } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { isReplay, offsetIn, replayOf } from '../replay.ts';

/** For whom keys are made: these never change while the operator keeps its name and its topic. */
export interface CallPlace {
  readonly application: string;
  readonly operator: string;
}

/**
 * The key under which a callee is asked about a record, as a UUID (RFC 9562, version 8: the first bits of a SHA-256), which all that take idempotency keys
 * take. It is made of application, operator, topic, partition, offset and timestamp, of nothing that a process, an instance or an adapter could make another of;
 * the timestamp tells the topic from one of the same name that was made anew. A replay has the place of what it replays.
 */
export function idempotencyKeyOf(
  { application, operator }: CallPlace,
  batch: RecordBatch,
  index: number,
  headers: Headers,
): string {
  const { topic, partition } = batch;
  const place = replayedPlace(application, batch, headers) ?? String(batch.offsetAt(index));
  const text = JSON.stringify([application, operator, topic, partition, place, batch.timestampAt(index)]);
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/**
 * The first letter of those that wait was called about where it stood; those behind it were not called about before their turn, so their place among these
 * is as good as an offset.
 */
function replayedPlace(application: string, batch: RecordBatch, headers: Headers): string | undefined {
  const replay = headers.length > 0 && isReplay(headers) ? replayOf(headers) : undefined;
  if (replay === undefined || replay.application !== application) return undefined;
  const first = offsetIn(replay.behind, batch);
  if (first === undefined) return undefined;
  return replay.sequence === 0 ? String(first) : `${first}+${replay.sequence}`;
}
