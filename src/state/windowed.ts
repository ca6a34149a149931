/** A span of time, milliseconds since 1970. Time windows end before `end`; sliding and session windows include it. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** A key within one window: the key of a windowed table. */
export interface Windowed<K> {
  readonly key: K;
  readonly window: Window;
}

export function windowed<K>(key: K, start: number, end: number): Windowed<K> {
  return { key, window: { start, end } };
}
