import { type Correction, patch } from '../correction.ts';

/**
 * Defect: a consumer that ends by an error says so nowhere but in an event that one has to know of. `run()` resolves even where the group
 * could not be joined, and after that nothing rejects: the process lives on and processes nothing
 * (src/consumer/index.js, 189-306; issue 688).
 *
 * Correction: `run()` rejects where the start failed for good, and `crashed()` gives a promise that rejects when the consumer ends by an error
 * after which it does not start again by itself. Where nobody has asked for that promise and nobody listens to
 * `consumer.crash`, the error is an unhandled rejection, so that Node ends the process.
 */
export const consumerCrash: Correction = {
  name: 'consumer-crash',
  summary: 'a consumer that ends by an error rejects run() or crashed(), or ends the process',
  patches: {
    'src/consumer/index.js': patch<CreateConsumer>(
      (createConsumer) => (options: unknown) => withCrashed(createConsumer(options)),
    ),
  },
};

function withCrashed(consumer: Consumer): Consumer & { crashed(): Promise<never> } {
  let fail: (error: unknown) => void = () => {};
  let isStarting = false;
  let isAsked = false;
  const crashes: unknown[] = [];
  const crashed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  crashed.catch(() => {});
  const { on, run } = consumer;
  on(consumer.events.CRASH, ({ payload }) => {
    if (payload.restart) return;
    crashes.push(payload.error);
    fail(payload.error);
    if (!isStarting && !isAsked) void Promise.reject(payload.error);
  });
  return {
    ...consumer,
    on: (eventName, listener) => {
      if (eventName === consumer.events.CRASH) isAsked = true;
      return on(eventName, listener);
    },
    run: async (config) => {
      isStarting = true;
      crashes.length = 0;
      await run(config).finally(() => {
        isStarting = false;
      });
      if (crashes.length > 0) throw crashes[0];
    },
    crashed: () => {
      isAsked = true;
      return crashed;
    },
  };
}

type Listener = (event: { readonly payload: { readonly error: unknown; readonly restart: boolean } }) => void;

interface Consumer {
  readonly events: { readonly CRASH: string };
  on(eventName: string, listener: Listener): unknown;
  run(config?: unknown): Promise<void>;
}

type CreateConsumer = (options: unknown) => Consumer;
