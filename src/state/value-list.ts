const LENGTH_BYTES = 4;
const TIME_BYTES = 8;

/** Values under one time, in the order in which they came: each with its length in 4 bytes before it. */
export function appendValue(list: Uint8Array | null, value: Uint8Array): Uint8Array {
  const before = list?.length ?? 0;
  const bytes = new Uint8Array(before + LENGTH_BYTES + value.length);
  if (list !== null) bytes.set(list);
  writeLength(bytes, before, value.length);
  bytes.set(value, before + LENGTH_BYTES);
  return bytes;
}

export function* valuesIn(list: Uint8Array): IterableIterator<Uint8Array> {
  for (let at = 0; at < list.length; ) {
    const length = lengthAt(list, at);
    at += LENGTH_BYTES;
    yield list.slice(at, at + length);
    at += length;
  }
}

/** Values with their times: each as 8 bytes of time, its length in 4 bytes, and itself, in the order of time and then of arrival. */
export function insertTimed(list: Uint8Array | null, time: number, value: Uint8Array): Uint8Array {
  const entry = TIME_BYTES + LENGTH_BYTES + value.length;
  const before = list?.length ?? 0;
  const at = list === null ? 0 : placeOf(list, time);
  const bytes = new Uint8Array(before + entry);
  if (list !== null) {
    bytes.set(at === before ? list : list.subarray(0, at));
    if (at < before) bytes.set(list.subarray(at), at + entry);
  }
  writeTime(bytes, at, time);
  writeLength(bytes, at + TIME_BYTES, value.length);
  bytes.set(value, at + TIME_BYTES + LENGTH_BYTES);
  return bytes;
}

/** Calls `take` for each value with from <= time <= to, in order. */
export function forTimesIn(
  list: Uint8Array,
  from: number,
  to: number,
  take: (time: number, value: Uint8Array) => void,
): void {
  for (let at = 0; at < list.length; ) {
    const time = timeIn(list, at);
    if (time > to) return;
    const length = lengthAt(list, at + TIME_BYTES);
    at += TIME_BYTES + LENGTH_BYTES;
    if (time >= from) take(time, list.slice(at, at + length));
    at += length;
  }
}

/** Behind the last entry whose time is not greater. */
function placeOf(list: Uint8Array, time: number): number {
  let at = 0;
  while (at < list.length && timeIn(list, at) <= time)
    at += TIME_BYTES + LENGTH_BYTES + lengthAt(list, at + TIME_BYTES);
  return at;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}

function writeLength(bytes: Uint8Array, at: number, length: number): void {
  bytes[at] = length >>> 24;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length;
}

/** A `DataView` over the list would move it out of V8's heap; times of 53 bits are two words. */
function timeIn(bytes: Uint8Array, at: number): number {
  return lengthAt(bytes, at) * 0x1_0000_0000 + lengthAt(bytes, at + LENGTH_BYTES);
}

function writeTime(bytes: Uint8Array, at: number, time: number): void {
  writeLength(bytes, at, Math.floor(time / 0x1_0000_0000));
  writeLength(bytes, at + LENGTH_BYTES, time % 0x1_0000_0000);
}
