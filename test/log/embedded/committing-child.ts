import { writeSync } from 'node:fs';
import { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { RecordBuffer } from '../../../src/log/record-buffer.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';

/**
 * Appends and commits without end (or `rounds` times) and writes a line for each acknowledgement: `append N` when
 * producer N's record is acknowledged in both topics, `commit N` when the member's commit N is.
 */
const [path = '', rounds = 'Infinity', stopAt = ''] = process.argv.slice(2);
let stepsLeft = Number(stopAt.split(':')[1] ?? 0);
const directory = openDataDirectory(path, { clock: Date.now });
const log = new EmbeddedLog({
  directory,
  clock: Date.now,
  onStep(step) {
    if (step === stopAt.split(':')[0] && --stepsLeft === 0) process.kill(process.pid, 'SIGKILL');
  },
});
const topic = { partitions: 1, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 } as const;
await log.createTopics([
  { name: 'left', ...topic },
  { name: 'right', ...topic },
  { name: 'out', ...topic },
]);
const member = await log.join({ group: 'g', member: 'm', topicSets: [['left']] });
const { assignment } = await member.poll({ maxRecords: 1, timeoutMs: 0 });
let offset = assignment!.partitions[0]!.offset;
let number = (await log.watermarks('left'))[0]!.end;
writeSync(1, 'ready\n');

for (let round = 0; round < Number(rounds); round++) {
  const appends: Promise<unknown>[] = [];
  for (let i = 0; i < 5; i++) {
    const n = number++;
    const record = { partition: 0, timestamp: n, key: Buffer.from(`${n}`), value: Buffer.alloc(200) };
    const appended = log.append([
      { topic: 'left', ...record },
      { topic: 'right', ...record },
    ]);
    appends.push(appended.then(() => writeSync(1, `append ${n}\n`)));
  }
  await Promise.all(appends);
  const { batches } = await member.poll({ maxRecords: 1_000, timeoutMs: 0 });
  const buffer = new RecordBuffer();
  for (const batch of batches) {
    for (let i = 0; i < batch.length; i++) buffer.append(batch.timestampAt(i), batch.keyAt(i), null, []);
    offset = batch.offsetAt(batch.length - 1) + 1;
  }
  await member.commit({
    epoch: assignment!.epoch,
    records: [{ topic: 'out', partition: 0, buffer }],
    offsets: [{ topic: 'left', partition: 0, offset }],
    stateChanges: [{ store: 's', partition: 0, entries: [['offset', Buffer.from(`${offset}`)]] }],
  });
  writeSync(1, `commit ${offset}\n`);
}
await log.close();
