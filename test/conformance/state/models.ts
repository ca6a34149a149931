import { KEYS, TIME_END } from './subjects.ts';

export type Write = readonly [key: string, time: number, text: string | null];

const bytes = (key: string) => Buffer.from(key);
const byKey = (one: string, other: string) => Buffer.compare(bytes(one), bytes(other));
const byLengthAndKey = (one: string, other: string) => bytes(one).length - bytes(other).length || byKey(one, other);

/** What came last under each name. */
function lastOf(writes: readonly Write[], nameOf: (write: Write) => string): readonly Write[] {
  return [...new Map(writes.map((write) => [nameOf(write), write])).values()];
}

const present = ([, , text]: Write) => text !== null;
const rowsOf = (writes: readonly Write[]) =>
  lastOf(writes, ([key]) => key)
    .filter(present)
    .sort(([one], [other]) => byKey(one, other));
const cellsOf = (writes: readonly Write[]) =>
  lastOf(writes, ([key, time]) => `${time} ${key}`)
    .filter(present)
    .sort(([one, at], [other, otherAt]) => at - otherAt || byKey(one, other));
const isBetween = (from: string, to: string) => (key: string) => byKey(key, from) >= 0 && byKey(key, to) < 0;

/** The version of a key that holds at a time. */
function versionsOf(writes: readonly Write[], key: string) {
  const own = lastOf(
    writes.filter(([each]) => each === key),
    ([, time]) => `${time}`,
  );
  const times = [...own].sort(([, at], [, otherAt]) => otherAt - at);
  return times.map(([, from, value], index) => ({
    value,
    from,
    to: times[index - 1]?.[1] ?? Number.POSITIVE_INFINITY,
  }));
}

/** The changes that a suppress operator still holds, the earliest first. */
function heldOf(writes: readonly Write[]) {
  let held: { key: string; since: number; text: string; timestamp: number; prior: string }[] = [];
  for (const [key, time, text] of writes) {
    const known = held.find((each) => each.key === key);
    if (text === null) held = held.filter(({ since }) => since > time);
    else if (known === undefined) held.push({ key, since: time, text, timestamp: time, prior: `before ${text}` });
    else Object.assign(known, { text, timestamp: time });
  }
  return held.sort((one, other) => one.since - other.since || byKey(one.key, other.key));
}

/** What stores must answer after these writes, told a second time without any store: from the writes alone. */
export const models: Readonly<Record<string, (writes: readonly Write[]) => unknown>> = {
  'key-value': (writes) => {
    const all = rowsOf(writes).map(([key, , text]) => [key, text] as const);
    const some = all.filter(([key]) => isBetween('a', 'b')(key));
    return { all, some, ofKeys: KEYS.map((key) => all.find(([each]) => each === key)?.[1]) };
  },
  timestamped: (writes) => {
    const all = rowsOf(writes);
    const ofKey = (key: string) =>
      all
        .find(([each]) => each === key)
        ?.slice(1)
        .reverse() ?? null;
    const rows = all.map(([key, , text]) => [key, text] as const);
    return { all: rows, some: rows.filter(([key]) => isBetween('a', 'b')(key)), ofKeys: KEYS.map(ofKey) };
  },
  window: (writes) => {
    const cells = cellsOf(writes);
    const all = cells.map(
      ([key, start, text]) => [{ key, window: { start, end: start + 10 } }, text, start + 3] as const,
    );
    const ofKey = (key: string, from: number, to: number) =>
      cells
        .filter(([each, start]) => each === key && start >= from && start <= to)
        .map(([, start, value]) => ({ start, value, timestamp: start + 3 }));
    return {
      all,
      some: all.filter(([{ window }]) => window.start >= 50 && window.start <= 100),
      ofKeys: KEYS.map((key) => [ofKey(key, 0, 300), ofKey(key, 20, 250).reverse()]),
      one: KEYS.map((key) => ofKey(key, 150, 150)[0]?.value ?? null),
    };
  },
  session: (writes) => {
    const cells = cellsOf(writes);
    const windowOf = (start: number) => ({ start, end: start + 7 });
    const ofKey = (key: string) => cells.filter(([each]) => each === key);
    return {
      all: cells.map(([key, start, text]) => [{ key, window: windowOf(start) }, text, start + 7]),
      ofKeys: KEYS.map((key) =>
        ofKey(key)
          .filter(([, start]) => start + 7 >= 20 && start <= 250)
          .map(([, start, text]) => [windowOf(start), text]),
      ),
      one: KEYS.map((key) => ofKey(key).find(([, start]) => start === 150)?.[2] ?? null),
    };
  },
  versioned: (writes) => {
    const now = KEYS.map((key) => [key, versionsOf(writes, key)[0]?.value ?? null] as const);
    const asOf = (key: string, time: number) =>
      versionsOf(writes, key).find(({ from, to }) => from <= time && time < to)?.value ?? null;
    return {
      now: now.filter(([, value]) => value !== null).sort(([one], [other]) => byKey(one, other)),
      asOf: KEYS.map((key) => [0, 50, 155, TIME_END].map((time) => asOf(key, time))),
      versions: KEYS.map((key) => versionsOf(writes, key).filter(({ value }) => value !== null)),
    };
  },
  'join-window': (writes) => {
    const all = writes
      .filter(present)
      .map(([key, time, text]) => [key, text, time] as const)
      .sort(([one, , at], [other, , otherAt]) => byLengthAndKey(one, other) || at - otherAt);
    const between = (key: string, from: number, to: number) =>
      all.filter(([each, , time]) => each === key && time >= from && time <= to).map(([, text, time]) => [time, text]);
    return { all, ofKeys: KEYS.map((key) => [between(key, 0, TIME_END), between(key, 55, 100)]) };
  },
  suppress: (writes) => {
    const held = heldOf(writes);
    return {
      count: held.length,
      earliest: held[0]?.since ?? Number.POSITIVE_INFINITY,
      all: held.map(({ key, since, text, timestamp }) => [since, key, text, `before ${text}`, timestamp]),
      priors: KEYS.map((key) => held.find((each) => each.key === key)?.prior),
    };
  },
  unjoined: (writes) => {
    const sideOf = (time: number) => (time % 20 === 0 ? 0 : 1);
    const waiting = (done: readonly Write[], side: number) => {
      const found = new Map<string, { time: number; key: string; values: string[] }>();
      for (const [key, time, text] of done.filter(([, at]) => sideOf(at) === side)) {
        const name = `${time} ${key}`;
        if (text === null) found.delete(name);
        else found.set(name, { time, key, values: [...(found.get(name)?.values ?? []), text] });
      }
      return [...found.values()].sort((one, other) => one.time - other.time || byKey(one.key, other.key));
    };
    const earliest = (side: number) => waiting(writes, side)[0]?.time ?? Number.POSITIVE_INFINITY;
    return {
      minTime: writes.length === 0 ? Number.POSITIVE_INFINITY : earliest(sideOf(writes.at(-1)![1])),
      sides: [0, 1].map((side) => [
        earliest(side),
        waiting(writes, side).map(({ time, key, values }) => [time, key, values]),
      ]),
    };
  },
  'join buffer': (writes) => {
    let held: { key: string; time: number; text: string }[] = [];
    for (const [key, time, text] of writes) {
      if (text === null) held = held.filter((each) => each.time > time);
      else held.push({ key, time, text });
    }
    held.sort((one, other) => one.time - other.time || byKey(one.key, other.key));
    return {
      earliest: held[0]?.time ?? Number.POSITIVE_INFINITY,
      all: held.map(({ key, time, text }) => [time, key === '' ? null : key, text]),
    };
  },
};
