import type { Environment } from '../../../storage/environment.ts';
import { textKeys } from '../../../storage/meta-table.ts';
import type { Table } from '../../../storage/table.ts';
import type { CommittedState, StateChanges } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import { StoreCatalog } from '../../stores/store-catalog.ts';
import { openStoreTables, openTable, type StoreTables } from '../../stores/store-tables.ts';
import { StoreWriter } from '../../stores/store-writer.ts';
import { StoredState } from '../../stores/stored-state.ts';

/** How far a changelog's partition was applied. */
export interface ChangelogPosition {
  /** The topic's id: another topic of the same name is another changelog. */
  readonly topicId: string;
  /** The next offset to be applied. */
  readonly offset: number;
  /** When a pass over it last reached its end, milliseconds since 1970. */
  readonly currentAt: number;
  /** Its rows are being deleted, or filled from the beginning: until a pass reaches the end they are not whole. */
  readonly isPartial: boolean;
}

/** What one changelog partition brings. */
export interface ChangelogChanges extends TopicPartition {
  readonly changes: readonly StateChanges[];
  /** Where the changes begin: they are left out where the state is beyond that already. */
  readonly fromOffset: number;
  readonly position: ChangelogPosition;
}

/** Rows deleted in one transaction. */
const DELETE_STEP = 10_000;

/**
 * The state of groups on this machine: a cache of their changelogs that survives restarts. Changes and positions go into one
 * transaction, so that a crash leaves both or none.
 */
export class LocalState {
  readonly #environment: Environment;
  readonly #tables: StoreTables;
  readonly #catalog: StoreCatalog;
  readonly #writer: StoreWriter;
  readonly #positions: Table<string>;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#tables = openStoreTables(environment);
    this.#catalog = new StoreCatalog(this.#tables);
    this.#writer = new StoreWriter(this.#catalog, this.#tables.state);
    this.#positions = openTable(environment, 'changelogs', textKeys);
  }

  committed(group: string, requireOpen: () => void): CommittedState {
    return new StoredState(group, this.#catalog, this.#tables.state, requireOpen);
  }

  position(changelog: TopicPartition): ChangelogPosition | undefined {
    const bytes = this.#positions.get(positionKey(changelog));
    return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString('utf8')) as ChangelogPosition);
  }

  /** All of it or nothing, durably. What begins before the position reached is old news and left out. Throws STORAGE_FULL, STORAGE_FAILED. */
  apply(group: string, parts: readonly ChangelogChanges[]): void {
    const newStores: [group: string, store: string][] = [];
    try {
      this.#environment.transaction(() => {
        for (const part of parts) {
          const before = this.position(part);
          const isOld = before?.topicId === part.position.topicId && before.offset > part.fromOffset;
          if (isOld) continue;
          this.#writer.write(group, part.changes, newStores);
          this.#putPosition(part, part.position);
        }
      });
    } catch (error) {
      for (const [, store] of newStores) this.#catalog.forget(group, store);
      throw error;
    }
  }

  setPosition(changelog: TopicPartition, position: ChangelogPosition): void {
    this.#environment.transaction(() => this.#putPosition(changelog, position));
  }

  /** Deletes what some stores hold, of one partition or of all, in bounded steps: the changelog's position has to say first that it is partial. */
  drop(group: string, stores: readonly string[], partition: number | undefined): void {
    const { state } = this.#tables;
    for (const store of stores) {
      const storeId = this.#catalog.find(group, store);
      if (storeId === undefined) continue;
      const start = { storeId, partition: partition ?? 0, text: '' };
      const end =
        partition === undefined
          ? { storeId: storeId + 1, partition: 0, text: '' }
          : { ...start, partition: partition + 1 };
      for (;;) {
        const keys = state.keys({ start, end, limit: DELETE_STEP });
        this.#environment.transaction(() => {
          for (const key of keys) state.delete(key);
        });
        if (keys.length < DELETE_STEP) break;
      }
    }
  }

  /** The names of the stores of a group that hold, or held, anything here. */
  storesOf(group: string): readonly string[] {
    return this.#catalog.namesOf(group);
  }

  #putPosition(changelog: TopicPartition, position: ChangelogPosition): void {
    this.#positions.put(positionKey(changelog), Buffer.from(JSON.stringify(position), 'utf8'));
  }
}

function positionKey({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}
