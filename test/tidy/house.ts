import { type Import, importsOf, isIn, packageOf } from './imports.ts';
import type { SourceFile, Violation } from './source-file.ts';

/** A room of the house: what its files may import besides each other. The most exact place that fits a file counts. */
interface Room {
  readonly place: string;
  readonly mayImport: readonly string[];
  readonly mayImportTypesOf?: readonly string[];
}

const ground = ['src/errors.ts', 'src/clock.ts', 'src/random.ts'];
const port = [
  'src/log/log.ts',
  'src/log/record.ts',
  'src/log/record-batch.ts',
  'src/log/record-buffer.ts',
  'src/log/partitioner.ts',
];

/** The table "The house" of docs/ARCHITECTURE.md. */
export const house: readonly Room[] = [
  { place: 'src/errors.ts', mayImport: [] },
  { place: 'src/clock.ts', mayImport: [] },
  { place: 'src/random.ts', mayImport: [] },
  { place: 'src/error-message.ts', mayImport: ['src/errors.ts'] },
  { place: 'src/compiled-module.ts', mayImport: [] },
  {
    place: 'src/index.ts',
    mayImport: [
      ...ground,
      'src/definitions',
      'src/privacy',
      'src/serde',
      'src/state',
      'src/streams',
      'src/clickhouse/sink-fields.ts',
      'src/clickhouse/dead-letter-table.ts',
      'src/clickhouse/field-table/cells.ts',
      'src/clickhouse/field-table/field-table.ts',
    ],
    mayImportTypesOf: [
      ...port,
      'src/runtime/error-handlers.ts',
      'src/runtime/skip-reason.ts',
      'src/runtime/sink/sink-target.ts',
      'src/clickhouse/sink-table.ts',
      'src/clickhouse/clickhouse.ts',
      'src/clickhouse/generic/generic-sink-definition.ts',
    ],
  },
  {
    place: 'src/definitions',
    mayImport: ground,
    mayImportTypesOf: [
      'src/streams',
      'src/runtime/error-handlers.ts',
      'src/clickhouse/sink-table.ts',
      'src/clickhouse/generic/generic-sink-definition.ts',
    ],
  },
  { place: 'src/log', mayImport: ground },
  { place: 'src/log/stores', mayImport: [...ground, 'src/log', 'src/storage'] },
  { place: 'src/log/embedded', mayImport: [...ground, 'src/log', 'src/log/stores', 'src/storage'] },
  { place: 'src/log/simulated', mayImport: [...ground, 'src/log'] },
  { place: 'src/log/kafka', mayImport: [...ground, 'src/log', 'src/log/stores', 'src/storage'] },
  { place: 'src/storage', mayImport: ground },
  { place: 'src/privacy', mayImport: [...ground, 'src/serde'] },
  { place: 'src/serde', mayImport: ground, mayImportTypesOf: port },
  { place: 'src/state', mayImport: [...ground, ...port, 'src/serde'] },
  { place: 'src/streams', mayImport: [...ground, 'src/serde'], mayImportTypesOf: [...port, 'src/state'] },
  {
    place: 'src/runtime',
    mayImport: [...ground, ...port, 'src/state', 'src/streams/topology'],
    // The shape of the user's processor function belongs to the DSL, and the runtime is what calls it.
    mayImportTypesOf: ['src/serde', 'src/streams/processor.ts'],
  },
  {
    place: 'src/clickhouse',
    mayImport: [
      ...ground,
      'src/error-message.ts',
      'src/compiled-module.ts',
      'src/serde/currency.ts',
      'src/serde/avro/logical-types.ts',
      'src/serde/avro/schema.ts',
      'src/serde/avro/raw-value.ts',
      'src/storage/checksum.ts',
      'src/runtime/sink/sink-target.ts',
      'src/runtime/sink/sink-dead-letter.ts',
    ],
    mayImportTypesOf: [...port, 'src/serde/avro/scan'],
  },
  {
    place: 'src/testing',
    mayImport: [...ground, ...port, 'src/log/simulated', 'src/runtime', 'src/streams', 'src/state'],
    mayImportTypesOf: ['src/serde'],
  },
  { place: 'src/app', mayImport: ['src', 'topologies'] },
];

