import { describe } from 'vitest';
import type { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import type { Member } from '../../../src/log/log.ts';
import { openLog, temporaryDirectory, topicConfig } from '../../embedded-log.ts';
import { stateCases } from './state-cases.ts';
import type { StateUnderTest } from './state-under-test.ts';

async function open(): Promise<StateUnderTest> {
  const directory = temporaryDirectory();
  let log: EmbeddedLog;
  let member: Member;
  let epoch: number;
  const start = async () => {
    log = openLog(directory.path);
    await log.createTopics([topicConfig('in')]);
    member = await log.join({ group: 'g', member: 'm', topicSets: [['in']] });
    epoch = (await member.poll({ maxRecords: 1, timeoutMs: 0 })).assignment!.epoch;
  };
  await start();
  return {
    partition: (store, partition) => member.state.partition(store, partition),
    commit: async (stateChanges) => {
      await member.commit({ epoch, records: [], offsets: [], stateChanges });
    },
    crash: async () => {
      await log.close();
      await start();
    },
    dispose: async () => {
      await log.close();
      directory.remove();
    },
  };
}

describe('stores over an embedded log', () => {
  stateCases(open);
});
