import { seededRandom } from '../../../src/random.ts';
import type { Transition } from '../../../topologies/atm-dispense/transitions.ts';
import { Bank } from './bank.ts';
import { type Ending, endingOf } from './orders.ts';
import { play, Witness } from './witness.ts';

/** A sequence with all that chance decides about it. */
export interface Play {
  readonly sequence: string;
  readonly seed: number;
  /** Whether the account has the money. */
  readonly isFunded: boolean;
}

/** How likely it is, between 0 and 1 ... */
export interface Chances {
  /** ... that the systems talk until they have nothing more to say, before a record. */
  readonly talks: number;
  /** ... that a system crashes before a commit. */
  readonly crashes: number;
  /** ... that what a system said arrives now rather than later. */
  readonly delivers: number;
  /** Of every topic (2). */
  readonly partitions?: number;
}

export interface Judgement {
  readonly play: Play;
  /** What went otherwise than it must; empty where all is right. */
  readonly faults: readonly string[];
  /** The transitions that it made, as `from event`. */
  readonly transitions: readonly string[];
}

/** A bank for so many withdrawals: its topics stay short. */
const PER_BANK = 250;

/** Plays and judges how each ended, one after the other. The same play takes the same course, whatever is played before. */
export function* judge(
  plays: readonly Play[],
  chances: Chances,
  transitions?: readonly Transition[],
): Generator<Judgement> {
  for (let start = 0; start < plays.length; start += PER_BANK) {
    let random = seededRandom(0);
    const bank = new Bank({
      startTimeMs: Date.parse('2026-06-15T12:00:00Z'),
      answerWithinMs: 1_000_000,
      partitions: chances.partitions ?? 2,
      crashes: () => random.next() < chances.crashes,
      delivers: () => random.next() < chances.delivers,
      ...(transitions === undefined ? {} : { transitions }),
    });
    const stories = plays.slice(start, start + PER_BANK).map((each, index) => {
      random = seededRandom(each.seed);
      const id = `w${index} ${each.sequence}`;
      const course = { talksBefore: () => random.next() < chances.talks, isFunded: each.isFunded };
      return { each, id, story: play(bank, id, each.sequence, course) };
    });
    const witness = new Witness();
    witness.listen(bank);
    for (const { each, id, story } of stories) {
      const endings = [witness.endingOf(id), endingOf(story, each.isFunded)];
      const [is, due] = endings.map((ending) => said(ending, each.isFunded));
      const faults = [...(is === due ? [] : [`${is} instead of ${due}`]), ...witness.faultsOf(id)];
      yield { play: each, faults: faults.map((fault) => `${story}: ${fault}`), transitions: witness.transitionsOf(id) };
    }
  }
}

/**
 * Where the ledger allowed nothing, the kind of a person's case follows from which word came first, and a word of failure
 * is reported only if a case is open by then: any will do.
 */
function said(ending: Ending, isFunded: boolean): string {
  const { reports, caseKind, ...rest } = ending;
  return JSON.stringify(isFunded ? ending : { ...rest, hasCase: caseKind !== undefined });
}
