import type { NewRecord } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { deadLetterHeaders, deadLetterTopic } from '../dead-letter.ts';

/** The topic of one partition for records that a sink's target cannot hold: `NAME.dlq` of the sink's name. */
export function sinkDeadLetterTopic(sink: string): string {
  return deadLetterTopic(sink);
}

/**
 * A record that the target cannot hold, with its raw bytes and KIP-1034's headers. Nothing is masked here: what the
 * sink reads has been masked before it came into the log.
 */
export function sinkDeadLetter(sink: string, batch: RecordBatch, index: number, error: unknown): NewRecord {
  return {
    topic: sinkDeadLetterTopic(sink),
    partition: 0,
    timestamp: batch.timestampAt(index),
    key: batch.keyAt(index),
    value: batch.valueAt(index),
    headers: deadLetterHeaders(batch, index, error, (text) => text),
  };
}