/** Each third-party package and the only room of src that may import it. */
export const packageRooms: Readonly<Record<string, string>> = {
  lmdb: 'src/storage',
  '@node-rs/crc32': 'src/storage',
  kafkajs: 'src/log/kafka/client',
  snappy: 'src/log/kafka/client',
  'lz4-napi': 'src/log/kafka/client',
  '@toondepauw/node-zstd': 'src/log/kafka/client',
  chdb: 'src/clickhouse',
  '@clickhouse/client': 'src/clickhouse',
  'csv-parse': 'src/app',
  commander: 'src/app',
  fastify: 'src/app',
  jiti: 'src/app/modules',
  pino: 'src/app',
  zod: 'src/app',
  'prom-client': 'src/app',
  'decimal.js': 'src/serde',
};

/** Imports that cross a wall of the house. */
export function importViolations(file: SourceFile): readonly Violation[] {
  if (isIn(file.path, 'topologies')) return topologyViolations(file, ['headrace']);
  if (isIn(file.path, 'examples')) return topologyViolations(file, EXAMPLE_IMPORTS);
  if (!isIn(file.path, 'src')) return [];
  const room = house
    .filter((each) => isIn(file.path, each.place))
    .sort((a, b) => b.place.length - a.place.length)
    .at(0);
  if (room === undefined) return [{ path: file.path, line: 1, what: 'lies in no room of the house' }];
  return importsOf(file).flatMap((each) => {
    const isAllowed = each.isRelative ? mayImport(room, each) : each.target.startsWith('node:') || isAtHome(file, each);
    return isAllowed ? [] : [{ path: file.path, line: each.line, what: `${room.place} may not import ${shown(each)}` }];
  });
}

function mayImport(room: Room, each: Import): boolean {
  const places = [room.place, ...room.mayImport, ...(each.isTypeOnly ? (room.mayImportTypesOf ?? []) : [])];
  return places.some((place) => isIn(each.target, place) && !isInInnerRoom(place, each.target));
}

/** Who may enter a room may not enter the rooms within it by that: `src/log` does not open `src/log/embedded`. */
function isInInnerRoom(place: string, target: string): boolean {
  if (!house.some((each) => each.place === place)) return false;
  return house.some((each) => each.place !== place && isIn(each.place, place) && isIn(target, each.place));
}

function isAtHome(file: SourceFile, each: Import): boolean {
  const home = packageRooms[packageOf(each.target)];
  return home !== undefined && isIn(file.path, home);
}

/** What a user has: examples are read to be copied. */
const EXAMPLE_IMPORTS = ['headrace', 'headrace/testing', 'node:assert/strict', 'node:test'];

function topologyViolations(file: SourceFile, packages: readonly string[]): readonly Violation[] {
  const folder = file.path.split('/').slice(0, 2).join('/');
  return importsOf(file).flatMap((each) => {
    const isAllowed = each.isRelative ? isIn(each.target, folder) : packages.includes(each.target);
    const what = `it may import only ${packages.join(', ')} and its own folder, not ${shown(each)}`;
    return isAllowed ? [] : [{ path: file.path, line: each.line, what }];
  });
}

function shown(each: Import): string {
  return each.isTypeOnly ? `types of ${each.target}` : each.target;
}

/** Cycles between the top folders of src, type imports included; each is told once, as the folders along it. */
export function folderCycles(files: readonly SourceFile[]): readonly string[] {
  const edges = new Map<string, Set<string>>();
  for (const file of files.filter((each) => isIn(each.path, 'src'))) {
    const from = topFolder(file.path);
    const targets = importsOf(file).flatMap((each) => (each.isRelative ? [topFolder(each.target)] : []));
    for (const to of targets) {
      if (from === undefined || to === undefined || from === to) continue;
      edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (folder: string, path: readonly string[]) => {
    if (path.includes(folder)) cycles.push([...path.slice(path.indexOf(folder)), folder].join(' -> '));
    if (path.includes(folder) || done.has(folder)) return;
    for (const next of edges.get(folder) ?? []) visit(next, [...path, folder]);
    done.add(folder);
  };
  for (const folder of edges.keys()) visit(folder, []);
  return cycles;
}

function topFolder(path: string): string | undefined {
  const parts = path.split('/');
  return parts[0] === 'src' && parts.length > 2 ? parts[1] : undefined;
}
