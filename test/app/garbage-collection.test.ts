import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../embedded-log.ts';
import { compile } from '../runtime/sink/compile.ts';

/** Makes 500 MB of buffers, of which few are kept, with work in between, and says how often all was collected meanwhile. */
const CHURN = `
import { PerformanceObserver, constants } from 'node:perf_hooks';
let collections = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections++;
}).observe({ entryTypes: ['gc'] });
const heap = Array.from({ length: 200_000 }, (_, i) => ({ i }));
const kept = [];
for (let i = 0; i < 5_000; i++) {
  kept[i % 200] = Buffer.allocUnsafeSlow(100_000);
  for (const until = performance.now() + 0.2; performance.now() < until; );
  if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
}
setTimeout(() => console.log(collections, heap.length), 50);
`;

test('buffers that are made and left have all collected far less often', () => {
  const directory = temporaryDirectory();
  try {
    const module = compile('src/app/garbage-collection.ts', directory.path);
    const collections = (head: string) => {
      const script = join(directory.path, 'churn.mjs');
      writeFileSync(script, `${head}\n${CHURN}`);
      const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 60_000 });
      expect(stderr).toBe('');
      return Number(stdout.split(' ')[0]);
    };
    const often = collections('');
    const seldom = collections(`import { collectSeldom } from ${JSON.stringify(module)}; collectSeldom();`);
    expect(often).toBeGreaterThan(10);
    expect(seldom).toBeGreaterThan(0);
    expect(seldom).toBeLessThan(often / 1.5);
  } finally {
    directory.remove();
  }
}, 60_000);
