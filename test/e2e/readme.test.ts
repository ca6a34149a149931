import { readdirSync, readFileSync } from 'node:fs';
import { countSerde, StreamsBuilder, stringSerde } from 'headrace';
import { EmbeddedApplication } from 'headrace/embedded';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../embedded-log.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  it('shows a topology in process that does what it says', async () => {
    const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) =>
      code!.replaceAll(/^import .*$/gm, ''),
    );
    const directory = temporaryDirectory();
    // The first two are the topology and its test, which packed-project.test.ts installs and runs.
    const topology = blocks[0]!.replace('export const', 'const');
    const body = blocks[2]!.replace("'./data/word-count'", JSON.stringify(directory.path));
    const names = ['countSerde', 'StreamsBuilder', 'stringSerde', 'EmbeddedApplication', 'console'];
    const run = new Function(...names, `return (async () => {${topology}${body}})();`);
    const said: string[] = [];
    const log = (...words: readonly unknown[]) => said.push(words.join(' '));
    try {
      await run(countSerde, StreamsBuilder, stringSerde, EmbeddedApplication, { log });
    } finally {
      directory.remove();
    }
    expect(said.sort()).toEqual(['be 1', 'to 1']);
  });

  it('names only views that exist', () => {
    const directory = new URL('../../sql/', import.meta.url);
    const sql = readdirSync(directory)
      .filter((file) => file.endsWith('.sql'))
      .map((file) => readFileSync(new URL(file, directory), 'utf8'))
      .join('\n');
    const views = [...readme.matchAll(/headrace\.(?!config\b)([a-z_]+)/g)].map(([, view]) => view!);
    expect(views.length).toBeGreaterThan(5);
    for (const view of views) expect(sql).toContain(`VIEW IF NOT EXISTS headrace.${view} AS`);
  });
});
