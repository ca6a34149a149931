import type { Clock } from '../clock.ts';
import type { RestoreKind, RestoreProgress } from '../log/kafka/state/restore-progress.ts';
import type { AppLogger } from './logger.ts';

/** What was read of changelogs, and what is still to be read. */
export interface RestoreFigures {
  readonly kind: RestoreKind;
  readonly records: number;
  /** In offsets, over all restores under way; of standbys that is how far they are behind. */
  readonly remaining: number;
}

/** The figures of several threads as one. */
export function sumOfRestores(...all: readonly (readonly RestoreFigures[])[]): readonly RestoreFigures[] {
  return KINDS.map((kind) => {
    const ofKind = all.flat().filter((each) => each.kind === kind);
    const sum = (figure: 'records' | 'remaining') => ofKind.reduce((total, each) => total + each[figure], 0);
    return { kind, records: sum('records'), remaining: sum('remaining') };
  });
}

const KINDS: readonly RestoreKind[] = ['owner', 'standby'];

interface UnderWay {
  readonly progress: RestoreProgress;
  readonly begunAt: number;
  /** When it was last told in the log; undefined where it was so little that nothing is told. */
  readonly toldAt: number | undefined;
}

/** Between two lines about one restore. */
const TOLD_INTERVAL_MS = 5_000;
/** A restore of less is over before anybody reads of it. */
const TOLD_OFFSETS_MIN = 10_000;

/** How restores from changelogs get on: figures for metrics, lines for the log. */
export class Restores {
  readonly #clock: Clock;
  readonly #logger: AppLogger;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #records: Record<RestoreKind, number> = { owner: 0, standby: 0 };

  constructor(clock: Clock, logger: AppLogger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  note(progress: RestoreProgress): void {
    const { kind, topic, partition, fromOffset, offset, endOffset, records, isOver } = progress;
    const key = `${kind} ${topic} ${partition}`;
    const before = this.#underWay.get(key);
    const isSame = before?.progress.fromOffset === fromOffset;
    this.#records[kind] += records - (isSame ? before.progress.records : 0);
    const now = this.#clock();
    const begunAt = before?.begunAt ?? now;
    let toldAt = before?.toldAt;
    const isDue = toldAt === undefined ? endOffset - offset >= TOLD_OFFSETS_MIN : now - toldAt >= TOLD_INTERVAL_MS;
    if (isDue || (isOver && toldAt !== undefined)) {
      const fields = { kind, topic, partition, offset, endOffset, records, seconds: (now - begunAt) / 1_000 };
      this.#logger.info(
        fields,
        isOver ? 'Local state is restored' : 'Local state is being restored from its changelog',
      );
      toldAt = now;
    }
    if (isOver) this.#underWay.delete(key);
    else this.#underWay.set(key, { progress, begunAt, toldAt });
  }

  get figures(): readonly RestoreFigures[] {
    return KINDS.map((kind) => {
      const ofKind = [...this.#underWay.values()].filter(({ progress }) => progress.kind === kind);
      const remaining = ofKind.reduce((sum, { progress }) => sum + progress.endOffset - progress.offset, 0);
      return { kind, records: this.#records[kind], remaining };
    });
  }
}
