import type { Environment } from '../../../storage/environment.ts';
import { textKeys } from '../../../storage/meta-table.ts';
import type { Table } from '../../../storage/table.ts';
import type { CommittedState, StateChanges } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import { StoreCatalog } from '../../stores/store-catalog.ts';
import { openStoreTables, openTable, type StoreTables } from '../../stores/store-tables.ts';
import { StoreWriter } from '../../stores/store-writer.ts';
import { StoredState } from '../../stores/stored-state.ts';
import { ChangelogHolders, type Holder } from './changelog-holders.ts';
import { RecordWriter, recordStateKeys } from './record-writer.ts';
import type { SortedRecords } from './sorted-records.ts';

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
  /** Who has to hold the changelog for that; undefined for the group's own, which nobody holds. */
  readonly holder?: Holder | undefined;
}

/** What was read of a changelog behind the position: all records before `position`. */
export interface ChangelogTail extends TopicPartition {
  readonly before: ChangelogPosition;
  readonly records: SortedRecords;
  readonly position: ChangelogPosition;
}

/** Rows deleted in one transaction. */
const DELETE_STEP = 10_000;

/**
 * The state of groups on this machine: a cache of their changelogs that survives restarts. Changes and positions go into one
 * transaction, so that a crash leaves both or none. Each is synced: without that a commit of 1,000 keys takes 6 ms in place of 15,
 * but after a power cut the file may be damaged, and the lmdb package does not survive opening such a file.
 */
