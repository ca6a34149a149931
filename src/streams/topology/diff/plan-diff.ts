import type { PlanJson } from '../plan-json.ts';
import { statelessDifferences, timeDifferences } from './operator-differences.ts';
import type { PlanDifference } from './plan-difference.ts';
import { PlanIndex } from './plan-index.ts';
import { storeDifferences } from './store-differences.ts';
import { repartitionDifferences, topicDifferences } from './topic-differences.ts';

/** What changes for an application whose state was made by `before`, when it goes on with `after`. */
export function planDifferences(before: PlanJson, after: PlanJson): readonly PlanDifference[] {
  const [old, now] = [new PlanIndex(before), new PlanIndex(after)];
  return [
    ...storeDifferences(old, now),
    ...repartitionDifferences(old, now),
    ...timeDifferences(old, now),
    ...topicDifferences(old, now),
    ...statelessDifferences(old, now),
  ];
}
