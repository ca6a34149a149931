import { HeadraceError } from '../errors.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import type { WriteBuffer } from '../state/write-buffer.ts';
import type { ErasedView, PlannedInvariant } from '../streams/topology/invariants.ts';
import type { TopicName } from '../streams/topology/nodes.ts';
import type { SubTopology } from '../streams/topology/plan.ts';
import type { CurrentRecord } from './current-record.ts';
import { ForwardedPart, InputPart, type Part, StorePart } from './invariant-parts.ts';
import type { Counter, OperatorContext } from './operators/receive.ts';
import type { RecordCollector } from './record-collector.ts';
import type { RecordFailures } from './record-failure.ts';
import type { RecordQueue } from './record-queue.ts';

export interface TaskInvariantsOptions {
  readonly subTopology: SubTopology;
  readonly topicName: (topic: TopicName) => string;
  readonly record: CurrentRecord;
  readonly collector: RecordCollector;
  readonly failures: RecordFailures;
  readonly buffer: (store: StoreDefinition) => WriteBuffer;
  readonly counter: OperatorContext['counter'];
}

interface Check {
  readonly invariant: PlannedInvariant;
  readonly view: ErasedView;
  /** What the step must have written for the invariant to be asked where no record is in process. */
  readonly written: readonly Part[];
  readonly breaches: Counter;
}

/** The invariants of a task's sub-topology, checked inside the savepoint of each step. */
export class TaskInvariants {
  readonly #checks: readonly Check[];
  readonly #parts: readonly Part[];
  readonly #inputs: readonly InputPart[];
  readonly #failures: RecordFailures;

  private constructor(options: TaskInvariantsOptions) {
    const { subTopology, failures, counter } = options;
    this.#failures = failures;
    const parts = new TaskParts(options);
    this.#checks = subTopology.invariants.map((invariant) => {
      const { view, written } = parts.viewOf(invariant);
      return { invariant, view, written, breaches: counter(invariant.name, 'invariantBreach') };
    });
    this.#parts = parts.all;
    this.#inputs = parts.inputs;
  }

  /** Undefined where there are none, so that such a task does nothing about them. */
  static of(options: TaskInvariantsOptions): TaskInvariants | undefined {
    return options.subTopology.invariants.length === 0 ? undefined : new TaskInvariants(options);
  }

  /** The head of a queue has gone through the operators. Throws INVARIANT_BREACHED for the first invariant that does not hold. */
  check(queue: RecordQueue): void {
    this.#begin(queue);
    for (const check of this.#checks) this.#run(check);
  }

  /**
   * A punctuation, an idle tick or an update of a cached table has: what such a step has not touched holds as before, and an invariant
   * over each record ("one outcome for each") has nothing to say about it.
   */
  checkTouched(): void {
    this.#begin(undefined);
    for (const check of this.#checks) if (check.written.some((part) => part.isTouched)) this.#run(check);
  }

  #begin(queue: RecordQueue | undefined): void {
    for (const part of this.#parts) part.forget();
    for (const input of this.#inputs) input.queue = queue;
  }

  #run(check: Check): void {
    const { invariant, view } = check;
    const answer = this.#ask(invariant, view);
    if (answer === true) return;
    check.breaches.count++;
    const message = `The invariant ${invariant.name} does not hold: ${answer}`;
    const error = new HeadraceError('INVARIANT_BREACHED', message, { where: { operator: invariant.name } });
    if (invariant.onBreach === 'fail') this.#failures.endWith(error);
    throw error;
  }

  #ask({ name, holds }: PlannedInvariant, view: ErasedView): true | string {
    let answer: unknown;
    try {
      answer = holds(view);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw unchecked(name, reason, cause);
    }
    if (answer === true || typeof answer === 'string') return answer;
    throw unchecked(name, `holds answered ${String(answer)}, not true or a text that says what is wrong`);
  }
}

function unchecked(invariant: string, reason: string, cause?: unknown): HeadraceError {
  return new HeadraceError('PROCESSING_FAILED', `The invariant ${invariant} could not be checked: ${reason}`, {
    cause,
    where: { operator: invariant },
  });
}

/** What all invariants of a task look at; two that look at the same share what is decoded. */
class TaskParts {
  readonly inputs: InputPart[] = [];
  readonly #forwarded: ForwardedPart[] = [];
  readonly #stores = new Map<string, StorePart>();
  readonly #options: TaskInvariantsOptions;

  constructor(options: TaskInvariantsOptions) {
    this.#options = options;
  }

  get all(): readonly Part[] {
    return [...this.inputs, ...this.#forwarded, ...this.#stores.values()];
  }

  viewOf({ inputs, topics, stores }: PlannedInvariant): Pick<Check, 'view' | 'written'> {
    const { record, topicName } = this.#options;
    const view = {
      inputs: Object.entries(inputs).map(([alias, source]) => {
        const part = new InputPart(source, topicName(source.topic), record);
        this.inputs.push(part);
        return [alias, part] as const;
      }),
      forwarded: Object.entries(topics).map(([topic, serdes]) => [topic, this.#forwardedTo(topic, serdes)] as const),
      stores: Object.entries(stores).map(([alias, store]) => [alias, this.#store(store)] as const),
    };
    return {
      view: {
        get record() {
          return record.batch === undefined ? undefined : record;
        },
        inputs: getters(view.inputs, (part) => part.read()),
        forwarded: getters(view.forwarded, (part) => part.read()),
        stores: Object.fromEntries(view.stores),
      },
      written: [...view.forwarded, ...view.stores].map(([, part]) => part),
    };
  }

  #forwardedTo(topic: string, { key, value }: PlannedInvariant['topics'][string]): ForwardedPart {
    const name = this.#options.topicName({ name: topic, isInternal: false });
    const known = this.#forwarded.find((part) => part.isOf(name, key, value));
    if (known !== undefined) return known;
    const part = new ForwardedPart(name, this.#options.collector.watch(name), key, value);
    this.#forwarded.push(part);
    return part;
  }

  #store(store: PlannedInvariant['stores'][string]): StorePart {
    let part = this.#stores.get(store.name);
    if (part === undefined) {
      part = new StorePart(store, this.#options.buffer(store));
      this.#stores.set(store.name, part);
    }
    return part;
  }
}

/** An object whose properties are read when they are asked for. */
function getters<P, R>(parts: readonly (readonly [string, P])[], read: (part: P) => R): Readonly<Record<string, R>> {
  const object: Record<string, R> = {};
  for (const [name, part] of parts) Object.defineProperty(object, name, { enumerable: true, get: () => read(part) });
  return Object.freeze(object);
}
