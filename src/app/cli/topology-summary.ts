import type { DeadLetterResult, ShownRecord, TopicResult } from '../user-topology/results.ts';
import type { TakenIn } from '../user-topology/take-in.ts';
import { grouped } from './output.ts';

/** What `start --topology --once` did, for machines as it is. */
export interface TopologySummary {
  readonly application: string;
  readonly takenIn: TakenIn;
  readonly outputs: readonly TopicResult[];
  readonly deadLetters: readonly DeadLetterResult[];
  /** Rows sent to ClickHouse, where the topology has tables. */
  readonly rowsInClickHouse?: number;
  readonly seconds: number;
}

/** For people: a line for each figure, then what came out. */
export function topologySummaryText(summary: TopologySummary): string {
  const { takenIn, outputs, deadLetters, rowsInClickHouse, seconds } = summary;
  const entries = Object.entries(takenIn.appended);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  const each =
    entries.length > 1 ? ` (${entries.map(([topic, count]) => `${topic} ${grouped(count)}`).join(', ')})` : '';
  const kept = takenIn.refused === 0 ? '' : ` (kept in ${takenIn.refusedLinesFile})`;
  const letters = deadLetters.reduce((sum, { count }) => sum + count, 0);
  const rows: readonly (readonly [string, string])[] = [
    ['taken in', `${grouped(total)}${each}`],
    ['refused lines', `${grouped(takenIn.refused)}${kept}`],
    ['dead letters', grouped(letters)],
    ...(rowsInClickHouse === undefined ? [] : [['in ClickHouse', `${grouped(rowsInClickHouse)} rows`] as const]),
    ['time', `${seconds.toFixed(1)} s`],
  ];
  return [
    ...rows.map(([name, value]) => `${name.padEnd(15)}${value}`),
    ...outputs.flatMap(outputLines),
    ...deadLetters.flatMap(letterLines),
    '',
  ].join('\n');
}

function outputLines({ topic, count, records }: TopicResult): readonly string[] {
  const left = count - records.length;
  const more = left > 0 && records.length > 0 ? [`  ... and ${grouped(left)} more: headrace consume ${topic}`] : [];
  return ['', `${topic}: ${grouped(count)} ${count === 1 ? 'record' : 'records'}`, ...records.map(recordLine), ...more];
}

function recordLine({ key, value }: ShownRecord): string {
  return `  ${shown(key)}  ${shown(value)}`;
}

function letterLines({ topic, count, first }: DeadLetterResult): readonly string[] {
  const left = count - first.length;
  return [
    '',
    `${topic}: ${grouped(count)} ${count === 1 ? 'record' : 'records'}`,
    ...first.map((letter) => `  ${letter.topic} ${letter.partition}@${letter.offset}: ${plain(letter.message)}`),
    ...(left > 0 ? [`  ... and ${grouped(left)} more: headrace consume ${topic}`] : []),
  ];
}

function shown(part: unknown): string {
  if (part === undefined) return '(not readable)';
  const { key, window } = (typeof part === 'object' && part !== null ? part : {}) as {
    readonly key?: unknown;
    readonly window?: { readonly start: number; readonly end: number };
  };
  if (typeof window?.start === 'number') return `${shown(key)} [${time(window.start)}, ${time(window.end)})`;
  return plain(typeof part === 'string' ? part : JSON.stringify(part));
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** What a terminal would take for a command is shown as a question mark: the texts come from outside. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
}
