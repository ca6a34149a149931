import type { GenericSinkDefinition } from '../../clickhouse/generic/generic-sink-definition.ts';
import { type GenericTable, genericTable } from '../../clickhouse/generic/generic-table.ts';
import { takenNames } from '../../clickhouse/generic/taken-names.ts';
import { readMigrations } from '../../clickhouse/migrations.ts';
import type { DecodeValue } from '../../clickhouse/sink-table.ts';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import { rawDecoder } from '../../serde/avro/raw-decoder.ts';
import { MIGRATIONS } from '../migrations.ts';
import { SchemaSource } from './schema-source.ts';

/** A topic with a table of its own, ready to run. */
export interface GenericSink {
  /** Its group, and the name in its tokens and dead letters (`NAME.dlq`). */
  readonly name: string;
  readonly table: GenericTable;
  readonly decode: DecodeValue;
}

export interface OpenGenericSinks {
  readonly sinks: readonly GenericSink[];
  /** Ends requests to the registry that are under way. */
  close(): void;
}

export interface GenericSinksOptions {
  readonly definitions: readonly GenericSinkDefinition[];
  /** Group of the sink beside which these run. */
  readonly sink: string;
  /** Of the workload: their tables are not to be taken. */
  readonly migrations: string | undefined;
  readonly schemaRegistry: string | undefined;
  readonly clock: Clock;
  /** From which files of schemas are named (the working directory, where the configuration stands). */
  readonly directory?: string;
}

/** The group of the generic sink of a table. */
export function genericSinkName(sink: string, table: string): string {
  return `${sink}-${table}`;
}

/**
 * Reads the schemas of all sinks and maps them to tables; ClickHouse is not asked. Throws SINK_TABLE_INVALID where a schema
 * makes no table, or a name is taken, and what SchemaSource throws.
 */
export async function openGenericSinks(options: GenericSinksOptions): Promise<OpenGenericSinks> {
  const { definitions, sink, migrations, schemaRegistry, clock, directory = process.cwd() } = options;
  requireDifferentTables(definitions);
  const directories = new Set([MIGRATIONS, ...(migrations === undefined ? [] : [migrations])]);
  const taken = takenNames([...directories].flatMap((each) => readMigrations(each)));
  const source = await SchemaSource.open(schemaRegistry, directory, clock);
  try {
    const sinks: GenericSink[] = [];
    for (const definition of definitions) {
      const schema = await source.schemaOf(definition);
      const decode = rawDecoder(schema, source.writersOf(definition));
      sinks.push({
        name: genericSinkName(sink, definition.table),
        table: genericTable(definition, schema, taken),
        decode: (_topic, bytes, headers) => (bytes === null ? null : decode(bytes, headers)),
      });
    }
    return { sinks, close: () => source.close() };
  } catch (error) {
    source.close();
    throw error;
  }
}

function requireDifferentTables(definitions: readonly GenericSinkDefinition[]): void {
  const names = definitions.map(({ table }) => table.toLowerCase());
  const twice = definitions.find(({ table }, at) => names.indexOf(table.toLowerCase()) < at);
  if (twice === undefined) return;
  throw new HeadraceError('SINK_TABLE_INVALID', `Two sinks of the configuration have the table ${twice.table}`);
}
