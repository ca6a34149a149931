import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { MONTHS_MAX } from '../../clickhouse/tiers/tier-settings.ts';
import type { HeadraceConfiguration } from '../../definitions/configuration.ts';
import { HeadraceError } from '../../errors.ts';
import { VALUE_FORMATS } from '../formats/topic-formats.ts';
import { loadModule } from '../modules/load-module.ts';
import { nearestName } from '../user-topology/nearest-name.ts';
import { PARTITIONS_MAX, PORT_MAX, PRINT_MAX } from './limits.ts';
import { PARKED_KEYS_LIMIT } from './park-keys.ts';
import { STANDBYS_MAX } from './standbys.ts';
import { THREADS_MAX } from './threads.ts';
import { TIER_VARIABLES } from './tiers.ts';
import { CLICKHOUSE_OFF } from './tools.ts';

const FILES = ['headrace.config.ts', 'headrace.config.mts', 'headrace.config.js', 'headrace.config.mjs'];

const number = (min: number, max: number) => z.number().int().min(min).max(max);
const text = z.string().min(1);
/** One of `sinks`; what its schema makes of it is judged when it is opened. */
const SINK = z.strictObject({
  topic: text,
  table: text,
  schema: z.union([text, z.strictObject({ subject: text, version: number(1, 2 ** 31 - 1).optional() })]),
  ids: z.record(z.string().regex(/^\d+$/, 'an id is a number'), text).optional(),
  key: z.array(text).optional(),
  version: text.optional(),
  orderBy: z.array(text).optional(),
  partitionBy: z.union([text, z.literal(false)]).optional(),
  columns: z
    .record(z.string(), z.strictObject({ name: text.optional(), type: text.optional(), codec: text.optional() }))
    .optional(),
});
const SETTINGS = {
  topology: text,
  application: text,
  data: text,
  kafka: text,
  clickhouse: text,
  clickhousePort: z.union([z.literal(CLICKHOUSE_OFF), number(0, PORT_MAX)]),
  partitions: number(1, PARTITIONS_MAX),
  port: number(0, PORT_MAX),
  host: text,
  valueFormat: z.enum(VALUE_FORMATS),
  schemaRegistry: text,
  parkKeys: z.union([z.literal(true), number(1, PARKED_KEYS_LIMIT)]),
  standbys: number(0, STANDBYS_MAX),
  threads: number(1, THREADS_MAX),
  print: number(0, PRINT_MAX),
  coldDirectory: text,
  archiveDirectory: text,
  storagePolicy: text,
  coldAfterMonths: number(1, MONTHS_MAX),
  archiveAfterMonths: number(1, MONTHS_MAX),
  retentionMonths: number(1, MONTHS_MAX),
  deleteExpired: z.boolean(),
  sinks: z.array(SINK),
} satisfies Record<keyof HeadraceConfiguration, z.ZodType>;
type Name = keyof HeadraceConfiguration;
const NAMES = Object.keys(SETTINGS) as readonly Name[];

/** The environment comes before the file. */
const VARIABLES: Readonly<Partial<Record<Name, string>>> = {
  topology: 'HEADRACE_TOPOLOGY',
  data: 'HEADRACE_DATA',
  kafka: 'HEADRACE_KAFKA',
  clickhouse: 'HEADRACE_CLICKHOUSE',
  clickhousePort: 'HEADRACE_CLICKHOUSE_PORT',
  host: 'HEADRACE_HOST',
  valueFormat: 'HEADRACE_VALUE_FORMAT',
  schemaRegistry: 'HEADRACE_SCHEMA_REGISTRY',
  parkKeys: 'HEADRACE_PARK_KEYS',
  standbys: 'HEADRACE_STANDBYS',
  threads: 'HEADRACE_THREADS',
  ...TIER_VARIABLES,
};

/**
 * What `headrace.config.ts` (.mts, .js, .mjs) in a directory says; nothing where there is none. Throws USAGE for two of them, INPUT_INVALID for
 * one that can't be loaded, exports no configuration, or says what there is not.
 */
export async function readConfiguration(directory: string): Promise<HeadraceConfiguration> {
  const found = FILES.filter((file) => existsSync(join(directory, file)));
  const [file] = found;
  if (file === undefined) return {};
  if (found.length > 1) throw new HeadraceError('USAGE', `There are ${found.join(' and ')}: keep one of them`);
  const path = join(directory, file);
  const exported = (await loadModule(path, 'the configuration')).default;
  const refuse = (message: string) =>
    new HeadraceError('INPUT_INVALID', `${path}${message}`, { where: { file: path } });
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported)) {
    throw refuse(' exports no configuration: its default export must be an object, as defineConfig({ … }) returns');
  }
  const unknown = Object.keys(exported).find((name) => !NAMES.includes(name as Name));
  if (unknown !== undefined) throw refuse(`: there is no setting ${unknown}${nearestName(unknown, NAMES)}`);
  const parsed = z.object(SETTINGS).partial().safeParse(exported);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`: ${issue!.path.join('.')}: ${issue!.message}`);
  }
  return exported as HeadraceConfiguration;
}

/** Gives a command what neither the command line nor the environment says, as far as it has such options. */
export function applyConfiguration(
  command: Command,
  configuration: HeadraceConfiguration,
  environment: NodeJS.ProcessEnv = process.env,
): void {
  const chain: Command[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) chain.push(each);
  for (const name of NAMES) {
    const [value, variable] = [configuration[name], VARIABLES[name]];
    const isInEnvironment = variable !== undefined && (environment[variable] ?? '') !== '';
    // Other commands name one of several applications by the same option.
    if (value === undefined || isInEnvironment || (name === 'application' && command.name() !== 'start')) continue;
    const owners = chain.filter(({ options }) => options.some((option) => option.attributeName() === name));
    if (owners.some((owner) => owner.getOptionValueSource(name) === 'cli')) continue;
    owners.at(-1)?.setOptionValueWithSource(name, value, 'config');
  }
}
