import type { SimulationOptions } from '../../src/testing/simulation/simulation-options.ts';
import { readScenario, type Scenario } from '../parity/scenario.ts';
import { accountLedgerTarget, atmDispenseTarget } from './bank-targets.ts';
import { callTarget } from './call-target.ts';
import { type ParityTargetOptions, parityTarget } from './parity-target.ts';

export interface Target {
  readonly name: string;
  readonly options: SimulationOptions;
}

/** One of each kind of operator, with repartition topics and without. */
const SCENARIOS = [
  'cases/chain-1',
  'cases/fk-1',
  'cases/fk-2',
  'cases/global-1',
  'cases/regroup-1',
  'cases/selectkey_window-1',
  'cases/split-1',
  'cases/ss_join-1',
  'cases/ss_self-2',
  'cases/st_join-1',
  'cases/suppress_close-1',
  'cases/suppress_time-2',
  'cases/table_group-1',
  'cases/ticker-1',
  'cases/to_table-1',
  'cases/tt_join-2',
  'cases/versioned-1',
  'cases/window_close-1',
  'generated/cogroup_window-2034',
  'generated/ss_chain-2066',
] as const;

/** What a worker can be told beside, each with scenarios in which it matters. */
const SPECIAL: Readonly<Record<string, readonly [scenario: string, ParityTargetOptions]>> = {
  'aggregates, cached': ['cached/aggregates-7000', { isCached: true }],
  'table join, cached': ['cases/tt_join-2', { isCached: true }],
  'window_close, with idle ticks': ['cases/window_close-2', { idleAfterMs: 40 }],
  'suppress, with idle ticks': ['cases/suppress_close-2', { idleAfterMs: 40 }],
  'punctuations on stream time': ['partitioned/ticker-41', {}],
  'regroup, with parked keys': ['cases/regroup-2', { parkKeys: true }],
};

/** The bank's systems, twenty topologies of the parity tests, and some of those under other options. `parity` is the folder of those. */
export function targetsOf(parity: string): readonly Target[] {
  return [
    { name: 'account-ledger', options: accountLedgerTarget },
    { name: 'atm-dispense', options: atmDispenseTarget },
    { name: 'calls', options: callTarget() },
    ...SCENARIOS.map((name) => ({ name, options: parityTarget(scenarioOf(`${parity}/${name}.json`)) })),
    ...Object.entries(SPECIAL).map(([name, [scenario, options]]) => ({
      name,
      options: parityTarget(scenarioOf(`${parity}/${scenario}.json`), options),
    })),
  ];
}

function scenarioOf(file: string): Scenario {
  const scenario = readScenario(file);
  if ('problem' in scenario) throw new RangeError(`${file}: ${scenario.problem}`);
  return scenario;
}
