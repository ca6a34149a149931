import type { CallAsyncNode } from '../../streams/topology/call-node.ts';
import type { SourceNode } from '../../streams/topology/nodes.ts';
import type { PlannedNode } from '../../streams/topology/plan.ts';
import type { Counter, OperatorCount } from '../operators/receive.ts';
import type { RecordQueue } from '../record-queue.ts';
import type { TaskInspector } from '../task-inspector.ts';
import type { CallTiming } from './call.ts';
import { CallGate, type CallsUnderWay } from './call-gate.ts';
import type { CallQueue } from './call-queue.ts';

/** What calls need of whoever runs the tasks. */
export interface TaskCallsTiming extends CallTiming {
  /** Told when the head of a queue that was waited for can be processed. */
  readonly onAnswered: () => void;
}

/** What asynchronous operators of one task have under way, by operator. */
export type CallsByOperator = Readonly<Record<string, CallsUnderWay>>;

/** The asynchronous operators of one task: a gate for each, and the queue that it stands before. */
export class TaskCalls {
  readonly #timing: TaskCallsTiming;
  readonly #isStrict: boolean;
  readonly #counter: (operator: string, what: OperatorCount) => Counter;
  readonly #gates = new Map<CallAsyncNode, CallGate>();
  readonly #queues = new Map<CallAsyncNode, CallQueue>();

  constructor(timing: TaskCallsTiming, isStrict: boolean, counter: (operator: string, what: OperatorCount) => Counter) {
    this.#timing = timing;
    this.#isStrict = isStrict;
    this.#counter = counter;
  }

  /** The gate of an operator. */
  gate(node: CallAsyncNode): CallGate {
    const known = this.#gates.get(node);
    if (known !== undefined) return known;
    const counters = {
      attempts: this.#counter(node.name, 'callAttempt'),
      retries: this.#counter(node.name, 'callRetry'),
      timeouts: this.#counter(node.name, 'callTimeout'),
      failures: this.#counter(node.name, 'callFailure'),
    };
    const onEnded = () => {
      const queue = this.#queues.get(node)!;
      queue.turn();
      if (queue.hasHead) this.#timing.onAnswered();
    };
    const gate = new CallGate({ node, timing: this.#timing, counters, isStrict: this.#isStrict, onEnded });
    this.#gates.set(node, gate);
    return gate;
  }

  /** The operator that stands right behind a source. */
  behind(source: SourceNode, nodes: readonly PlannedNode[]): CallAsyncNode | undefined {
    return nodes.find((node) => node.kind === 'callAsync' && node.parents[0] === source) as CallAsyncNode | undefined;
  }

  add(node: CallAsyncNode, queue: CallQueue): void {
    this.#queues.set(node, queue);
  }

  /** All that the queues have processed is committed. */
  committed(): void {
    for (const [node, queue] of this.#queues) {
      this.gate(node).committed(queue.position);
      queue.turn();
    }
  }

  /** Tells what came of the call about the head of a queue, if it is one with calls. */
  tell(queue: RecordQueue, inspector: TaskInspector): void {
    for (const [node, each] of this.#queues) {
      const outcome = each === queue ? this.gate(node).outcome : undefined;
      if (outcome !== undefined) inspector.on({ kind: 'called', operator: node.name, offset: queue.offset, outcome });
    }
  }

  /** Gives up what is under way, and begins nothing more. */
  abandon(): void {
    for (const gate of this.#gates.values()) gate.abandon();
  }

  get isUsed(): boolean {
    return this.#queues.size > 0;
  }

  /** Whether a record at hand waits for its call. */
  get isWaiting(): boolean {
    for (const queue of this.#queues.values()) if (queue.isWaiting) return true;
    return false;
  }

  underWay(): CallsByOperator {
    const now = this.#timing.clock();
    return Object.fromEntries([...this.#gates].map(([{ name }, gate]) => [name, gate.underWay(now)]));
  }
}
