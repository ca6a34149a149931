import type { TopicPartition } from '../../record.ts';
import type { RecordBuffer } from '../../record-buffer.ts';
import type { Topics } from '../cluster/topics.ts';
import type { Codec } from '../protocol/batch-layout.ts';
import { type Compress, encodeRecordBatches } from '../protocol/encode-record-batches.ts';
import type { OutgoingPartition } from './partition-produce.ts';

/** Batches grow to about this size where the topic allows it. */
const BATCH_BYTES_TARGET = 960 * 1024;

/** Turns buffers into batches that their topics take. */
export class PartEncoder {
  readonly #topics: Topics;
  readonly #compression: { readonly codec: Codec; readonly compress: Compress } | undefined;

  constructor(topics: Topics, compression: { readonly codec: Codec; readonly compress: Compress } | undefined) {
    this.#topics = topics;
    this.#compression = compression;
  }

  /** Throws RECORD_TOO_LARGE, TOPIC_UNKNOWN, KAFKA_REFUSED. */
  async encode({
    topic,
    partition,
    buffer,
  }: TopicPartition & { readonly buffer: RecordBuffer }): Promise<OutgoingPartition> {
    const batchBytesMax = this.#topics.knownMessageBytesMax(topic) ?? (await this.#topics.messageBytesMax(topic));
    const batches = encodeRecordBatches(buffer, {
      batchBytesTarget: Math.min(BATCH_BYTES_TARGET, batchBytesMax),
      batchBytesMax,
      ...(this.#compression === undefined ? {} : { compression: this.#compression }),
      topic,
      partition,
    });
    return { topic, partition, batches };
  }
}
