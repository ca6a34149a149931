import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topicFormats } from '../../src/app/formats/topic-formats.ts';
import { type Cell, cells } from '../../src/clickhouse/field-table/cells.ts';
import { fieldTable } from '../../src/clickhouse/field-table/field-table.ts';
import { Transcoder } from '../../src/clickhouse/field-table/transcoder.ts';
import { CutRows } from '../../src/clickhouse/sink/cut-rows.ts';
import { HeadraceError } from '../../src/errors.ts';
import { parseSchema } from '../../src/serde/avro/parse-schema.ts';
import { registryOf, serdeFor } from '../serde/avro/topics.ts';
import { type Part, rarely, record } from './field-table/any-record.ts';
import { batchesOf } from './record-batches.ts';

const TOPIC = 'orders';

/** A table of the topic, whose values may be of either schema: of the topic's with the id 1, of a writer's with 2. */
function made({ type, written }: Pick<Part, 'type' | 'written'>, columns: readonly (readonly [string, Cell])[]) {
  const registry = registryOf('s', type, written);
  const formats = topicFormats({ format: 'json', registry, schemas: new Map([[TOPIC, parseSchema(type)]]) });
  const named = Object.fromEntries(columns.map((column, at) => [`c${at}`, column]));
  const table = fieldTable({ topic: TOPIC, table: 'o.rows', columns: named });
  const transcoder = Transcoder.of(table, formats.scannerOf!);
  /** What a cut with these values becomes. */
  const rows = (values: readonly Uint8Array[], shortWay: Transcoder | undefined) => {
    const cut = new CutRows(new Map([[TOPIC, { table, transcoder: shortWay }]]), formats.decodeValue);
    const records = values.map((value) => ({ value }));
    for (const batch of batchesOf(TOPIC, 0, 5, records)) cut.encode(batch);
    return {
      bytes: cut.tables.map((each) => Buffer.concat(each.pieces()).toString('hex')),
      records: cut.tables.map((each) =>
        each.records().map(({ index, start, end, rowCount }) => [index, start, end, rowCount]),
      ),
      refused: cut.refused.map(({ index, error }) => `${index}: ${(error as Error).message}`),
    };
  };
  return { transcoder, rows };
}

/** Schemas that no topic can have are passed over. */
function unlessInvalid<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    fc.pre(!(error instanceof HeadraceError));
    throw error;
  }
}

const given = record('R', 2).chain((part) =>
  fc.record({
    part: fc.constant(part),
    picks: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
    values: fc.array(
      fc.record({
        bytes: part.bytes,
        damage: rarely(fc.constant(null), fc.record({ at: fc.nat(), byte: fc.nat(255) })),
        id: fc.constantFrom(1, 2),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  }),
);

it('rows are the same whichever way they are made, for any schema, any table of it and any writer of another one', () => {
  fc.assert(
    // What is unusual has its weights in any-record.ts.
    fc.property(fc.noBias(given), ({ part, picks, values }) => {
      fc.pre(part.columns.length > 0);
      const columns = picks.map((pick) => part.columns[pick % part.columns.length]!);
      const table = unlessInvalid(() =>
        made(
          part,
          columns.map(([path, type, cell]) => [type, cell(path)]),
        ),
      );
      fc.pre(table.transcoder !== undefined);
      const framed = values.map(({ bytes, damage, id }) => {
        const value = Buffer.concat([Buffer.from([0, 0, 0, 0, id]), bytes]);
        if (damage !== null && bytes.length > 0) value[5 + (damage.at % bytes.length)] = damage.byte;
        return value;
      });
      expect(table.rows(framed, table.transcoder)).toEqual(table.rows(framed, undefined));
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 300) },
  );
}, 120_000);

describe('the short way', () => {
  const schemaOf = (...fields: readonly (readonly [name: string, type: unknown])[]) => ({
    type: 'record',
    name: 'R',
    fields: fields.map(([name, type]) => ({ name, type })),
  });
  const decimal = { type: 'bytes', logicalType: 'decimal', precision: 38, scale: 4 };
  const currency = { type: 'string', logicalType: 'iso-4217' };

  it('has room for a text that several columns hold', () => {
    const type = schemaOf(['id', 'string']);
    const { transcoder, rows } = made(
      { type, written: { ...type, doc: 'ours' } },
      Array.from({ length: 20 }, () => ['String', cells.text('id')]),
    );
    const values = [1, 40, 60_000].flatMap((length) =>
      Array.from({ length: 120 }, () => Buffer.from(serdeFor(type).serialize({ id: 'x'.repeat(length) }))),
    );
    expect(rows(values.slice(0, 240), transcoder)).toEqual(rows(values.slice(0, 240), undefined));
    expect(rows(values.slice(-2), transcoder)).toEqual(rows(values.slice(-2), undefined));
  });

  it('refuses an amount with digits below its currency’s decimals, though no column holds it', () => {
    const type = schemaOf(['a', decimal], ['currency', currency]);
    const { transcoder, rows } = made({ type, written: { ...type, doc: 'ours' } }, [
      ['String', cells.text('currency')],
    ]);
    const value = (units: number) => Buffer.from([0, 0, 0, 0, 1, 2, units, 6, ...Buffer.from('EUR')]);
    const { records, refused } = rows([value(100), value(101), value(0)], transcoder);
    expect(records.flat().map(([index]) => index)).toEqual([0, 2]);
    expect(refused).toEqual([expect.stringContaining('below the 2 decimals')]);
  });

  it('reads no amount of a writer who calls it a number', () => {
    const type = schemaOf(['currency', currency], ['a', { type: 'long', logicalType: 'minor-units' }]);
    const written = schemaOf(['currency', currency], ['a', 'long']);
    const { transcoder, rows } = made({ type, written }, [['Int64', cells.minor('a')]]);
    const value = (id: number) => Buffer.from([0, 0, 0, 0, id, 6, ...Buffer.from('EUR'), 2]);
    expect(rows([value(1)], transcoder).refused).toEqual([]);
    expect(rows([value(2)], transcoder).refused).toEqual([expect.stringContaining('be read as minor-units')]);
  });

  it('is not that of an amount with the decimals of what is none', () => {
    const type = schemaOf(['currency', currency], ['a', { type: 'long', logicalType: 'minor-units' }]);
    const given = { type, written: { ...type, doc: 'ours' } };
    expect(made(given, [['Int64', cells.minor('a', 'currency')]]).transcoder).toBeUndefined();
    expect(made(given, [['Int64', cells.minor('a')]]).transcoder).toBeDefined();
  });
});
