import type { SeededRandom } from '../../../src/random.ts';
import type { SinkFault, SinkPlace } from './sink-orders.ts';

/** How one kill comes about. */
export type KillKind = SinkPlace | 'random' | 'rename';

/**
 * One kill. `server`: ClickHouse is a process of its own that lives on. `engine`: that process is what is killed, while the
 * sink goes on. `embedded`: both are one process, and die together.
 */
export interface SinkKill {
  readonly who: 'server' | 'engine' | 'embedded';
  readonly kind: KillKind;
  /** Of a place: at which time of passing it. */
  readonly occurrence: number;
  /** Of a random kill: so long after the process is ready. */
  readonly afterMs: number;
  readonly faults: readonly SinkFault[];
}

/** In this order, over and over: six of the first and six of the last have each step of the protocol. */
const KINDS: Readonly<Record<SinkKill['who'], readonly KillKind[]>> = {
  server: ['insert', 'intent', 'table', 'offsets', 'random', 'during', 'cut', 'settle'],
  engine: ['rename', 'random', 'rename'],
  embedded: ['rename', 'cut', 'settle', 'insert', 'table', 'random', 'intent', 'offsets', 'during', 'rename'],
};
const OCCURRENCES = 4;
const ENGINE_SHARE = 0.2;

/**
 * The kills of a run in three phases. `canRename`: whether there is a tool that stops a process at the moment at which a
 * part gets its name; else those kills come at random.
 */
export function scheduleSinkKills(kills: number, random: SeededRandom, canRename: boolean): readonly SinkKill[] {
  const engine = Math.round(kills * ENGINE_SHARE);
  const server = Math.ceil((kills - engine) / 2);
  const phases = { server, engine, embedded: kills - engine - server };
  return (['server', 'engine', 'embedded'] as const).flatMap((who) =>
    Array.from({ length: phases[who] }, (_, index): SinkKill => {
      const kind = KINDS[who][index % KINDS[who].length]!;
      return {
        who,
        kind: kind === 'rename' && !canRename ? 'random' : kind,
        occurrence: 1 + random.below(OCCURRENCES),
        afterMs: 30 + random.below(900),
        faults: faultsOf(index),
      };
    }),
  );
}

function faultsOf(index: number): readonly SinkFault[] {
  return [
    ...(index % 2 === 0 ? (['answers'] as const) : []),
    ...(index % 3 === 1 ? (['refusal'] as const) : []),
    ...(index % 5 === 3 ? (['stopped-writer'] as const) : []),
  ];
}
