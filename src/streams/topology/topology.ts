import { describeAsText } from './describe.ts';
import type { DeclaredInvariant } from './invariants.ts';
import { describeAsMermaid } from './mermaid.ts';
import type { Node } from './nodes.ts';
import { planOf } from './passes.ts';
import type { Plan } from './plan.ts';

/** A built topology: a plan that a worker or the TopologyTestDriver runs. */
export class Topology {
  readonly plan: Plan;

  /** @internal */
  constructor(nodes: readonly Node[], invariants: readonly DeclaredInvariant[]) {
    this.plan = planOf(nodes, invariants);
  }

  /** The text that Kafka Streams' visualisers read. */
  describe(): string {
    return describeAsText(this.plan);
  }

  /** A Mermaid flowchart of topics, operators and stores. */
  describeAsMermaid(): string {
    return describeAsMermaid(this.plan);
  }
}