export class LocalState {
  readonly #environment: Environment;
  readonly #tables: StoreTables;
  readonly #catalog: StoreCatalog;
  readonly #writer: StoreWriter;
  readonly #recordWriter: RecordWriter;
  readonly #positions: Table<string>;
  /** How often each position was written since this process began. */
  readonly #changes = new Map<string, number>();
  readonly holders = new ChangelogHolders();

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#tables = openStoreTables(environment);
    this.#catalog = new StoreCatalog(this.#tables);
    this.#writer = new StoreWriter(this.#catalog, this.#tables.state);
    this.#recordWriter = new RecordWriter(this.#catalog, openTable(environment, 'state', recordStateKeys));
    this.#positions = openTable(environment, 'changelogs', textKeys);
  }

  committed(group: string, requireOpen: () => void): CommittedState {
    return new StoredState(group, this.#catalog, this.#tables.state, requireOpen);
  }

  position(changelog: TopicPartition): ChangelogPosition | undefined {
    const bytes = this.#positions.get(positionKey(changelog));
    return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString('utf8')) as ChangelogPosition);
  }

  /** Grows with whatever is applied of a changelog's partition, by commits and by restores. */
  changes(changelog: TopicPartition): number {
    return this.#changes.get(positionKey(changelog)) ?? 0;
  }

  /**
   * What a member has committed: all of it or nothing, durably. Left out is what belongs to a changelog that the member does not hold any more, for a restore may be
   * in the midst of newer rows of it; what begins before the position reached; and what belongs to state that is being built anew. The changelog brings
   * it. Throws STORAGE_FULL, STORAGE_FAILED.
   */
  apply(group: string, parts: readonly ChangelogChanges[]): void {
    this.#write(group, (newStores) => {
      for (const part of parts) {
        if (part.holder !== undefined && this.holders.holderOf(part) !== part.holder) continue;
        const before = this.position(part);
        const isOld = before?.topicId === part.position.topicId && before.offset > part.fromOffset;
        if (isOld || before?.isPartial === true) continue;
        this.#writer.write(group, part.changes, newStores);
        this.#putPosition(part, part.position);
      }
    });
  }

  /**
   * Records [from, to) that were read of a changelog, and its position once they are all applied: all of it or nothing, durably. What they bring of
   * stores that are new here is noted as {@link storesIn} where the changelog is that of a source. Throws LOG_CORRUPT, STORAGE_FULL, STORAGE_FAILED.
   */
  applyRecords(
    group: string,
    records: SortedRecords,
    { from, to }: { readonly from: number; readonly to: number },
    changelog: TopicPartition & { readonly isOfSource: boolean },
    position?: ChangelogPosition,
  ): void {
    this.#write(group, (newStores) => {
      this.#writeRecords(group, records, { from, to }, changelog, newStores);
      if (position !== undefined) this.#putPosition(changelog, position);
    });
  }

  /**
   * Tails of several changelogs in one transaction, so that one sync does for all of them. Left out are those that someone else writes, or whose
   * position is not any more where they were read from. Throws as applyRecords does.
   */
  applyTails(group: string, tails: readonly ChangelogTail[]): void {
    this.#write(group, (newStores) => {
      for (const tail of tails) {
        const now = this.position(tail);
        const isSame = now?.topicId === tail.before.topicId && now.offset === tail.before.offset;
        if (!isSame || !this.holders.isFree(tail)) continue;
        const place = { topic: tail.topic, isOfSource: true };
        this.#writeRecords(group, tail.records, { from: 0, to: tail.records.length }, place, newStores);
        this.#putPosition(tail, tail.position);
      }
    });
  }

  #writeRecords(
    group: string,
    records: SortedRecords,
    { from, to }: { readonly from: number; readonly to: number },
    { topic, isOfSource }: { readonly topic: string; readonly isOfSource: boolean },
    newStores: [group: string, store: string][],
  ): void {
    const known = newStores.length;
    this.#recordWriter.write(group, records, from, to, newStores);
    const added = newStores.slice(known).map(([, store]) => store);
    if (isOfSource && added.length > 0) this.#putStoresIn(group, topic, added);
  }

  setPosition(changelog: TopicPartition, position: ChangelogPosition): void {
    this.#environment.transaction(() => this.#putPosition(changelog, position));
  }

  /**
   * Deletes some of what stores hold, of one partition or of all; returns whether there may be more. The changelog's position has to say
   * first that it is partial. Throws STORAGE_FULL, STORAGE_FAILED.
   */
  dropStep(group: string, stores: readonly string[], partition: number | undefined): boolean {
    const { state } = this.#tables;
    for (const store of stores) {
      const storeId = this.#catalog.find(group, store);
      if (storeId === undefined) continue;
      const start = { storeId, partition: partition ?? 0, text: '' };
      const end =
        partition === undefined
          ? { storeId: storeId + 1, partition: 0, text: '' }
          : { ...start, partition: partition + 1 };
      const keys = state.keys({ start, end, limit: DELETE_STEP });
      if (keys.length === 0) continue;
      this.#environment.transaction(() => {
        for (const key of keys) state.delete(key);
      });
      return true;
    }
    return false;
  }

  /** What a reset does here: nothing is left of the group, and its changelogs are read anew. */
  forget(group: string, changelogs: readonly TopicPartition[]): void {
    this.#environment.transaction(() => {
      for (const changelog of changelogs) this.#positions.delete(positionKey(changelog));
    });
    while (this.dropStep(group, this.storesOf(group), undefined));
  }

  /** The stores of a group of which is known that they are not the group's as a whole. */
  sourceStores(group: string): ReadonlySet<string> {
    return this.#names(sourceStoresKey(group));
  }

  /**
   * The stores whose changes a changelog is known to carry, also those of versions of the application that this process does not run: while
   * a changed topology is rolled out, partitions go from one to the other with everything that hangs on them.
   */
  storesIn(group: string, topic: string): ReadonlySet<string> {
    return this.#names(storesInKey(group, topic));
  }

  noteStoresIn(group: string, topic: string, stores: readonly string[]): void {
    const [known, ofGroup] = [this.storesIn(group, topic), this.sourceStores(group)];
    if (stores.every((store) => known.has(store) && ofGroup.has(store))) return;
    this.#environment.transaction(() => this.#putStoresIn(group, topic, stores));
  }

  #putStoresIn(group: string, topic: string, stores: readonly string[]): void {
    for (const key of [storesInKey(group, topic), sourceStoresKey(group)]) {
      const text = JSON.stringify([...new Set([...this.#names(key), ...stores])]);
      this.#positions.put(key, Buffer.from(text, 'utf8'));
    }
  }

  #names(key: string): ReadonlySet<string> {
    const bytes = this.#positions.get(key);
    return new Set(bytes === undefined ? [] : (JSON.parse(Buffer.from(bytes).toString('utf8')) as string[]));
  }

  /** The names of the stores of a group that hold, or held, anything here. */
  storesOf(group: string): readonly string[] {
    return this.#catalog.namesOf(group);
  }

  #write(group: string, write: (newStores: [group: string, store: string][]) => void): void {
    const newStores: [group: string, store: string][] = [];
    try {
      this.#environment.transaction(() => write(newStores));
    } catch (error) {
      for (const [, store] of newStores) this.#catalog.forget(group, store);
      throw error;
    }
  }

  #putPosition(changelog: TopicPartition, position: ChangelogPosition): void {
    const key = positionKey(changelog);
    this.#changes.set(key, this.changes(changelog) + 1);
    this.#positions.put(key, Buffer.from(JSON.stringify(position), 'utf8'));
  }
}

/** No topic's name has a slash. */
function sourceStoresKey(group: string): string {
  return `/${group}`;
}

function storesInKey(group: string, topic: string): string {
  return `/${group}/${topic}`;
}

function positionKey({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}
