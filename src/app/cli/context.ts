import type { Command } from 'commander';
import type { GenericSinkDefinition } from '../../clickhouse/generic/generic-sink-definition.ts';
import type { Clock } from '../../clock.ts';
import type { ValueFormat } from '../formats/topic-formats.ts';
import { parkKeysMaxOf } from './park-keys.ts';

/** What every command gets. */
export interface CommandContext {
  readonly clock: Clock;
  /** Sets the exit code; the last call counts. */
  exit(code: number): void;
}

export interface GlobalOptions {
  readonly data: string;
  readonly json?: boolean;
  readonly valueFormat?: ValueFormat;
  readonly schemaRegistry?: string;
  readonly kafka?: string;
  /** The address of a ClickHouse server. */
  readonly clickhouse?: string;
  /** The file of a user's topology. */
  readonly topology?: string;
  readonly application?: string;
  /** What the configuration says of them; they have no option. */
  readonly sinks?: readonly GenericSinkDefinition[];
}

/** What a node must know of them. */
export function nodeOptionsOf(options: GlobalOptions) {
  const { data, valueFormat, schemaRegistry, kafka, clickhouse, topology, sinks } = options;
  const places = { dataDirectory: data, kafka, clickhouse, topologyFile: topology, sinks };
  return { ...places, valueFormat, schemaRegistry, parkKeysMax: parkKeysMaxOf(undefined) };
}

/** The options of a command together with those of the whole program; the nearer one wins. */
export function optionsOf<T>(command: Command): T & GlobalOptions {
  const near = Object.fromEntries(Object.entries(command.opts()).filter(([, value]) => value !== undefined));
  const far = command.parent === null ? {} : optionsOf<object>(command.parent);
  return { ...far, ...near } as T & GlobalOptions;
}
