import { type Correction, patch } from '../correction.ts';

/**
 * Defect: when a partition's leader moves, the consumer joins its group anew, so that the whole group rebalances, while handlers go on
 * under the generation that ends with it. When a topic gets more partitions, it joins in the midst of a fetch as well
 * (src/consumer/consumerGroup.js, 554-576).
 *
 * Correction: the metadata is refreshed and the fetch is sent to the new leader, after a pause where none is known yet. Membership has nothing
 * to do with it, as in the JVM's client (`retry.backoff.ms`: 100). For more partitions the member joins anew, but in the way of every
 * rebalance: when all handlers are done.
 */
export const leaderMoves: Correction = {
  name: 'leader-moves',
  summary: 'a partition whose leader moves is fetched from the new one; the group does not rebalance',
  patches: {
    'src/consumer/consumerGroup.js': patch<ConsumerGroupClass>(({ prototype }, load) => {
      const { createErrorFromCode } = load('src/protocol/error') as ErrorModule;
      const { recoverFromFetch } = prototype;
      prototype.recoverFromFetch = async function recover(error) {
        if (error.name === 'KafkaJSStaleTopicMetadataAssignment') throw createErrorFromCode(REBALANCE_IN_PROGRESS);
        if (!isStaleMetadata(error)) return recoverFromFetch.call(this, error);
        this.logger.debug('Stale cluster metadata, refreshing...', { groupId: this.groupId, error: error.message });
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        await this.cluster.refreshMetadata();
      };
    }),
  },
};

const PAUSE_MS = 100;
const REBALANCE_IN_PROGRESS = 27;

const STALE = [
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
];

function isStaleMetadata({ type = '', name }: FetchError): boolean {
  return STALE.includes(type) || name === 'KafkaJSTopicMetadataNotLoaded';
}

interface FetchError {
  readonly name: string;
  readonly message: string;
  readonly type?: string;
}

interface ConsumerGroup {
  readonly groupId: string;
  readonly cluster: { refreshMetadata(): Promise<void> };
  readonly logger: { debug(message: string, fields: object): void };
  recoverFromFetch(error: FetchError): Promise<void>;
}

interface ConsumerGroupClass {
  readonly prototype: ConsumerGroup;
}

interface ErrorModule {
  readonly createErrorFromCode: (code: number) => Error;
}
