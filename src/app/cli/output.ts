/** Where a command writes and what it may do there. Results go to `out`, everything said to a person to `err`. */
export interface Output {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
  /** Results as JSON for machines. */
  readonly isJson: boolean;
}

/** Writes and waits while the reader is slow. Resolves false once nobody reads any more (a closed pipe). */
export async function write(stream: NodeJS.WriteStream, chunk: string | Uint8Array): Promise<boolean> {
  if (stream.destroyed || stream.writableEnded) return false;
  return new Promise((resolve) => {
    stream.write(chunk, (error) => resolve(error == null));
  });
}

export function usesColour(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && process.env.NO_COLOR === undefined;
}

/** 9,561 rather than 9561, for people. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
