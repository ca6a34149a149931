import { PerformanceObserver } from 'node:perf_hooks';
import { type KStream, StreamsBuilder } from 'headrace';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/runtime/operators/compile.ts';
import type { OperatorContext } from '../../../src/runtime/operators/receive.ts';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };
const RECORDS = 2_000_000;
/** A young generation is 16 MiB: operators that allocated as little as 16 bytes for a record would fill it dozens of times. */
const COLLECTIONS_MAX = 3;

/** A chain as the engine runs it: what a source calls. It ends in a function of its own, so that nothing is serialised. */
function chainOf(build: (stream: KStream<string, string>) => KStream<string, string>) {
  const builder = new StreamsBuilder();
  let count = 0;
  build(builder.stream('in', serdes)).peek(() => {
    count++;
  });
  const [subTopology] = builder.build().plan.subTopologies;
  // Operators without state or topics ask their context for nothing.
  const entries = compile(subTopology!, {} as OperatorContext);
  return { receive: [...entries.values()][0]!, count: () => count };
}

function stateless(stream: KStream<string, string>): KStream<string, string> {
  let chain = stream;
  for (let i = 0; i < 5; i++) {
    chain = chain
      .filter((_key, value) => value !== 'never')
      .mapValues((value) => value)
      .peek(() => {})
      .filterNot((key) => key === 'never')
      .selectKey((key) => key);
  }
  return chain;
}

/** How often the garbage collector had to look through the young generation while records went through. */
async function collections(receive: ReturnType<typeof chainOf>['receive']): Promise<number> {
  for (let i = 0; i < 100_000; i++) receive('key', 'value', 1);
  let seen = 0;
  const observer = new PerformanceObserver((list) => {
    seen += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  for (let i = 0; i < RECORDS; i++) receive('key', 'value', 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  observer.disconnect();
  return seen;
}

describe('a chain of 25 stateless operators', () => {
  it('is one pass without an allocation for each operator', async () => {
    const chain = chainOf(stateless);
    expect(await collections(chain.receive)).toBeLessThanOrEqual(COLLECTIONS_MAX);
    expect(chain.count()).toBe(RECORDS + 100_000);
  });

  it('that allocates is seen: the test above can fail', async () => {
    const kept: unknown[] = [];
    const chain = chainOf((stream) =>
      stateless(stream).peek((key, value) => {
        // As an operator that made an object of its record would.
        kept[0] = { key, value, timestamp: 1 };
      }),
    );
    expect(await collections(chain.receive)).toBeGreaterThan(COLLECTIONS_MAX);
  });

  it('hands a record on before it takes the next', () => {
    const seen: string[] = [];
    const { receive } = chainOf((stream) =>
      stream.peek((_key, value) => seen.push(`a${value}`)).peek((_key, value) => seen.push(`b${value}`)),
    );
    receive('k', '1', 1);
    receive('k', '2', 2);
    expect(seen).toEqual(['a1', 'b1', 'a2', 'b2']);
  });
});
