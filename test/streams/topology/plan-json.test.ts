import { jsonSerde, keyValueStore, StreamsBuilder, stringSerde, TimeWindows } from 'headrace';
import { describe, expect, it } from 'vitest';
import { parsePlanJson, planJsonOf } from '../../../src/streams/topology/plan-json.ts';
import { text } from '../../text-serde.ts';

const serdes = { key: stringSerde, value: stringSerde };

function plan() {
  const builder = new StreamsBuilder();
  const seen = keyValueStore({ name: 'seen', key: stringSerde, value: jsonSerde() });
  builder
    .stream('in', { key: stringSerde, value: text, name: 'input' })
    .process({ name: 'watch', stores: { seen }, processor: () => () => {}, ...serdes })
    .groupByKey({ name: 'by-key', ...serdes })
    .windowedBy(TimeWindows.of({ sizeMs: 1_000, graceMs: 10 }))
    .count({ name: 'counts' })
    .suppress({ name: 'final', kind: 'windowCloses' })
    .toStream({ name: 'changes' })
    .to('out', { name: 'output' });
  return planJsonOf(builder.build().plan);
}

describe('the JSON of a plan', () => {
  it('says what is on disk and what the operators are', () => {
    expect(plan()).toMatchInlineSnapshot(`
      {
        "format": "headrace-plan",
        "globalTables": [],
        "repartitionTopics": [
          {
            "name": "by-key-repartition",
            "partitions": null,
            "serdes": {
              "key": "string",
              "value": "string",
            },
          },
        ],
        "stores": [
          {
            "kind": "keyValue",
            "name": "seen",
            "serdes": {
              "key": "string",
              "value": "json",
            },
            "settings": {
              "timestamped": false,
            },
          },
          {
            "kind": "window",
            "name": "counts",
            "serdes": {
              "key": "string",
              "value": "int64",
            },
            "settings": {
              "retentionMs": 1010,
              "windowMs": 1000,
            },
          },
          {
            "kind": "suppress",
            "name": "final",
            "serdes": {
              "key": "time-windowed(string)",
              "value": "int64",
            },
            "settings": {},
          },
        ],
        "subTopologies": [
          {
            "id": 0,
            "operators": [
              {
                "kind": "source",
                "name": "input",
                "parents": [],
                "serdes": {
                  "key": "string",
                  "value": null,
                },
                "settings": {},
                "stores": [],
                "topic": "in",
              },
              {
                "kind": "process",
                "name": "watch",
                "parents": [
                  "input",
                ],
                "serdes": {},
                "settings": {
                  "changesKey": true,
                },
                "stores": [
                  "seen",
                ],
              },
              {
                "kind": "sink",
                "name": "by-key-repartition-sink",
                "parents": [
                  "watch",
                ],
                "serdes": {
                  "key": "string",
                  "value": "string",
                },
                "settings": {},
                "stores": [],
                "topic": "by-key-repartition",
              },
            ],
            "reads": [
              "in",
            ],
            "stores": [
              "seen",
            ],
            "writes": [
              "by-key-repartition",
            ],
          },
          {
            "id": 1,
            "operators": [
              {
                "kind": "source",
                "name": "by-key-repartition-source",
                "parents": [],
                "serdes": {
                  "key": "string",
                  "value": "string",
                },
                "settings": {},
                "stores": [],
                "topic": "by-key-repartition",
              },
              {
                "kind": "windowAggregate",
                "name": "counts-aggregate",
                "parents": [
                  "by-key-repartition-source",
                ],
                "serdes": {},
                "settings": {
                  "emit": "onUpdate",
                  "windows": {
                    "advanceMs": 1000,
                    "graceMs": 10,
                    "kind": "time",
                    "sizeMs": 1000,
                  },
                },
                "stores": [
                  "counts",
                ],
              },
              {
                "kind": "suppress",
                "name": "final-suppress",
                "parents": [
                  "counts-aggregate",
                ],
                "serdes": {},
                "settings": {
                  "maxRecords": "Infinity",
                  "until": "windowCloses",
                  "waitMs": 10,
                  "whenFull": "fail",
                },
                "stores": [
                  "final",
                ],
              },
              {
                "kind": "toStream",
                "name": "changes",
                "parents": [
                  "final-suppress",
                ],
                "serdes": {},
                "settings": {},
                "stores": [],
              },
              {
                "kind": "sink",
                "name": "output",
                "parents": [
                  "changes",
                ],
                "serdes": {
                  "key": "time-windowed(string)",
                  "value": "int64",
                },
                "settings": {},
                "stores": [],
                "topic": "out",
              },
            ],
            "reads": [
              "by-key-repartition",
            ],
            "stores": [
              "counts",
              "final",
            ],
            "writes": [
              "out",
            ],
          },
        ],
        "version": 1,
      }
    `);
  });

  it('is the same for the same topology, survives JSON, and has no functions', () => {
    const textOf = (each: unknown) => JSON.stringify(each);
    expect(textOf(plan())).toBe(textOf(plan()));
    expect(parsePlanJson(JSON.parse(textOf(plan())), 'a file')).toEqual(plan());
  });

  it.each([
    ['no object', null, /a\.json is not a plan/],
    ['something else', { topology: 'Topologies:' }, /a\.json is not a plan/],
    ['a later version', { ...plan(), version: 2 }, /a plan of version 2; this release reads version 1/],
    ['a part of one', { format: 'headrace-plan', version: 1 }, /parts are missing/],
  ])('refuses %s', (_what, parsed, message) => {
    expect(() => parsePlanJson(parsed, 'a.json')).toThrow(message);
  });
});
