import { type Correction, patch } from '../correction.ts';

/**
 * Defect: an EndTxn that fails leaves the producer in a state that nothing leads out of: every later `transaction()` is refused until the
 * process ends (src/producer/eosManager/index.js, 288-333; issue 1355). And a transaction that failed to end comes to life again with
 * the next one of the producer, for its handle looks at the producer's state only (src/producer/index.js, 152-184). After an
 * abort the sequence numbers go on where the aborted messages left them, whether those arrived or not.
 *
 * Correction: after a failed end, and after every abort, the next transaction begins with InitProducerId: it ends what is open
 * under this id and brings a new epoch (KIP-360 does it by a bump). A transaction's handle is dead once its end was tried. Where the
 * broker says that another producer has the id, the producer stays unusable: taking the id back would have the two throw each
 * other out for ever.
 */
export const transactionEnds: Correction = {
  name: 'transaction-ends',
  summary: 'a transaction that cannot be ended does not leave the producer unusable',
  patches: {
    'src/producer/eosManager/transactionStateMachine.js': patch<CreateMachine>((create) => (options: unknown) => {
      latest = create(options);
      return latest;
    }),
    'src/producer/eosManager/index.js': patch<CreateManager>((create, load) => (options: unknown) => {
      const { KafkaJSNonRetriableError } = load('src/errors') as Errors;
      const manager = create(options);
      // The manager makes its state machine while it is made itself.
      const machine = latest;
      return machine === undefined ? manager : withNewBeginnings(manager, machine, KafkaJSNonRetriableError);
    }),
  },
  edits: {
    'src/producer/index.js': [
      {
        from: 'await transactionalEosManager.abort()\n        transactionDidEnd = true',
        to: endedInAnyCase('abort'),
      },
      {
        from: 'await transactionalEosManager.commit()\n        transactionDidEnd = true',
        to: endedInAnyCase('commit'),
      },
    ],
  },
};

/** The handle of a transaction is dead unless the end was refused before anything was sent. */
function endedInAnyCase(method: string): string {
  return `try {
          await transactionalEosManager.${method}()
        } finally {
          transactionDidEnd = !transactionalEosManager.isInTransaction()
        }`;
}

let latest: Machine | undefined;

const FENCED = ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'];

function withNewBeginnings(
  manager: Manager,
  machine: Machine,
  NonRetriable: Errors['KafkaJSNonRetriableError'],
): Manager {
  const { commit, abort, initProducerId, isInitialized } = manager;
  let mustBeginAnew = false;
  let fencedBy: Error | undefined;

  const end = async (method: () => Promise<void>): Promise<void> => {
    try {
      await method();
    } catch (error) {
      if (error instanceof Error && 'type' in error && FENCED.includes(String(error.type))) fencedBy = error;
      if (['COMMITTING', 'ABORTING'].includes(machine.state())) machine.transitionTo('READY');
      mustBeginAnew = true;
      throw error;
    }
  };

  // Mutated, not copied: kafkajs's own methods call each other by way of this object.
  return Object.assign(manager, {
    commit: async () => {
      const { failedSend } = manager;
      if (failedSend === undefined) return end(commit);
      const why = failedSend instanceof Error ? failedSend.message : String(failedSend);
      throw new NonRetriable(`A send of this transaction failed (${why}): it can only be aborted`);
    },
    abort: async () => {
      await end(abort);
      mustBeginAnew = true;
    },
    isInitialized: () => !mustBeginAnew && isInitialized.call(manager),
    initProducerId: async () => {
      if (fencedBy !== undefined) {
        throw new NonRetriable(
          `Another producer has taken the transactional id (${fencedBy.message}); this one cannot go on`,
        );
      }
      await initProducerId();
      mustBeginAnew = false;
      manager.failedSend = undefined;
    },
  });
}

interface Machine {
  state(): string;
  transitionTo(state: string): void;
}

interface Manager {
  commit(): Promise<void>;
  abort(): Promise<void>;
  initProducerId(): Promise<void>;
  isInitialized(): boolean;
  /** Set by the correction `send-retries`. */
  failedSend?: unknown;
}

type CreateMachine = (options: unknown) => Machine;
type CreateManager = (options: unknown) => Manager;

interface Errors {
  readonly KafkaJSNonRetriableError: new (message: string) => object;
}
