import { setFlagsFromString } from 'node:v8';

/** Fourfold at most: what V8 itself takes for a heap whose collection costs much. */
const GROWING_PERCENT = 300;

/**
 * Lets the heap grow to four times of what is in use, buffers included, before V8 collects all of it. By itself it waits for far less,
 * for it weighs what the collection costs the JavaScript thread, and not what it takes of the other cores: behind a backlog it collected
 * every 70 ms, for a tenth of the process's CPU. Holds for the process and all its threads; to be called at its start.
 */
export function collectSeldom(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
}
