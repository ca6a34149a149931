import type { CurrentRecord } from '../../runtime/current-record.ts';
import type { TaskEvent, TaskInspector } from '../../runtime/task-inspector.ts';

/** What a task did, in its order, or a record of it that the simulation failed. */
export type JournalEntry =
  | Exclude<TaskEvent, { readonly kind: 'seal' }>
  | { readonly kind: 'failed'; readonly topic: string; readonly offset: number };

/** What went into one commit of a worker, by the task. */
export type Sealed = ReadonlyMap<string, readonly JournalEntry[]>;

/** What the tasks of one application did, as far as it was committed: what a run without faults has to do again. */
export class Journal {
  readonly #entries = new Map<string, JournalEntry[]>();
  #failedRecords = 0;

  get failedRecords(): number {
    return this.#failedRecords;
  }

  /** The records that the simulation failed, and whose failing was committed. */
  failed(): readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] {
    return [...this.#entries].flatMap(([task, entries]) => {
      const partition = Number(task.slice(task.indexOf('_') + 1));
      return entries.flatMap((entry) =>
        entry.kind === 'failed' ? [{ topic: entry.topic, partition, offset: entry.offset }] : [],
      );
    });
  }

  write(sealed: Sealed): void {
    for (const [task, entries] of sealed) {
      const known = this.#entries.get(task) ?? [];
      this.#entries.set(task, known);
      for (const entry of entries) {
        known.push(entry);
        if (entry.kind === 'failed') this.#failedRecords++;
      }
    }
  }

  of(task: string): readonly JournalEntry[] {
    return this.#entries.get(task) ?? [];
  }
}

/** What a commit brought, in words. */
export function sealedLines({
  application,
  sealed,
}: {
  readonly application: string;
  readonly sealed: Sealed;
}): readonly string[] {
  return [...sealed].flatMap(([task, entries]) =>
    entries.flatMap((entry) => {
      const of = `${application} ${task}`;
      switch (entry.kind) {
        case 'record':
          return [`committed: ${of} processed ${entry.topic} offset ${entry.offset}`];
        case 'failed':
          return [`committed: ${of} failed ${entry.topic} offset ${entry.offset}`];
        case 'tick':
          return [`committed: ${of} applied a tick`];
        default:
          return [];
      }
    }),
  );
}

/** Decides which records the simulation fails, by their place: the same in every try. */
export type FailsRecord = (record: CurrentRecord) => boolean;

interface Staging {
  readonly entries: JournalEntry[];
  isSealed: boolean;
}

/** What the tasks of one worker have done and not committed. It dies with the worker. */
export class WorkerJournal {
  readonly #fails: FailsRecord;
  readonly #staged = new Map<string, Staging>();
  #sealed: Sealed | undefined;

  constructor(fails: FailsRecord) {
    this.#fails = fails;
  }

  /** For each task that is made: what an earlier one of its id had not committed is gone with it. */
  readonly inspect = (task: string): TaskInspector => {
    const staging: Staging = { entries: [], isSealed: false };
    this.#staged.set(task, staging);
    return {
      enter: () => {},
      leave: (record) => {
        if (!this.#fails(record)) return;
        staging.entries.push({ kind: 'failed', topic: record.topic, offset: record.offset });
        throw new SimulatedFault();
      },
      on: (event) => {
        if (event.kind === 'seal') staging.isSealed = true;
        else staging.entries.push(event);
      },
    };
  };

  /** The tasks have given what they did to a commit; tasks that were dropped before did not. */
  seal(): void {
    const sealed = new Map<string, readonly JournalEntry[]>();
    for (const [task, staging] of this.#staged) {
      if (!staging.isSealed) continue;
      sealed.set(task, staging.entries.splice(0));
      staging.isSealed = false;
    }
    this.#sealed = sealed;
  }

  /** What belongs to the commit that is sent now; a second one has nothing left. */
  takeSealed(): Sealed | undefined {
    const sealed = this.#sealed;
    this.#sealed = undefined;
    return sealed;
  }
}

/** What a record of a simulation fails with. */
export class SimulatedFault extends Error {
  constructor() {
    super('The simulation fails this record');
    this.name = 'SimulatedFault';
  }
}
