import type { Script, SimulatedEvent, TimedInput } from './script.ts';
import type { FailedRun } from './simulate-seeds.ts';

const INPUTS_SHOWN_MAX = 20;

/** A failed run in words: the seed, what is wrong, and all that the smallest run is made of. */
export function describeFailure({ seed, failure, script }: FailedRun): string {
  return [
    `seed ${seed}: ${failure.kind}: ${failure.message}`,
    'The smallest run that shows it:',
    ...scriptLines(script),
  ].join('\n');
}

function scriptLines(script: Script): readonly string[] {
  const { partitions, processes, commitIntervalMs, pollRecordsMax, sessionTimeoutMs, rates, inputs, events } = script;
  const happens = Object.entries(rates).flatMap(([name, rate]) => (rate > 0 ? [`${name} ${rate.toFixed(3)}`] : []));
  const hidden = inputs.length - INPUTS_SHOWN_MAX;
  return [
    `  ${processes} processes, ${partitions} partitions, commits every ${commitIntervalMs} ms, ${pollRecordsMax} records a poll, sessions of ${sessionTimeoutMs} ms`,
    `  rates: ${happens.length > 0 ? happens.join(', ') : 'none'}`,
    ...events.map((event) => `  ${eventLine(event)}`),
    ...inputs.slice(0, INPUTS_SHOWN_MAX).map((input) => `  ${inputLine(input)}`),
    ...(hidden > 0 ? [`  and ${hidden} more records`] : []),
  ];
}

function eventLine(event: SimulatedEvent): string {
  const when = 'atMs' in event ? `at ${event.atMs} ms` : `at its step ${event.step} number ${event.nth}`;
  switch (event.kind) {
    case 'kill':
    case 'killAtStep':
      return `process ${event.process} is killed ${when} and back ${event.backAfterMs} ms later`;
    case 'stall':
    case 'stallAtStep':
      return `process ${event.process} stands still ${when} for ${event.forMs} ms`;
    case 'stop':
      return `process ${event.process} is stopped ${when} and back ${event.backAfterMs} ms later`;
    case 'crashLog':
      return `the log and everybody die ${when} and are back ${event.backAfterMs} ms later`;
    case 'clock':
      return `the clock of process ${event.process} is set by ${event.byMs} ms ${when}`;
    case 'tableAway':
      return `the table is away ${when} for ${event.forMs} ms`;
  }
}

function inputLine({ topic, key, value, timestamp, partition, atMs }: TimedInput): string {
  const more = [
    ...(timestamp === undefined ? [] : [`timestamp ${timestamp}`]),
    ...(partition === undefined ? [] : [`partition ${partition}`]),
  ];
  return `at ${atMs} ms to ${topic}: ${shown(key)} = ${shown(value)}${more.length > 0 ? ` (${more.join(', ')})` : ''}`;
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`;
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}` : each)) ?? 'null';
}
