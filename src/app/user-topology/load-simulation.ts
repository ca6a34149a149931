import { HeadraceError } from '../../errors.ts';
import type { SimulatedInput, Simulation, SimulationOptions } from '../../testing/index.ts';
import { loadModule } from '../modules/load-module.ts';
import { type InputTopics, readRecords } from './input-records.ts';
import { type LoadedTopology, loadTopology } from './loaded-topology.ts';
import { nearestName } from './nearest-name.ts';
import { knownTopicsOf } from './topic-serdes.ts';

export interface LoadSimulationOptions {
  /** The file of the topology. */
  readonly file: string;
  readonly application: string | undefined;
  /** NDJSON as `start --once --input` takes it; each run gets a part of it, in its order. Before what the module says. */
  readonly input: string | undefined;
}

const NAMES: readonly (keyof Simulation)[] = [
  'input',
  'partitionsMax',
  'topics',
  'sinkTopics',
  'stormMs',
  'calmMs',
  'check',
];
/** Records of a file that one run gets: more make runs longer, not better. */
const RECORDS_MIN = 10;
const RECORDS_MAX = 60;

/**
 * What is simulated: the topology of a file, with what the module says of it and the records of a file. Throws as loadTopology does,
 * INPUT_INVALID for a line that is no record or an export that is no simulation, USAGE where nothing says what to send.
 */
export async function loadSimulation({ file, application, input }: LoadSimulationOptions): Promise<SimulationOptions> {
  const loaded = await loadTopology(file, application);
  const said = simulationOf(loaded.file, await loadModule(file, 'the topology'));
  const { errorHandlers, onSkipped, parkKeys, idleAfterMs, topology } = loaded;
  const applications = [
    {
      application: loaded.application,
      topology,
      errorHandlers,
      onSkipped,
      parkKeys,
      ...(idleAfterMs === undefined ? {} : { idleAfterMs }),
    },
  ];
  const sinkTopics = (loaded.tables ?? []).map(({ topic }) => topic);
  const defaults = { applications, ...(sinkTopics.length === 0 ? {} : { sinkTopics }) };
  if (input !== undefined) return { ...defaults, ...said, input: partsOf(await recordsIn(input, loaded)) };
  if (said?.input !== undefined) return { ...defaults, ...said, input: said.input };
  throw new HeadraceError(
    'USAGE',
    `Nothing says what to send to the topology: give records with --input FILE, or export a simulation from ${loaded.file}: export const simulation: Simulation = { input: (draw) => [{ topic, key, value }] }`,
  );
}

function simulationOf(file: string, exported: Readonly<Record<string, unknown>>): Partial<Simulation> | undefined {
  const said = exported.simulation;
  if (said === undefined) return undefined;
  const where = { where: { file } };
  if (typeof said !== 'object' || said === null || Array.isArray(said)) {
    throw new HeadraceError('INPUT_INVALID', `${file}: the export simulation must be an object`, where);
  }
  const unknown = Object.keys(said).find((name) => !(NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const message = `${file}: a simulation has no "${unknown}"${nearestName(unknown, NAMES)}`;
    throw new HeadraceError('INPUT_INVALID', message, where);
  }
  for (const name of ['input', 'check', 'topics'] as const) {
    const value = (said as Record<string, unknown>)[name];
    if (value === undefined || typeof value === 'function') continue;
    throw new HeadraceError('INPUT_INVALID', `${file}: simulation.${name} must be a function`, where);
  }
  return said as Partial<Simulation>;
}

async function recordsIn(input: string, loaded: LoadedTopology): Promise<readonly SimulatedInput[]> {
  const known = knownTopicsOf(loaded);
  // Partitions are drawn for each run: those of the lines can't be heeded.
  const topics: InputTopics = { ...known, partitions: new Map(known.inputs.map((topic) => [topic, 1])) };
  const records: SimulatedInput[] = [];
  for await (const row of readRecords(input, topics)) {
    if (row.kind === 'rejected') throw new HeadraceError('INPUT_INVALID', `${input}, line ${row.line}: ${row.reason}`);
    const { topic, key, value, timestamp } = row.record;
    records.push({ topic, key, value, ...(timestamp === undefined ? {} : { timestamp }) });
  }
  return records;
}

/** A part of the records for each run. */
function partsOf(records: readonly SimulatedInput[]): SimulationOptions['input'] {
  return (draw) => {
    const least = Math.min(RECORDS_MIN, records.length);
    const count = least + draw.below(Math.min(RECORDS_MAX, records.length) - least + 1);
    const start = draw.below(records.length - count + 1);
    return records.slice(start, start + count);
  };
}
