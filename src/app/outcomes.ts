import { TOPICS } from '../../topologies/account-ledger/topics.ts';
import { deadLetterTopic } from '../runtime/dead-letter.ts';
import { type HeadraceNode, recordsOf } from './node.ts';

/** What became of the records taken in between two moments. */
export interface Outcomes {
  readonly accepted: number;
  /** Code to count, `DUPLICATE` and `CONFLICT` among them. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly deadLetters: number;
}

/** Ends of the outcome topics, to count from later. */
export type OutcomePositions = ReadonlyMap<string, readonly number[]>;

const OUTCOME_TOPICS = [TOPICS.accepted, TOPICS.rejected, deadLetterTopic(TOPICS.transactions)] as const;

export async function outcomePositions(node: HeadraceNode): Promise<OutcomePositions> {
  const positions = new Map<string, readonly number[]>();
  for (const topic of OUTCOME_TOPICS)
    positions.set(
      topic,
      (await node.watermarks(topic)).map(({ end }) => end),
    );
  return positions;
}

/** Outcomes since `positions`. */
export async function outcomesSince(node: HeadraceNode, positions: OutcomePositions): Promise<Outcomes> {
  const [accepted, rejected, deadLetters] = OUTCOME_TOPICS;
  const since = async (topic: string) => {
    const ends = await node.watermarks(topic);
    return ends.reduce((sum, { end, partition }) => sum + end - positions.get(topic)![partition]!, 0);
  };
  const codes = new Map<string, number>();
  for (const { partition, end } of await node.watermarks(rejected)) {
    for await (const { value } of recordsOf(node, rejected, partition, positions.get(rejected)![partition]!, end)) {
      const { code } = JSON.parse(Buffer.from(value!).toString()) as { code: string };
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  }
  return {
    accepted: await since(accepted),
    rejected: Object.fromEntries([...codes].sort()),
    deadLetters: await since(deadLetters),
  };
}
