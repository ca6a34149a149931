import { TimestampedStore } from '../../state/timestamped-store.ts';
import type { Kind, Node } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/** A topic or stream kept as a table: the newest record of a key is its row. A null key is skipped. */
export function storeTable(node: Kind<'tableSource' | 'toTable'>, context: OperatorContext, next: Receive): Receive {
  const store = new TimestampedStore(node.store, context.buffer(node.store));
  return (key, value, timestamp) => {
    if (key === null) return context.skipped(node.name);
    try {
      store.put(key, value, timestamp);
    } catch (error) {
      throw failedIn(node.name, error);
    }
    next(key, value, timestamp);
  };
}

/** A row for which the predicate does not hold is sent on as deleted. */
export function tableFilter(node: Kind<'tableFilter'>, next: Receive): Receive {
  const derive = filteredValue(node);
  return (key, value, timestamp) => next(key, derive(key, value), timestamp);
}

export function tableMapValues(node: Kind<'tableMapValues'>, next: Receive): Receive {
  const derive = mappedValue(node);
  return (key, value, timestamp) => next(key, derive(key, value), timestamp);
}

/** Reads a table as of now: a stored one from its store, a derived one by deriving from what it comes from. */
export function tableReader(node: Node, context: OperatorContext): (key: unknown) => unknown {
  switch (node.kind) {
    case 'tableSource':
    case 'toTable':
    case 'aggregate': {
      const store = new TimestampedStore(node.store, context.buffer(node.store));
      return (key) => store.get(key);
    }
    case 'tableFilter':
    case 'tableMapValues': {
      const read = tableReader(node.parents[0]!, context);
      const derive = node.kind === 'tableFilter' ? filteredValue(node) : mappedValue(node);
      return (key) => derive(key, read(key));
    }
    default:
      throw failedIn(node.name, 'is not a table');
  }
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
