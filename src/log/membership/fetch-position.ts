/** How far one assigned partition was handed out. */
export class FetchPosition {
  readonly topic: string;
  readonly partition: number;
  isPaused = false;
  /** The end of the partition as the last poll saw it. */
  endAtPoll: number;
  #offset: number;
  #isBatchStart = false;

  constructor(topic: string, partition: number, offset: number, end: number) {
    this.topic = topic;
    this.partition = partition;
    this.#offset = offset;
    this.endAtPoll = end;
  }

  get offset(): number {
    return this.#offset;
  }

  /** After a fetch the position stands behind a whole batch, so that the next one can be looked up directly. */
  get isBatchStart(): boolean {
    return this.#isBatchStart;
  }

  get isCaughtUp(): boolean {
    return this.#offset >= this.endAtPoll;
  }

  seek(offset: number, end: number): void {
    this.#offset = offset;
    this.#isBatchStart = false;
    this.endAtPoll = end;
  }

  advance(offset: number): void {
    this.#offset = offset;
    this.#isBatchStart = true;
  }
}
