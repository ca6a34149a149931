import { HeadraceError } from '../../errors.ts';
import type { Membership } from '../log.ts';
import type { TopicSet } from './assignment.ts';

/**
 * The sets of a membership, with their numbers of partitions. `partitionsOf` throws TOPIC_UNKNOWN. Throws TOPIC_MISMATCH
 * where topics of one set differ in it, or a topic is named twice; TOPIC_INVALID for an empty name.
 */
export function topicSetsOf(membership: Membership, partitionsOf: (topic: string) => number): readonly TopicSet[] {
  if (membership.group === '' || membership.member === '') {
    throw new HeadraceError('TOPIC_INVALID', 'A group and a member need a name');
  }
  const seen = new Set<string>();
  return membership.topicSets
    .filter((topics) => topics.length > 0)
    .map((topics) => {
      const counts = topics.map(partitionsOf);
      topics.forEach((topic, i) => {
        if (counts[i] !== counts[0]) {
          throw mismatch(topic, `has ${counts[i]} partitions, ${topics[0]} in the same set has ${counts[0]}`);
        }
        if (seen.has(topic)) throw mismatch(topic, 'is named twice in the topic sets');
        seen.add(topic);
      });
      const ordered = [...topics].sort();
      return { id: ordered.join(' '), topics: ordered, partitions: counts[0]! };
    });
}

function mismatch(topic: string, what: string): HeadraceError {
  return new HeadraceError('TOPIC_MISMATCH', `Topic ${topic} ${what}`, { where: { topic } });
}
