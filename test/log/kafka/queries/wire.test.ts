import { expect, it } from 'vitest';
import {
  decodeAnswers,
  decodeQuestion,
  encodeAnswers,
  encodeQuestion,
} from '../../../../src/log/kafka/queries/wire.ts';

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
const everyKey = String.fromCharCode(...everyByte);
const unit = { topic: 'in', partition: 3 };

it('questions and answers are read as they were written, whatever bytes are in them', () => {
  const question = {
    group: 'g',
    units: [
      {
        unit,
        version: 'm 7',
        lookups: [
          { lookup: { kind: 'get', store: 's', key: everyKey }, moreBytes: 1, allBytes: 1 },
          {
            lookup: { kind: 'range', store: 's', from: everyKey, isReversed: true },
            after: 'x',
            moreBytes: 0,
            allBytes: 9,
          },
        ],
      },
    ],
  } as const;
  expect(decodeQuestion(encodeQuestion(question))).toEqual(question);
  const answers = [
    {
      stamp: { memberId: 'm', generation: 7 },
      version: 'm 8',
      isSame: false,
      results: [
        { kind: 'get', value: everyByte },
        { kind: 'get', value: undefined },
        { kind: 'get', value: new Uint8Array() },
        { kind: 'range', entries: [[everyKey, everyByte]], isWhole: true },
        null,
      ],
    },
    { refused: 'not mine' },
  ] as const;
  const plain = (value: unknown) => JSON.stringify(value, (_, each) => (each instanceof Uint8Array ? [...each] : each));
  const read = decodeAnswers(encodeAnswers(answers)).map((answer) =>
    'refused' in answer
      ? answer
      : {
          ...answer,
          results: answer.results.map((result) =>
            result?.kind === 'get'
              ? { ...result, value: result.value === undefined ? undefined : new Uint8Array(result.value) }
              : result?.kind === 'range'
                ? { ...result, entries: result.entries.map(([key, value]) => [key, new Uint8Array(value)]) }
                : result,
          ),
        },
  );
  expect(plain(read)).toBe(plain(answers));
});

it.each([
  ['no JSON', '{'],
  ['another version', '{"version":2,"group":"g","units":[]}'],
  ['no group', '{"version":1,"units":[]}'],
  ['no unit', '{"version":1,"group":"g","units":[{"lookups":[]}]}'],
  ['null', '{"version":1,"group":"g","units":[null]}'],
  [
    'a lookup of no kind',
    '{"version":1,"group":"g","units":[{"unit":{"topic":"t","partition":0},"lookups":[{"lookup":{"kind":"x","store":"s"},"moreBytes":1,"allBytes":1}]}]}',
  ],
  [
    'a key that is no text',
    '{"version":1,"group":"g","units":[{"unit":{"topic":"t","partition":0},"lookups":[{"lookup":{"kind":"get","store":"s","key":1},"moreBytes":1,"allBytes":1}]}]}',
  ],
  ['a null lookup', '{"version":1,"group":"g","units":[{"unit":{"topic":"t","partition":0},"lookups":[null]}]}'],
])('a question that is %s is refused', (_, text) => {
  expect(() => decodeQuestion(Buffer.from(text))).toThrow('is not of this release');
});
