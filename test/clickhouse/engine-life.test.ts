import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readText } from '../../src/clickhouse/clickhouse.ts';
import { openEmbedded } from '../../src/clickhouse/connection/embedded.ts';
import { EngineLife, ServerLife, type ServerStart } from '../../src/clickhouse/engine-life.ts';
import { withDirectory } from './temporary-store.ts';

test('tokens of one life are equal, those of another are not', () => {
  const life = new EngineLife('a');
  const first = life.token('t');
  expect(life.token('t')).toBe(first);
  expect(life.token('u')).not.toBe(first);
  expect(new EngineLife('b').token('t')).not.toBe(first);
  life.renew();
  expect(life.token('t')).not.toBe(first);
});

async function serverLife(start: Omit<ServerStart, 'random'>) {
  const server = { start, asked: 0, isAway: false };
  const life = new ServerLife(async () => {
    server.asked++;
    if (server.isAway) throw new Error('away');
    return { ...server.start, random: `r${server.asked}` };
  });
  return { life, server };
}

test('a server keeps its life until it is started anew, for everybody who asks', async () => {
  const { life, server } = await serverLife({ server: 'a', life: 'one' });
  const first = await life.token('t');
  expect(await life.token('t')).toBe(first);
  expect(server.asked).toBe(1);
  const other = await serverLife({ server: 'a', life: 'one' });
  expect(await other.life.token('t')).toBe(first);
  life.doubt();
  expect(await life.token('t')).toBe(first);
  expect(server.asked).toBe(2);
  expect(await life.hasRestarted()).toBe(false);
  server.start = { server: 'a', life: 'two' };
  expect(await life.hasRestarted()).toBe(true);
  expect(await life.hasRestarted()).toBe(false);
  const second = await life.token('t');
  expect(second).not.toBe(first);
  life.renew();
  expect(await life.token('t')).not.toBe(second);
});

test('an insert that fails while another has asked is not covered by that answer: the server is asked again', async () => {
  const { life, server } = await serverLife({ server: 'a', life: 'one' });
  const first = await life.token('t');
  const asked = life.hasRestarted();
  server.start = { server: 'a', life: 'two' };
  life.doubt();
  expect(await asked).toBe(false);
  expect(await life.token('t')).not.toBe(first);
});

test('another node of a cluster has tokens of its own, and is no restart', async () => {
  const { life, server } = await serverLife({ server: 'a', life: 'one' });
  const first = await life.token('t');
  server.start = { server: 'b', life: 'two' };
  expect(await life.hasRestarted()).toBe(false);
  expect(await life.token('t')).not.toBe(first);
});

test('without an answer there is no token: it would be of a life that nobody knows', async () => {
  const { life, server } = await serverLife({ server: 'a', life: 'one' });
  server.isAway = true;
  await expect(life.token('t')).rejects.toThrow('away');
  server.isAway = false;
  const first = await life.token('t');
  life.doubt();
  server.isAway = true;
  await expect(life.token('t')).rejects.toThrow('away');
  server.isAway = false;
  expect(await life.token('t')).toBe(first);
});

test('a token that stands in the log of an engine whose part never came to its place does not keep the rows out', async () => {
  await withDirectory(async (path) => {
    const table = 'headrace.numbers_rows';
    const columns = [{ name: 'n', type: 'UInt8' }];
    const insert = async (isFirst: boolean) => {
      const engine = await openEmbedded({ path });
      if (isFirst) {
        await engine.command('CREATE DATABASE headrace');
        await engine.command(
          `CREATE TABLE ${table} (n UInt8) ENGINE = ReplacingMergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100`,
        );
      }
      const rows = { token: 'cut-1', queryId: 'cut-1' };
      // Twice in one life: the second time is dropped.
      await engine.insert(table, columns, [new Uint8Array([1, 2, 3])], rows);
      await engine.insert(table, columns, [new Uint8Array([1, 2, 3])], rows);
      const counted = await readText(engine, `SELECT count() FROM ${table}`, { format: 'TSV' });
      const found = await engine.rows<{ path: string }>(
        `SELECT path FROM system.parts WHERE database = 'headrace' AND table = 'numbers_rows' AND active`,
      );
      await engine.close();
      return { count: Number(counted), parts: found.map((part) => part.path) };
    };
    const first = await insert(true);
    expect(first.count).toBe(3);
    // What a kill leaves behind between the note in the log and the renaming of the part.
    expect(first.parts).toHaveLength(1);
    const part = first.parts[0]!;
    expect(readdirSync(join(part, '..'))).toContain('deduplication_logs');
    rmSync(part, { recursive: true });
    expect((await insert(false)).count).toBe(3);
  });
});
