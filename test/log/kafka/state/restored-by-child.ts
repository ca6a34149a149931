import { fileURLToPath } from 'node:url';
import { LocalState } from '../../../../src/log/kafka/state/local-state.ts';
import { restore } from '../../../../src/log/kafka/state/restore.ts';
import { Environment } from '../../../../src/storage/environment.ts';
import { type Change, ChangelogUnderTest } from './changelog-under-test.ts';

export const CHANGELOG = { topic: 'g-in-changelog', partition: 2 };
export const STORES = ['s', 'other'];

/** Where the child may be told to die: at the nth call of its options. */
export const CHILD_STEPS = [
  'pause:1',
  'pause:2',
  'pause:4',
  'pause:9',
  'fetch:1',
  'fetch:12',
  'progress:1',
  'progress:3',
];

/** Some thousand changes, the same with every call; `salt` makes another changelog. */
export function childChangelog(salt = ''): {
  readonly changelog: ChangelogUnderTest;
  readonly written: readonly Change[];
} {
  const changelog = new ChangelogUnderTest(100);
  const written: Change[] = [];
  for (let transaction = 0; transaction < 60; transaction++) {
    const changes = Array.from({ length: 50 }, (_, i): Change => {
      const number = (transaction * 50 + i) * 7_919;
      const value = number % 11 === 0 ? null : `${number}`;
      return { store: STORES[number % 2]!, partition: CHANGELOG.partition, key: `${salt}key-${number % 1_009}`, value };
    });
    changelog.append(changes);
    written.push(...changes);
  }
  changelog.compact(1_500, 0, 1);
  return { changelog, written };
}

/** Restores into the directory, and kills itself at the step named. */
async function main(path: string, topicId: string, stopAt: string): Promise<void> {
  const [name, count] = stopAt.split(':');
  let left = Number(count);
  const step = (reached: string) => {
    if (reached === name && --left === 0) process.kill(process.pid, 'SIGKILL');
  };
  const environment = Environment.open(path);
  const { changelog } = childChangelog(topicId === 'before' ? 'before-' : '');
  await restore({
    kind: 'owner',
    local: new LocalState(environment),
    reader: {
      fetch(place, offset) {
        step('fetch');
        return changelog.fetch(place, offset);
      },
      endOf: () => changelog.endOf(),
    },
    group: 'g',
    changelog: CHANGELOG,
    stores: STORES,
    statePartition: CHANGELOG.partition,
    topicId,
    start: 0,
    end: changelog.end,
    deleteRetentionMs: 86_400_000,
    clock: Date.now,
    pause: async () => step('pause'),
    requireWanted: () => {},
    onProgress: () => step('progress'),
    stepBytes: 40_000,
    transactionRecords: 150,
  });
  await environment.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path = '', topicId = '', stopAt = ''] = process.argv.slice(2);
  await main(path, topicId, stopAt);
}
