import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type Receive } from './receive.ts';

export function filter(node: Kind<'filter'>, next: Receive): Receive {
  const { predicate, keepWhen, name } = node;
  return (key, value, timestamp) => {
    let keeps: boolean;
    try {
      keeps = Boolean(predicate(key, value)) === keepWhen;
    } catch (error) {
      throw failedIn(name, error);
    }
    if (keeps) next(key, value, timestamp);
  };
}

export function map(node: Kind<'map'>, next: Receive): Receive {
  const { mapper, changes, name } = node;
  const call = (key: unknown, value: unknown): unknown => {
    try {
      return mapper(key, value);
    } catch (error) {
      throw failedIn(name, error);
    }
  };
  switch (changes) {
    case 'key':
      return (key, value, timestamp) => next(call(key, value), value, timestamp);
    case 'value':
      return (key, value, timestamp) => next(key, call(key, value), timestamp);
    case 'both':
      return (key, value, timestamp) => {
        const [newKey, newValue] = pair(name, call(key, value));
        next(newKey, newValue, timestamp);
      };
  }
}

export function flatMap(node: Kind<'flatMap'>, next: Receive): Receive {
  const { mapper, changes, name } = node;
  return (key, value, timestamp) => {
    let results: readonly unknown[];
    try {
      results = [...mapper(key, value)];
    } catch (error) {
      throw failedIn(name, error);
    }
    for (const result of results) {
      if (changes === 'value') {
        next(key, result, timestamp);
      } else {
        const [newKey, newValue] = pair(name, result);
        next(newKey, newValue, timestamp);
      }
    }
  };
}

export function peek(node: Kind<'peek'>, next: Receive): Receive {
  const { action, name } = node;
  return (key, value, timestamp) => {
    try {
      action(key, value);
    } catch (error) {
      throw failedIn(name, error);
    }
    next(key, value, timestamp);
  };
}

export function branch(node: Kind<'branch'>, next: Receive): Receive {
  const { previous, predicate, name } = node;
  const takes = (key: unknown, value: unknown): boolean => {
    try {
      return (
        !previous.some((earlier) => earlier(key, value)) && (predicate === undefined || Boolean(predicate(key, value)))
      );
    } catch (error) {
      throw failedIn(name, error);
    }
  };
  return (key, value, timestamp) => {
    if (takes(key, value)) next(key, value, timestamp);
  };
}

function pair(operator: string, result: unknown): readonly [unknown, unknown] {
  if (Array.isArray(result) && result.length === 2) return [result[0], result[1]];
  throw failedIn(operator, 'the mapper must return pairs [key, value]');
}
