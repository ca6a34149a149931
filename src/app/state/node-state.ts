import { TOPICS } from '../../../topologies/account-ledger/topics.ts';
import type { ReconciliationCase } from '../../../topologies/reconciliation/events.ts';
import { HeadraceError } from '../../errors.ts';
import type { CommittedState, Log } from '../../log/log.ts';
import { toBinaryString } from '../../state/binary-string.ts';
import { committedAccounts, committedCase, committedCases } from '../committed-books.ts';
import { committedParkings, type PartitionParking } from '../dead-letters/committed-parking.ts';
import type { AccountFigures } from '../node.ts';
import { LEDGER, RECONCILIATION, type System } from '../systems.ts';
import { answerState, type StateAnswer, type StateRequest } from './answer-state.ts';
import { storesOfSystem } from './system-stores.ts';

/** What the systems have committed, in whatever process it is. Everything throws STATE_UNAVAILABLE where it can't be read now. */
export class NodeState {
  readonly #log: Log;
  readonly #systems: readonly System[];

  constructor(log: Log, systems: readonly System[]) {
    this.#log = log;
    this.#systems = systems;
  }

  accounts(partition: number): Promise<readonly AccountFigures[]> {
    return this.#read(LEDGER, (state) => committedAccounts(state, partition));
  }

  cases(partition: number): Promise<readonly ReconciliationCase[]> {
    return this.#read(RECONCILIATION, (state) => committedCases(state, partition));
  }

  async findCase(caseId: string): Promise<ReconciliationCase | undefined> {
    const partitions = (await this.#log.watermarks(TOPICS.transactions)).length;
    return this.#read(RECONCILIATION, (state) => committedCase(state, partitions, caseId));
  }

  value(application: string, store: string, partition: number, key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#read(application, (state) => state.partition(store, partition).get(toBinaryString(key)));
  }

  parked(): Promise<readonly PartitionParking[]> {
    return committedParkings(this.#log, this.#systems);
  }

  answer(request: StateRequest): Promise<StateAnswer> {
    return answerState(this.#log, this.#systems, request);
  }

  #read<T>(application: string, reader: (state: CommittedState) => T): Promise<T> {
    const system = this.#systems.find((each) => each.application === application);
    if (system === undefined) {
      const there = this.#systems.map((each) => each.application).join(', ');
      throw new HeadraceError(
        'USAGE',
        `${application} does not work in this data directory${there === '' ? ': a topology of your own does; name its file with --topology' : `; there is ${there}`}`,
      );
    }
    return this.#log.readState(storesOfSystem(system), reader);
  }
}
