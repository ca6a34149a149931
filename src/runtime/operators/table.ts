import { SessionStore } from '../../state/session-store.ts';
import type { VersionedStoreDefinition } from '../../state/store-definition.ts';
import { SuppressBuffer } from '../../state/suppress-buffer.ts';
import { TimestampedStore } from '../../state/timestamped-store.ts';
import { type VersionedPut, VersionedStore } from '../../state/versioned-store.ts';
import { WindowStore } from '../../state/window-store.ts';
import type { Kind, Node } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';
import { sessionTable, suppressedTable, windowedTable } from './windowed-table.ts';

/** A topic or stream kept as a table: the newest record of a key is its row. A null key is skipped. */
export function storeTable(
  node: Kind<'tableSource' | 'toTable'>,
  context: OperatorContext,
  next: Receive,
  sendsBefore: boolean,
): Receive {
  if (node.store.kind === 'versioned') return versionedTable(node.name, node.store, context, next, sendsBefore);
  const store = new TimestampedStore(node.store, context.buffer(node.store));
  return (key, value, timestamp) => {
    if (key === null) return context.skipped(node.name, 'null key');
    let before: unknown = null;
    try {
      if (sendsBefore) before = store.get(key);
      store.put(key, value, timestamp);
    } catch (error) {
      throw failedIn(node.name, error);
    }
    next(key, value, timestamp, before);
  };
}

/** A change that is older than the present row is sent on as such; one that is older than the history is skipped. */
function versionedTable(
  name: string,
  definition: VersionedStoreDefinition,
  context: OperatorContext,
  next: Receive,
  sendsBefore: boolean,
): Receive {
  const store = new VersionedStore(definition, context.buffer(definition));
  return (key, value, timestamp) => {
    if (key === null) return context.skipped(name, 'null key');
    let before: unknown = null;
    let result: VersionedPut;
    try {
      if (sendsBefore) before = store.get(key);
      result = store.put(key, value, timestamp);
    } catch (error) {
      throw failedIn(name, error);
    }
    if (result === 'refused') context.skipped(name, 'out of retention');
    else next(key, value, timestamp, before, result === 'history');
  };
}

/** A row for which the predicate does not hold is sent on as deleted; where it is known to be none before, nothing is. */
export function tableFilter(node: Kind<'tableFilter'>, next: Receive, usesBefore: boolean): Receive {
  const derive = filteredValue(node);
  // What a row of a versioned table was depends on the time that is asked for: it is never known to have been none.
  const tellsAll = isVersioned(node.parents[0]!);
  if (!usesBefore) {
    return (key, value, timestamp, _before, isHistory) => next(key, derive(key, value), timestamp, null, isHistory);
  }
  return (key, value, timestamp, before = null, isHistory = false) => {
    const [now, then] = [derive(key, value), derive(key, before)];
    if (tellsAll || now !== null || then !== null) next(key, now, timestamp, then, isHistory);
  };
}

export function tableMapValues(node: Kind<'tableMapValues'>, next: Receive, sendsBefore: boolean): Receive {
  const derive = mappedValue(node);
  if (!sendsBefore) {
    return (key, value, timestamp, _before, isHistory) => next(key, derive(key, value), timestamp, null, isHistory);
  }
  return (key, value, timestamp, before, isHistory) =>
    next(key, derive(key, value), timestamp, derive(key, before), isHistory);
}

/** A table that is stored with its history, and what is derived from one without being stored (KIP-914). */
function isVersioned(node: Node): boolean {
  if (node.kind === 'tableFilter' || node.kind === 'tableMapValues') return isVersioned(node.parents[0]!);
  return (node.kind === 'tableSource' || node.kind === 'toTable') && node.store.kind === 'versioned';
}

/** Reads the rows of a table as of now. */
export interface TableReader {
  /** The row, or null. */
  get(key: unknown): unknown;
  /** Of the row that the last {@link get} returned. */
  readonly timestamp: number;
  /** Of a versioned table: the row as it was at a time, or null. */
  readonly asOf?: (key: unknown, time: number) => unknown;
}

/** A stored table is read from its store, a derived one by deriving from what it comes from. */
export function tableReader(node: Node, context: OperatorContext): TableReader {
  switch (node.kind) {
    case 'tableSource':
    case 'toTable':
      return node.store.kind === 'versioned'
        ? versionedReader(new VersionedStore(node.store, context.buffer(node.store)))
        : new TimestampedStore(node.store, context.buffer(node.store));
    case 'aggregate':
    case 'tableAggregate':
      return new TimestampedStore(node.store, context.buffer(node.store));
    case 'tableFilter':
    case 'tableMapValues': {
      const source = tableReader(node.parents[0]!, context);
      const derive = node.kind === 'tableFilter' ? filteredValue(node) : mappedValue(node);
      const { asOf } = source;
      return {
        ...(asOf === undefined ? {} : { asOf: (key, time) => derive(key, asOf(key, time)) }),
        get: (key) => derive(key, source.get(key)),
        get timestamp() {
          return source.timestamp;
        },
      };
    }
    case 'tableTableJoin':
      return joinedTable(node, context);
    case 'windowAggregate':
      return windowedTable(new WindowStore(node.store, context.buffer(node.store)));
    case 'sessionAggregate':
      return sessionTable(new SessionStore(node.store, context.buffer(node.store)));
    case 'suppress':
      return suppressedTable(
        new SuppressBuffer(node.store, context.buffer(node.store)),
        tableReader(node.parents[0]!, context),
      );
    default:
      throw failedIn(node.name, 'is not a table');
  }
}

function versionedReader(store: VersionedStore<unknown, unknown>): TableReader {
  return {
    get: (key) => store.get(key),
    asOf: (key, time) => store.asOf(key, time),
    get timestamp() {
      return store.timestamp;
    },
  };
}

function joinedTable(node: Kind<'tableTableJoin'>, context: OperatorContext): TableReader {
  const [left, right] = node.parents.map((parent) => tableReader(parent, context)) as [TableReader, TableReader];
  let timestamp = -1;
  return {
    get(key) {
      const leftRow = left.get(key);
      const leftAt = leftRow === null ? -1 : left.timestamp;
      const rightRow = right.get(key);
      timestamp = Math.max(leftAt, rightRow === null ? -1 : right.timestamp);
      return isJoined(node.join, leftRow, rightRow) ? node.joiner(leftRow, rightRow, key) : null;
    },
    get timestamp() {
      return timestamp;
    },
  };
}

/** Whether a row of the joined table follows from these two. */
export function isJoined(join: Kind<'tableTableJoin'>['join'], left: unknown, right: unknown): boolean {
  if (left !== null && right !== null) return true;
  return join === 'left' ? left !== null : join === 'outer' && (left !== null || right !== null);
}

type Derive = (key: unknown, value: unknown) => unknown;

function filteredValue({ predicate, keepWhen, name }: Kind<'tableFilter'>): Derive {
  return (key, value) => {
    if (value === null) return null;
    try {
      return Boolean(predicate(key, value)) === keepWhen ? value : null;
    } catch (error) {
      throw failedIn(name, error);
    }
  };
}

function mappedValue({ mapper, name }: Kind<'tableMapValues'>): Derive {
  return (key, value) => {
    if (value === null) return null;
    try {
      return mapper(key, value);
    } catch (error) {
      throw failedIn(name, error);
    }
  };
}
