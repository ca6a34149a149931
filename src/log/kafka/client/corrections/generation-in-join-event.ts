import type { Correction } from '../correction.ts';

/**
 * Defect: the event about a join tells the member's id but not the generation, without which offsets cannot be committed under the
 * group's eyes (KIP-447: `sendOffsets` with generation and member). It is on an object that nobody else can reach
 * (src/consumer/consumerGroup.js, 343-351).
 *
 * Correction: the payload of `consumer.group_join` has `generationId`.
 */
export const generationInJoinEvent: Correction = {
  name: 'generation-in-join-event',
  summary: 'consumer.group_join tells the generation, for transactions that carry it',
  edits: {
    'src/consumer/consumerGroup.js': [
      {
        from: '          isLeader: this.isLeader(),\n',
        to: '          isLeader: this.isLeader(),\n          generationId: this.generationId,\n',
      },
    ],
  },
};
