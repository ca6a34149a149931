import { basename } from 'node:path';
import { TOPICS } from '../../../topologies/account-ledger/topics.ts';
import type { Clock } from '../../clock.ts';
import { maskCardNumbers } from '../../privacy/card-numbers.ts';
import type { AppendedRanges } from '../appended-ranges.ts';
import { parseMap, parseSet } from '../input/field-options.ts';
import { type ProducedCounts, produceRows } from '../input/producer.ts';
import { Progress } from '../input/progress.ts';
import { readInput } from '../input/read-input.ts';
import { RejectedRows } from '../input/rejected-rows.ts';
import type { HeadraceNode } from '../node.ts';
import type { StallWatch } from '../stall-watch.ts';
import type { InputOptionValues } from './input-options.ts';

/** Bad rows said one by one; the others are in the file of rejected rows. */
const SAID_ROWS_MAX = 10;
/** How often it is said that the log has no room. */
const SAY_AGAIN_MS = 10_000;

export interface IntakeOptions extends InputOptionValues {
  readonly input: string;
  readonly data: string;
}

export interface IntakeReport extends ProducedCounts {
  /** Where the rejected rows are kept. */
  readonly rejectedRowsFile: string;
}

/** Takes a file into the log: all of it is on disk, or kept as rejected, when it resolves. `appended` is told where. */
export async function takeIn(
  node: HeadraceNode,
  options: IntakeOptions,
  clock: Clock,
  appended: AppendedRanges,
  watch: StallWatch,
): Promise<IntakeReport> {
  const { input, format, data } = options;
  const rows = readInput({
    path: input,
    map: parseMap(options.map ?? []),
    set: parseSet(options.set ?? []),
    ...(format === undefined ? {} : { format }),
  });
  const name = input === '-' ? 'standard input' : basename(input);
  const rejectedRows = await RejectedRows.open(data, name);
  const progress = new Progress({ stream: process.stderr, clock, label: name });
  let said = 0;
  let sayAgainAt = 0;
  try {
    const partitions = (await node.watermarks(TOPICS.transactions)).length;
    const counts = await produceRows(node, TOPICS.transactions, partitions, rows, {
      clock,
      onProgress: ({ read, rejected }) =>
        progress.update({ rows: read, rejected, ...rows.progress, bytesTotal: rows.progress.bytesTotal }),
      onAppended: (positions) => {
        appended.add(positions);
        watch.appended(positions.length);
      },
      onRejected: async (row) => {
        await rejectedRows.add(row);
        if (++said > SAID_ROWS_MAX) return;
        progress.clear();
        process.stderr.write(`${name}, line ${row.line}: ${maskCardNumbers(row.reason)}\n`);
      },
      onWaiting: (error) => {
        watch.refused(error);
        if (clock() < sayAgainAt) return;
        sayAgainAt = clock() + SAY_AGAIN_MS;
        progress.clear();
        process.stderr.write(`waiting for room in the log: ${error.message}\n`);
      },
    });
    return { ...counts, rejectedRowsFile: rejectedRows.path };
  } finally {
    progress.clear();
    if (said > SAID_ROWS_MAX) process.stderr.write(`... and ${said - SAID_ROWS_MAX} more rows were rejected\n`);
    await rejectedRows.close();
  }
}
