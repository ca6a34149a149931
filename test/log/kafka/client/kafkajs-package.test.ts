import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { correctedSources, kafkajsVersion } from '../../../../src/log/kafka/client/corrected-sources.ts';
import type { Correction } from '../../../../src/log/kafka/client/correction.ts';
import { corrections } from '../../../../src/log/kafka/client/corrections.ts';
import { loadKafkajs } from '../../../../src/log/kafka/client/kafkajs-package.ts';

const require = createRequire(import.meta.url);

test('every file that a correction touches has its hash, and no other has', () => {
  const touched = corrections.flatMap(({ patches = {}, edits = {} }) => [
    ...Object.keys(patches),
    ...Object.keys(edits),
  ]);
  expect(Object.keys(correctedSources).sort()).toEqual([...new Set(touched)].sort());
});

test('each correction loads alone, and all together', () => {
  for (const each of corrections) expect(loadKafkajs([each])('index')).toHaveProperty('Kafka');
  expect(loadKafkajs(corrections)('index')).toHaveProperty('Kafka');
  expect(new Set(corrections.map(({ name }) => name)).size).toBe(corrections.length);
});

test("a copy is its own: the program's kafkajs and other copies stay as they are", () => {
  const path = 'src/consumer/filterAbortedMessages';
  const own = loadKafkajs(corrections);
  expect(own(path)).not.toBe(loadKafkajs([])(path));
  expect(own(path)).toBe(own(`${path}.js`));
  const installed = require.resolve('kafkajs/package.json');
  expect(own('index')).not.toBe(require('kafkajs'));
  expect(require(join(dirname(installed), `${path}.js`)).toString()).toBe(String(loadKafkajs([])(path)));
});

test('a file that is not the one of the release is refused, with what to do', () => {
  const unknown: Correction = { name: 'x', summary: 'x', patches: { 'src/retry/index.js': () => undefined } };
  expect(() => loadKafkajs([unknown])).toThrow(
    expect.objectContaining({
      code: 'KAFKA_CLIENT_UNSUPPORTED',
      message: expect.stringMatching(/src\/retry\/index\.js .* was changed, but .*kafkajs 2\.2\.4.*npm ci/),
    }),
  );
  const missing: Correction = { name: 'x', summary: 'x', patches: { 'src/none.js': () => undefined } };
  expect(() => loadKafkajs([missing])).toThrow(expect.objectContaining({ code: 'KAFKA_CLIENT_UNSUPPORTED' }));
});

test('an edit that does not fit exactly once is refused', () => {
  const file = 'src/index.js';
  for (const from of ['nowhere in that file', 'logger']) {
    const edit: Correction = { name: 'x', summary: 'x', edits: { [file]: [{ from, to: '' }] } };
    expect(() => loadKafkajs([edit])(file)).toThrow(/places for/);
  }
});

test('the release that is pinned is the one that is corrected', () => {
  const text = readFileSync(require.resolve('kafkajs/package.json'), 'utf8');
  expect(JSON.parse(text)).toMatchObject({ version: kafkajsVersion });
  const project: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(project).toMatchObject({ dependencies: { kafkajs: kafkajsVersion } });
  expect(createHash('sha256').update('').digest('hex')).not.toBe(correctedSources['src/index.js']);
});
