import type { StateChanges } from '../../log/log.ts';
import { RecordBatch } from '../../log/record-batch.ts';
import type { RecordBuffer } from '../../log/record-buffer.ts';
import type { SimulatedMemory } from '../../log/simulated/simulated-memory.ts';
import { globalsIn } from '../../runtime/global-tables.ts';
import { topicNamer } from '../../runtime/partitions.ts';
import { RecordCollector } from '../../runtime/record-collector.ts';
import type { SubTopology } from '../../streams/topology/plan.ts';
import { MemoryState } from '../memory-state.ts';
import type { FinalRecord } from './final-log.ts';
import type { Journal } from './journal.ts';
import { ReferenceTask } from './reference-task.ts';
import type { SimulatedApplication } from './simulation-options.ts';

/** What one task writes into one partition in a run without faults. */
export interface ReferenceOutput {
  /** Application and id. */
  readonly task: string;
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly Omit<FinalRecord, 'offset' | 'partition'>[];
}

export interface Reference {
  readonly outputs: readonly ReferenceOutput[];
  readonly state: readonly StateChanges[];
  /** Of declared invariants: which were breached, and by which task. */
  readonly breaches: readonly { readonly task: string; readonly invariant: string }[];
}

/** Runs all tasks of an application without faults over what stands in the log. Throws ReferenceFailure. */
export function referenceOf(application: SimulatedApplication, memory: SimulatedMemory, journal: Journal): Reference {
  const { plan } = application.topology;
  const topicName = topicNamer(application.application);
  const counts = new Map(memory.configs().map(({ name, partitions }) => [name, partitions]));
  const partitionsOf = (topic: string) => counts.get(topic);
  const rows = new MemoryState();
  const globals = globalsIn(plan, (store, partition) => rows.partition(store, partition), partitionsOf);
  const shared = { application, memory, topicName, partitionsOf, globals };
  const tasksOf = (subTopology: SubTopology) => {
    const partitions = counts.get(topicName(subTopology.sources[0]!.topic)) ?? 0;
    return Array.from({ length: partitions }, (_, partition) => {
      const collector = new RecordCollector({ partitionsOf });
      return { collector, reference: new ReferenceTask({ ...shared, subTopology, partition, collector }) };
    });
  };
  for (const { reference } of plan.globalTables.flatMap(tasksOf)) {
    reference.runAll();
    rows.apply(reference.task.stateChanges());
  }
  const outputs: ReferenceOutput[] = [];
  const state: StateChanges[] = [];
  const breaches: { readonly task: string; readonly invariant: string }[] = [];
  for (const { collector, reference } of plan.subTopologies.flatMap(tasksOf)) {
    const { task } = reference;
    reference.run(journal.of(task.id));
    state.push(...task.stateChanges());
    for (const [invariant, count] of Object.entries(reference.breaches))
      if (count > 0) breaches.push({ task: task.id, invariant });
    for (const { topic, partition, buffer } of collector.records()) {
      outputs.push({
        task: `${application.application} ${task.id}`,
        topic,
        partition,
        records: recordsIn(buffer, topic, partition),
      });
    }
  }
  return { outputs, state, breaches };
}

function recordsIn(buffer: RecordBuffer, topic: string, partition: number): ReferenceOutput['records'] {
  return [...buffer.batches()].flatMap(({ bytes, count }) => {
    const batch = new RecordBatch(topic, partition, 0, 0, Buffer.from(bytes), count);
    return Array.from({ length: count }, (_, i) => ({
      timestamp: batch.timestampAt(i),
      key: batch.keyAt(i),
      value: batch.valueAt(i),
      headers: batch.headersAt(i),
    }));
  });
}
