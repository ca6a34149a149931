import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '../../../src/clickhouse/clickhouse.ts';
import { HeadraceError } from '../../../src/errors.ts';
import type { SeededRandom } from '../../../src/random.ts';

/** An insert that something may happen to. */
export interface FaultedInsert {
  readonly table: string;
  /** Sink, number and more of the cut, as the insert's query id has them. */
  readonly queryId: string;
}

/** What may happen around an insert; `send` is the insert itself. */
export type InsertFault = (send: () => Promise<void>, insert: FaultedInsert) => Promise<void>;

/** The same ClickHouse, whose inserts go through a fault. Whatever else it can do stays as it is. */
export function withFault(clickhouse: ClickHouse, fault: InsertFault): ClickHouse {
  return new Proxy(clickhouse, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'insert') return value.bind(target);
      return (...args: Parameters<ClickHouse['insert']>) =>
        fault(() => target.insert(...args), { table: args[0], queryId: args[3].queryId });
    },
  });
}

/** What is said of a connection that broke: nobody knows whether the rows are in. */
function cutOff(): HeadraceError {
  return new HeadraceError('CLICKHOUSE_FAILED', 'The connection was cut off: ECONNRESET', { retriable: true });
}

const LOST_ANSWER = 0.08;
const LOST_REQUEST = 0.04;
const ANSWERED_EARLY = 0.04;

/**
 * Lets inserts lose their answer after the rows are in, get lost before, or go on after the connection was cut.
 * Resolves as the insert does where nothing is to happen to it.
 */
export function answersLost(random: SeededRandom, say: (fault: string) => void): InsertFault {
  return async (send) => {
    const dice = random.next();
    if (dice < LOST_ANSWER) {
      await send();
      say('insert:answer-lost');
      throw cutOff();
    }
    if (dice < LOST_ANSWER + LOST_REQUEST) {
      say('insert:request-lost');
      throw cutOff();
    }
    if (dice < LOST_ANSWER + LOST_REQUEST + ANSWERED_EARLY) {
      say('insert:cut-while-running');
      void send().catch(() => undefined);
      await sleep(random.below(20));
      throw cutOff();
    }
    await send();
  };
}
