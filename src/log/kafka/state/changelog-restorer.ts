import type { TopicPartition } from '../../record.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { pause, unavailable } from '../cluster/retries.ts';
import type { Topics } from '../cluster/topics.ts';
import type { LogReader } from '../fetch/log-reader.ts';
import type { LocalState } from './local-state.ts';
import { type Restoration, restore } from './restore.ts';
import type { RestoreProgress } from './restore-progress.ts';

export interface ChangelogRestorerOptions {
  readonly cluster: Cluster;
  readonly topics: Topics;
  readonly reader: LogReader;
  readonly local: LocalState;
  readonly group: string;
  readonly onRestore?: (progress: RestoreProgress) => void;
  readonly onRebuild?: (changelog: TopicPartition, because: string) => void;
}

export type ChangelogToRestore = Pick<
  Restoration,
  'kind' | 'changelog' | 'stores' | 'statePartition' | 'start' | 'end' | 'requireWanted'
> &
  Partial<Pick<Restoration, 'holder' | 'stepBytes' | 'transactionRecords'>>;

/** Restores of one group from its changelogs on the brokers. */
export class ChangelogRestorer {
  readonly #options: ChangelogRestorerOptions;

  constructor(options: ChangelogRestorerOptions) {
    this.#options = options;
  }

  /** Returns the id of the changelog's topic. Rejects as {@link restore} does. */
  async restore(asked: ChangelogToRestore): Promise<string> {
    const { cluster, topics, reader, local, group, onRestore, onRebuild } = this.#options;
    const { topic } = asked.changelog;
    const { id: topicId } = await cluster.topic(topic);
    await restore({
      ...asked,
      local,
      group,
      topicId,
      reader: {
        fetch: ({ partition }, offset) => reader.readAhead(topic, partition, offset),
        endOf: async (place) => (await reader.watermarks([place]))[0]!.end,
      },
      deleteRetentionMs: await topics.deleteRetentionMs(topic),
      clock: cluster.timing.clock,
      pause: (milliseconds) => pause(cluster.timing, milliseconds),
      requireWanted: () => {
        asked.requireWanted();
        // Reading looks up the topic anew where it has to: what comes then may be of another one.
        const now = cluster.known(topic);
        if (now !== undefined && now.id !== topicId) throw unavailable(`Topic ${topic} was made anew meanwhile`);
      },
      ...(onRestore === undefined ? {} : { onProgress: onRestore }),
      ...(onRebuild === undefined ? {} : { onRebuild }),
    });
    return topicId;
  }
}
