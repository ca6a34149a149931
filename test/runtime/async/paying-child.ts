import { writeSync } from 'node:fs';
import { EmbeddedApplication } from '../../../src/app/embedded/embedded-application.ts';
import { stringSerde } from '../../../src/serde/primitives.ts';
import { StreamsBuilder } from '../../../src/streams/builder.ts';

/**
 * Takes in the records from where an earlier process stopped, asks a gateway over HTTP about each, and says `done` when all results are committed. Kills itself at
 * the given occurrence of a commit's step, if one is given.
 */
const [directory = '', gateway = '', count = '0', killAt = ''] = process.argv.slice(2);
const [step, occurrence = '0'] = killAt.split(':');
let stepsLeft = Number(occurrence);
const serdes = { key: stringSerde, value: stringSerde };

const builder = new StreamsBuilder();
builder
  .stream('in', serdes)
  .callAsync({
    name: 'pay',
    result: stringSerde,
    maxInFlight: 8,
    timeoutMs: 150,
    retry: { attemptsMax: 100, backOffMinMs: 5, backOffMaxMs: 50 },
    call: async ({ key, value, idempotencyKey, signal }) => {
      const headers = { 'idempotency-key': idempotencyKey };
      const response = await fetch(gateway, { method: 'POST', headers, body: `${key} ${value}`, signal });
      if (!response.ok) throw Object.assign(new RangeError(await response.text()), { retriable: true });
      return await response.text();
    },
  })
  .to('out');

const application = await EmbeddedApplication.open({
  directory,
  application: 'app',
  topology: builder.build(),
  partitions: 3,
  commitIntervalMs: 10,
  appendLingerMs: 0,
  onStep: (each) => {
    if (each === step && --stepsLeft === 0) process.kill(process.pid, 'SIGKILL');
  },
});
const input = application.topic('in', serdes);
// Records of one append are on disk together, or none of them is.
for (let next = (await input.read()).length; next < Number(count); ) {
  const records = Array.from({ length: Math.min(10, Number(count) - next) }, (_, i) => next + i);
  await input.append(records.map((i) => ({ key: `k${i % 11}`, value: `${i}` })));
  next += records.length;
}
writeSync(1, 'ready\n');
await application.idle();
await application.close();
writeSync(1, 'done\n');
