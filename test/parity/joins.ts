import { JoinWindows, stringSerde } from 'headrace';
import { firstCharacter, foreignKey } from './functions.ts';
import { type Made, stream, table, Unsupported } from './made.ts';
import type { Operator } from './scenario.ts';

type Text = string | null;
const strings = { key: stringSerde, value: stringSerde };
const joiner = (one: Text, two: Text) => `${one}+${two}`;

/** The join of a scenario's operator; what it joins decides which one. */
export function joined(operator: Operator, id: string, left: Made, right: Made): Made {
  if (left.kind === 'table' && right.kind === 'table') return tableTable(operator, left, right);
  if (left.kind === 'stream' && right.kind === 'table') return streamTable(operator, id, left, right);
  if (left.kind === 'stream' && right.kind === 'stream') return streamStream(operator, id, left, right);
  if (left.kind === 'stream' && right.kind === 'globalTable') return streamGlobal(operator, left, right);
  throw new Unsupported(`join of ${left.kind} and ${right.kind}`);
}

function tableTable({ kind }: Operator, left: Of<'table'>, right: Of<'table'>): Made {
  switch (kind) {
    case 'inner':
      return table(left.table.join(right.table, joiner), left.isWindowed);
    case 'left':
      return table(left.table.leftJoin(right.table, joiner), left.isWindowed);
    default:
      return table(left.table.outerJoin(right.table, joiner), left.isWindowed);
  }
}

function streamStream({ kind, ...times }: Operator, id: string, left: Of<'stream'>, right: Of<'stream'>): Made {
  const { beforeMs = 0, afterMs = 0, graceMs = 0 } = times;
  const windows = JoinWindows.of({ beforeMs, afterMs, graceMs });
  const options = { name: `j${id}`, windows, key: stringSerde, value: stringSerde, otherValue: stringSerde };
  switch (kind) {
    case 'inner':
      return stream(left.stream.join(right.stream, joiner, options));
    case 'left':
      return stream(left.stream.leftJoin(right.stream, joiner, options));
    default:
      return stream(left.stream.outerJoin(right.stream, joiner, options));
  }
}

function streamGlobal({ kind }: Operator, { stream: left }: Of<'stream'>, { table: right }: Of<'globalTable'>): Made {
  const keyOf = (_key: Text, value: Text) => (value === null ? null : firstCharacter(value));
  return stream(kind === 'inner' ? left.join(right, keyOf, joiner) : left.leftJoin(right, keyOf, joiner));
}

function streamTable(operator: Operator, id: string, left: Of<'stream'>, right: Of<'table'>): Made {
  const { graceMs } = operator;
  const options = { ...strings, name: `j${id}`, ...(graceMs === undefined ? {} : { graceMs }) };
  return operator.kind === 'inner'
    ? stream(left.stream.join(right.table, joiner, options))
    : stream(left.stream.leftJoin(right.table, joiner, options));
}

export function foreignKeyJoined({ kind }: Operator, id: string, left: Made, right: Made): Made {
  if (left.kind !== 'table' || right.kind !== 'table') throw new Unsupported('foreign-key join of what is no table');
  const options = {
    name: `fk${id}`,
    value: stringSerde,
    left: strings,
    foreignKey: stringSerde,
    otherValue: stringSerde,
  };
  return kind === 'inner'
    ? table(left.table.joinOnForeignKey(right.table, foreignKey, joiner, options))
    : table(left.table.leftJoinOnForeignKey(right.table, foreignKey, joiner, options));
}

type Of<Kind extends Made['kind']> = Extract<Made, { kind: Kind }>;
