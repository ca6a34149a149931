import fc from 'fast-check';
import { expect, test } from 'vitest';
import { abortedTransactions } from '../../../../../src/log/kafka/client/corrections/aborted-transactions.ts';
import { corrected, stock } from '../libraries.ts';

interface Message {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}
type Filter = (fetched: {
  messages: readonly Message[];
  abortedTransactions: readonly { producerId: string; firstOffset: string }[];
}) => readonly Message[];

const FILTER = 'src/consumer/filterAbortedMessages';
const stockFilter = stock(FILTER) as Filter;
const filter = corrected(abortedTransactions)(FILTER) as Filter;

/** One letter an offset: a to c are records of producers, A to C their abort markers, X to Z their commit markers. */
function logOf(letters: string, key: Buffer | null = null) {
  const messages = [...letters].map((letter, offset): Message => {
    const producer = { a: 0, A: 0, X: 0, b: 1, B: 1, Y: 1, c: 2, C: 2, Z: 2 }[letter] ?? 0;
    const isControlRecord = letter < 'a';
    const marker = Buffer.from([0, 0, 0, letter < 'D' ? 0 : 1]);
    return {
      offset: String(offset),
      key: isControlRecord ? marker : key,
      isControlRecord,
      batchContext: { producerId: String(producer), inTransaction: true },
    };
  });
  const abortedTransactions: { producerId: string; firstOffset: string }[] = [];
  const committed: number[] = [];
  for (const [producer, [record, abort, commit]] of [
    ['a', 'A', 'X'],
    ['b', 'B', 'Y'],
    ['c', 'C', 'Z'],
  ].entries()) {
    let open: number[] = [];
    [...letters].forEach((letter, offset) => {
      if (letter === record) open.push(offset);
      if (letter === commit) committed.push(...open);
      if (letter === abort && open[0] !== undefined) {
        // Kept with its last offset for the order in which the broker lists them.
        abortedTransactions.push({ producerId: String(producer), firstOffset: `${open[0]} ${offset}` });
      }
      if (letter === abort || letter === commit) open = [];
    });
  }
  const [first, last] = [0, 1].map(
    (part) => (each: { firstOffset: string }) => Number(each.firstOffset.split(' ')[part]),
  );
  abortedTransactions.sort((one, other) => (last?.(one) ?? 0) - (last?.(other) ?? 0));
  return {
    messages,
    abortedTransactions: abortedTransactions.map((each) => ({ ...each, firstOffset: String(first?.(each)) })),
    committed: committed.sort((one, other) => one - other).map(String),
  };
}

const seenBy = (read: Filter, fetched: Parameters<Filter>[0]) =>
  read(fetched)
    .filter(({ isControlRecord }) => !isControlRecord)
    .map(({ offset }) => offset);

test('the one that began first may end last: the list is by end, the filter goes by beginning', () => {
  const log = logOf('abbBaacXaaAZ'.replace('X', 'A'));
  expect(seenBy(stockFilter, log)).not.toEqual(log.committed);
  expect(seenBy(filter, log)).toEqual(log.committed);
});

test('two that began before the first message of a fetch', () => {
  const { messages, abortedTransactions, committed } = logOf('ababABcZ');
  const fromTheMiddle = { messages: messages.slice(3), abortedTransactions };
  expect(seenBy(stockFilter, fromTheMiddle)).not.toEqual(committed);
  expect(seenBy(filter, fromTheMiddle)).toEqual(committed);
});

test("a user's key of four zero bytes ends no transaction", () => {
  const log = logOf('aaaA', Buffer.alloc(4));
  expect(seenBy(stockFilter, log)).not.toEqual([]);
  expect(seenBy(filter, log)).toEqual([]);
});

test('a commit marker of another kind of key ends no aborted transaction, and records without a transaction stay', () => {
  const { messages, abortedTransactions } = logOf('aaA');
  const plain = { ...messages[0], batchContext: { producerId: '0', inTransaction: false } } as Message;
  expect(seenBy(filter, { messages: [plain, ...messages.slice(1)], abortedTransactions })).toEqual(['0']);
});

test('whatever histories interleave, what was committed is seen and nothing else', () => {
  let leaks = 0;
  const letter = fc.constantFrom(...'aaabbbccc', ...'AABBCC', ...'XYZ');
  fc.assert(
    fc.property(fc.array(letter, { minLength: 40, maxLength: 120 }), (letters) => {
      const log = logOf(`${letters.join('')}XYZ`);
      leaks += seenBy(stockFilter, log).join() === log.committed.join() ? 0 : 1;
      expect(seenBy(filter, log)).toEqual(log.committed);
    }),
    { numRuns: 300 },
  );
  expect(leaks).toBeGreaterThan(20);
});
