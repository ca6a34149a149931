import { onTestFinished, vi } from 'vitest';
import { main } from '../../../src/app/cli/main.ts';

/** Runs a command in this process and gathers what it says: much faster than a process of its own, which test/e2e takes. */
export async function runCommand(...argv: readonly string[]): Promise<{
  readonly code: number;
  readonly out: string;
  readonly err: string;
}> {
  const said = { out: '', err: '' };
  const gather = (stream: NodeJS.WriteStream, name: 'out' | 'err') => {
    const spy = vi.spyOn(stream, 'write').mockImplementation(((chunk: string | Uint8Array, ...rest: unknown[]) => {
      said[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      const done = rest.find((each) => typeof each === 'function') as ((error?: Error | null) => void) | undefined;
      done?.();
      return true;
    }) as never);
    onTestFinished(() => spy.mockRestore());
    return spy;
  };
  const spies = [gather(process.stdout, 'out'), gather(process.stderr, 'err')];
  try {
    return { code: await main(argv), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
