import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BEGIN, topologyFolder } from '../app/user-topology/topology-file.ts';
import { endsWell, headrace, startHeadrace } from './headrace.ts';

const COUNTS = `${BEGIN}builder.stream('words', texts).groupBy((_key, word) => word, { name: 'by-word', ...texts })
  .count({ name: 'counts' }).toStream().to('word-counts', { key: stringSerde, value: countSerde });
export default builder.build();
`;

it('runs until it is told to end, while other commands send to it and ask it', async () => {
  const file = topologyFolder({ 't.ts': COUNTS });
  const data = ['--data', file('data')];
  const running = startHeadrace(['start', '--topology', file('t.ts'), '--port', '0', ...data]);
  await running.said(/t runs, serving at http:\/\/127\.0\.0\.1:\d+/);
  const [, address] = /serving at (\S+)/.exec(running.told())!;
  await running.said(/0 processed/);
  expect((await fetch(`${address}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${address}/metrics`)).text()).toContain(
    'kafka_stream_thread_process_total{thread_id="t-worker-0"} 0',
  );
  expect((await fetch(`${address}/transactions`)).status).toBe(401);
  for (const word of ['to', 'be', 'to']) {
    expect(await headrace(['produce', 'words', '--value', word, ...data])).toMatchObject({ status: 0 });
  }
  const consumed = await headrace(['consume', 'word-counts', '--topology', file('t.ts'), ...data]);
  const counts = consumed.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { key: string; value: number });
  expect(counts.map(({ key, value }) => `${key} ${value}`)).toEqual(['to 1', 'be 1', 'to 2']);
  expect((await headrace(['state', 'get', 'counts', 'to', ...data])).out).toContain('"value":2');
  writeFileSync(file('more.ndjson'), '{"value":"be"}\n{"value":7}\n');
  const ingested = await headrace(['ingest', file('more.ndjson'), '--topology', file('t.ts'), ...data]);
  expect([ingested.status, ingested.out]).toEqual([1, expect.stringMatching(/word-counts: 1 record\n {2}be {2}2\n/)]);
  running.child.kill('SIGINT');
  const { err } = await endsWell(running);
  expect(err).toContain('Everything taken in is processed.');
}, 120_000);

it('is killed in the middle of a file, and nothing is counted twice when it goes on', async () => {
  const file = topologyFolder({ 't.ts': COUNTS });
  const lines = 60_000;
  writeFileSync(file('in.ndjson'), '{"value":"to"}\n'.repeat(lines));
  const start = ['start', '--topology', file('t.ts'), '--once', '--data', file('data'), '--input'];
  const running = startHeadrace([...start, file('in.ndjson')]);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  running.child.kill('SIGKILL');
  await running.ended;
  writeFileSync(file('one.ndjson'), '{"value":"be"}\n');
  const { status, out } = await headrace([...start, file('one.ndjson')]);
  expect([status, out]).toEqual([0, expect.stringMatching(/word-counts: 1 record\n {2}be {2}1\n/)]);
  // What was taken in before the kill is counted once each: the last count is the number of records.
  const taken = await headrace(['consume', 'words', '--data', file('data')]);
  const records = taken.out
    .trim()
    .split('\n')
    .filter((line) => line.includes('"value":"to"')).length;
  const row = await headrace(['state', 'get', 'counts', 'to', '--topology', file('t.ts'), '--data', file('data')]);
  expect(records === 0 ? row.status : (JSON.parse(row.out) as { value: number }).value).toBe(
    records === 0 ? 1 : records,
  );
}, 120_000);
