import { basename } from 'node:path';
import type { Clock } from '../../clock.ts';
import { maskCardNumbers } from '../../privacy/card-numbers.ts';
import { OrderedAppends } from '../input/ordered-appends.ts';
import { Progress } from '../input/progress.ts';
import { RejectedRows } from '../input/rejected-rows.ts';
import type { HeadraceNode } from '../node.ts';
import type { StallWatch } from '../stall-watch.ts';
import { type InputTopics, readRecords } from './input-records.ts';
import type { KnownTopics } from './topic-serdes.ts';

/** Refused lines said one by one; the others are in the file of rejected rows. */
const SAID_LINES_MAX = 10;

export interface TakeInOptions {
  readonly input: string;
  readonly data: string;
  readonly known: KnownTopics;
  readonly clock: Clock;
  readonly watch: StallWatch;
}

export interface TakenIn {
  readonly read: number;
  /** Records on disk, by topic. */
  readonly appended: Readonly<Record<string, number>>;
  readonly refused: number;
  /** Where the refused lines are kept. */
  readonly refusedLinesFile: string;
}

/** Takes a file into the source topics of a topology: all of it is on disk, or kept as refused, when it resolves. */
export async function takeInRecords(node: HeadraceNode, options: TakeInOptions): Promise<TakenIn> {
  const { input, data, known, clock, watch } = options;
  const topics = await inputTopics(node, known);
  const rows = readRecords(input, topics);
  const name = input === '-' ? 'standard input' : basename(input);
  const refusedLines = await RejectedRows.open(data, name);
  const progress = new Progress({ stream: process.stderr, clock, label: name });
  const appended = new Map(known.inputs.map((topic) => [topic, 0]));
  let [read, refused] = [0, 0];
  const appends = new OrderedAppends(node, {
    onAppended: (positions) => {
      for (const { topic } of positions) appended.set(topic, appended.get(topic)! + 1);
      watch.appended(positions.length);
    },
    onWaiting: (error) => watch.refused(error),
  });
  try {
    for await (const row of rows) {
      read++;
      if (row.kind === 'record') {
        const { timestamp = clock(), ...record } = row.record;
        await appends.add({ ...record, timestamp });
      } else {
        await refusedLines.add(row);
        if (++refused > SAID_LINES_MAX) continue;
        progress.clear();
        process.stderr.write(`${name}, line ${row.line}: ${maskCardNumbers(row.reason)}\n`);
      }
      progress.update({ rows: read, rejected: refused, ...rows.progress, bytesTotal: rows.progress.bytesTotal });
    }
  } finally {
    progress.clear();
    if (refused > SAID_LINES_MAX) process.stderr.write(`... and ${refused - SAID_LINES_MAX} more lines were refused\n`);
    await appends.drain();
    await refusedLines.close();
  }
  return { read, appended: Object.fromEntries(appended), refused, refusedLinesFile: refusedLines.path };
}

async function inputTopics(node: HeadraceNode, { inputs, serdes }: KnownTopics): Promise<InputTopics> {
  const partitions = new Map<string, number>();
  for (const topic of inputs) partitions.set(topic, (await node.watermarks(topic)).length);
  return { inputs, serdes, partitions };
}
