import type { Setting } from '../plan-json.ts';

export interface ChangedSetting {
  /** With the name of what it stands in before it, such as `windows.sizeMs`. */
  readonly setting: string;
  readonly from: string | number | boolean | undefined;
  readonly to: string | number | boolean | undefined;
}

export interface ChangedSerde {
  readonly serde: string;
  readonly from: string | null;
  readonly to: string | null;
}

type Settings = Readonly<Record<string, Setting>>;

export function changedSettings(before: Settings, after: Settings): readonly ChangedSetting[] {
  const [old, now] = [flat(before), flat(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names
    .map((setting) => ({ setting, from: old.get(setting), to: now.get(setting) }))
    .filter(({ from, to }) => from !== to);
}

export function changedSerdes(
  before: Readonly<Record<string, string | null>>,
  after: Readonly<Record<string, string | null>>,
): readonly ChangedSerde[] {
  return Object.keys({ ...before, ...after })
    .sort()
    .map((serde) => ({ serde, from: before[serde] ?? null, to: after[serde] ?? null }))
    .filter(({ from, to }) => from !== to);
}

/** Milliseconds as people say them, where the setting is some. */
export function durationOr(setting: string, value: string | number | boolean | undefined): string {
  if (value === undefined) return 'not set';
  if (!setting.endsWith('Ms') || typeof value !== 'number') return String(value);
  for (const [unit, ms] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const) {
    if (value >= ms && value % ms === 0) return `${value / ms} ${unit}`;
  }
  return `${value} ms`;
}

function flat(settings: Settings): ReadonlyMap<string, string | number | boolean> {
  return new Map(
    Object.entries(settings).flatMap(([name, value]) =>
      typeof value === 'object'
        ? Object.entries(value).map(([inner, each]) => [`${name}.${inner}`, each] as const)
        : [[name, value] as const],
    ),
  );
}
