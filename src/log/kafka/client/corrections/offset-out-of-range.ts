import { type Correction, patch } from '../correction.ts';

/**
 * Defect: where the position of a consumer lies outside of what the broker holds, the consumer commits the start or the end in its place
 * and goes on: records are skipped or read again, and one log line tells (src/consumer/consumerGroup.js, 597-621;
 * issues 334 and 1119). Before that it means to ask the leader where a follower was asked, but compares a record with a number,
 * so that it never does.
 *
 * Correction: a follower's answer is checked with the leader; the leader's ends the consumer with an error that is not retriable, as
 * the JVM's does under `auto.offset.reset=none`. Where to go on is for people to say.
 */
export const offsetOutOfRange: Correction = {
  name: 'offset-out-of-range',
  summary: 'an offset out of range stops the consumer with an error, in place of a reset in silence',
  patches: {
    'src/consumer/consumerGroup.js': patch<ConsumerGroupClass>(({ prototype }, load) => {
      const { KafkaJSNonRetriableError } = load('src/errors') as Errors;
      prototype.recoverFromOffsetOutOfRange = async function recover({ topic, partition }) {
        const replicas = this.preferredReadReplicasPerTopicPartition[topic];
        if (replicas?.[partition] !== undefined) {
          delete replicas[partition];
          return;
        }
        const offset = this.offsetManager.nextOffset(topic, partition).toString();
        throw new KafkaJSNonRetriableError(
          `Offset ${offset} of ${topic}-${partition} is out of the range that the broker holds, and group ${this.groupId} was there: ` +
            'records were removed before they were read, or the topic was made anew. Find out what is missing, then set the offsets of the group',
        );
      };
    }),
  },
};

interface ConsumerGroup {
  readonly groupId: string;
  readonly offsetManager: { nextOffset(topic: string, partition: number): { toString(): string } };
  readonly preferredReadReplicasPerTopicPartition: Record<string, Record<number, unknown> | undefined>;
  recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
}

interface ConsumerGroupClass {
  readonly prototype: ConsumerGroup;
}

interface Errors {
  readonly KafkaJSNonRetriableError: new (message: string) => object;
}
