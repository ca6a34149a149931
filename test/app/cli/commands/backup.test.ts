import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { BackupSummary } from '../../../../src/app/backup/make-backup.ts';
import { openDataDirectory } from '../../../../src/storage/data-directory.ts';
import { openTemporaryNode, temporaryData, transaction } from '../../temporary-node.ts';
import { runCommand } from '../run-command.ts';

it('backs up what nobody has open, checks it, and restores it, in words and as JSON', async () => {
  const data = temporaryData();
  const node = await openTemporaryNode(data);
  await node.append([transaction('A', 't1'), transaction('B', 't2')]);
  await node.drain();
  await node.close();
  const [first, second] = [join(data, '..', 'first'), join(data, '..', 'second')];
  const told = await runCommand('backup', '--to', first, '--data', data);
  expect(told).toMatchObject({ code: 0, err: '' });
  expect(told.out).toMatch(
    /^Backup \S+first: [\d.]+ MiB in \d+ files, [\d.]+ s\n {2}log and state [\d.]+ MiB \(\d+ records\), ClickHouse [\d.]+ MiB \(cut \d+\)\n {2}of \d{4}-\S+Z; the sink waited \d+ ms\n$/,
  );
  const summary = JSON.parse(
    (await runCommand('backup', '--to', second, '--json', '--data', data)).out,
  ) as BackupSummary;
  expect(summary).toMatchObject({ to: second, bytes: summary.logBytes + summary.clickhouseBytes });
  expect(await runCommand('restore', second, '--check', '--json')).toMatchObject({ code: 0, err: '' });
  const restored = join(data, '..', 'restored');
  const back = JSON.parse((await runCommand('restore', second, '--json', '--data', restored)).out);
  expect(back).toMatchObject({
    from: second,
    data: restored,
    records: summary.records,
    bytes: summary.bytes,
    headrace: expect.any(String),
  });
  expect(readdirSync(restored).sort()).toEqual(['clickhouse', 'log']);
  expect((await runCommand('restore', first, '--check')).out).toMatch(
    /^The backup \S+first is whole: .* records, of \d{4}-/,
  );
});

it('refuses a directory whose log is on Kafka, whether its brokers are named or not', async () => {
  const data = temporaryData();
  const directory = openDataDirectory(data, { clock: Date.now });
  directory.setLogKind('kafka');
  await directory.close();
  const to = join(data, '..', 'backup');
  for (const more of [[], ['--kafka', 'localhost:1']]) {
    expect(await runCommand('backup', '--to', to, '--data', data, ...more)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /With the log on Kafka .* "On Apache Kafka" in docs\/OPERATIONS\.md \[BACKUP_UNSUPPORTED\]\n$/,
      ),
    });
  }
  expect(existsSync(to)).toBe(false);
});
