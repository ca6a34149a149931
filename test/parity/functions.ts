/** The predicates, mappers and aggregates that scenarios name; they are defined at the top of the oracle. */

type Text = string | null;

export function predicate(name: string): (key: Text, value: Text) => boolean {
  switch (name) {
    case 'short':
      return (_key, value) => value === null || value.length < 4;
    case 'even':
      return (_key, value) => value !== null && value.length % 2 === 0;
    case 'keyA':
      return (key) => key === 'a';
    case 'never':
      return () => false;
    case 'always':
      return () => true;
    default:
      throw new RangeError(`there is no predicate ${name}`);
  }
}

export function mapper(name: string): (value: Text) => Text {
  const map = MAPPERS[name];
  if (map === undefined) throw new RangeError(`there is no mapper ${name}`);
  return (value) => (value === null ? null : map(value));
}

const MAPPERS: Readonly<Record<string, (value: string) => Text>> = {
  upper: (value) => value.toUpperCase(),
  exclaim: (value) => `${value}!`,
  first: firstCharacter,
  'nullify-short': (value) => (value.length < 4 ? null : value),
};

export function firstCharacter(value: string): string {
  return value.slice(0, 1);
}

/** The part before the first colon; null where there is none. */
export function foreignKey(value: string): Text {
  const colon = value.indexOf(':');
  return colon < 0 ? null : value.slice(0, colon);
}

export function add(name: string, value: string, aggregate: string): string {
  switch (name) {
    case 'count':
      return String(numberOf(aggregate) + 1);
    case 'concat':
      return `${aggregate}.${value}`;
    case 'lengths':
      return String(numberOf(aggregate) + value.length);
    default:
      throw new RangeError(`there is no aggregate ${name}`);
  }
}

export function subtract(name: string, value: string, aggregate: string): string {
  switch (name) {
    case 'count':
      return String(numberOf(aggregate) - 1);
    case 'concat':
      return `${aggregate}-${value}`;
    case 'lengths':
      return String(numberOf(aggregate) - value.length);
    default:
      throw new RangeError(`there is no aggregate ${name}`);
  }
}

/** Two sessions become one. */
export function both(name: string, left: string, right: string): string {
  return name === 'concat' ? left + right : String(numberOf(left) + numberOf(right));
}

function numberOf(text: string): number {
  return text === '' ? 0 : Number(text);
}

/** The new key of selectKey. */
export function pre(value: Text): Text {
  return value === null ? null : firstCharacter(value);
}

/** As Java splits: empty parts at the end fall away. */
export function parts(value: string): readonly string[] {
  const all = value.split(',');
  while (all.length > 1 && all.at(-1) === '') all.pop();
  return all;
}
