import { readdirSync, readFileSync } from 'node:fs';
import { countSerde, StreamsBuilder, stringSerde } from 'headrace';
import { EmbeddedApplication } from 'headrace/embedded';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../embedded-log.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  it('shows an example that does what it says', () => {
    const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
    const body = code.replaceAll(/^import .*$/gm, '').replace(/console\.log\((.*)\);.*/, 'return $1;');
    const run = new Function('countSerde', 'StreamsBuilder', 'stringSerde', 'TopologyTestDriver', body);
    const counts = run(countSerde, StreamsBuilder, stringSerde, TopologyTestDriver) as [string, number][];
    expect(counts.filter(([word]) => word === 'to')).toEqual([
      ['to', 1],
      ['to', 2],
    ]);
    expect(counts.filter(([word]) => word === 'be')).toEqual([['be', 1]]);
  });

  it('shows a topology in process that does what it says', async () => {
    const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) =>
      code!.replaceAll(/^import .*$/gm, ''),
    );
    const directory = temporaryDirectory();
    const topology = blocks[0]!.slice(0, blocks[0]!.indexOf('const driver'));
    const body = blocks[1]!.replace("'./data/word-count'", JSON.stringify(directory.path));
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
    const views = [...readme.matchAll(/headrace\.([a-z_]+)/g)].map(([, view]) => view!);
    expect(views.length).toBeGreaterThan(5);
    for (const view of views) expect(sql).toContain(`VIEW IF NOT EXISTS headrace.${view} AS`);
  });
});
