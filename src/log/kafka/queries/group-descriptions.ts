import type { Cluster } from '../cluster/cluster.ts';
import { describedGroup, type GroupDescription } from '../group/described-group.ts';

/** The groups as their coordinators describe them. Those who wait for a fresh description at a time share one. */
export class GroupDescriptions {
  readonly #describe: (group: string) => Promise<GroupDescription>;
  readonly #last = new Map<string, GroupDescription>();
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Promise<GroupDescription>>();

  constructor(describe: (group: string) => Promise<GroupDescription>) {
    this.#describe = describe;
  }

  static of(cluster: Cluster): GroupDescriptions {
    return new GroupDescriptions((group) => describedGroup(cluster, group));
  }

  /** As it was when it was last asked for: good for asking those who then say themselves whether they are the ones. */
  last(group: string): GroupDescription | undefined {
    return this.#last.get(group);
  }

  /** As it is at some time after this call. */
  fresh(group: string): Promise<GroupDescription> {
    const next = this.#next.get(group);
    if (next !== undefined) return next;
    const running = this.#running.get(group);
    if (running === undefined) return this.#start(group);
    const starting = running.then(() => {
      this.#next.delete(group);
      return this.#start(group);
    });
    this.#next.set(group, starting);
    return starting;
  }

  #start(group: string): Promise<GroupDescription> {
    const describing = this.#describe(group).then((description) => {
      this.#last.set(group, description);
      return description;
    });
    const running = describing.then(
      () => {},
      () => {},
    );
    this.#running.set(group, running);
    void running.then(() => {
      if (this.#running.get(group) === running) this.#running.delete(group);
    });
    return describing;
  }
}
