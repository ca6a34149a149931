import type { Cluster } from '../cluster/cluster.ts';
import { TransactionalProducer } from './transactional-producer.ts';

/** The producers of groups' members, each by its transactional id: one name is one producer, whichever process has it. */
export class GroupProducers {
  readonly #cluster: Cluster;
  readonly #transactionTimeoutMs: number | undefined;

  constructor(cluster: Cluster, transactionTimeoutMs: number | undefined) {
    this.#cluster = cluster;
    this.#transactionTimeoutMs = transactionTimeoutMs;
  }

  /** `member` as the group knows it: INSTANCE.MEMBER. */
  of(group: string, member: string): TransactionalProducer {
    const transactionTimeoutMs = this.#transactionTimeoutMs;
    return new TransactionalProducer({
      cluster: this.#cluster,
      // No name of a group has a slash, so that two pairs never make one id.
      transactionalId: `${group}/${member}`,
      ...(transactionTimeoutMs === undefined ? {} : { transactionTimeoutMs }),
    });
  }

  /** Aborts what a member has open, and fences whoever works under its name. */
  async endTransactionOf(group: string, member: string): Promise<void> {
    await this.of(group, member).init();
  }
}
