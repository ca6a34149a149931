import { type Correction, patch } from '../correction.ts';

/**
 * Defect: a connection wakes the process some 900 times a second while nothing happens. `checkPendingRequests` always
 * schedules itself again, and without throttling the delay is negative, that is 1 ms, for ever; and a timer looks for
 * requests out of time ten times a second, whether there are any or not (src/network/requestQueue/index.js, 87-103 and 306-322;
 * issue 1751). That check reads the wall clock, so a step of it lets requests time out early.
 *
 * Correction: the queue is checked again only while something waits in it; each request that is sent has a timer of
 * its own, which ends with it, so that an idle connection has none.
 */
export const idleWakeUps: Correction = {
  name: 'idle-wake-ups',
  summary: 'an idle connection has no timer at all, where stock wakes 900 times a second',
  patches: {
    'src/network/requestQueue/index.js': patch<RequestQueueClass>((RequestQueue) => {
      const { scheduleCheckPendingRequests, createSocketRequest } = RequestQueue.prototype;
      RequestQueue.prototype.scheduleCheckPendingRequests = function schedule() {
        if (this.pending.length > 0) scheduleCheckPendingRequests.call(this);
      };
      RequestQueue.prototype.scheduleRequestTimeoutCheck = () => {};
      RequestQueue.prototype.createSocketRequest = function create(pushed) {
        const request = createSocketRequest.call(this, pushed);
        return this.enforceRequestTimeout ? withTimer(request) : request;
      };
    }),
  },
};

function withTimer(request: SocketRequest): SocketRequest {
  const { send, completed, rejected } = request;
  let timer: NodeJS.Timeout | undefined;
  request.send = () => {
    send.call(request);
    timer = setTimeout(() => request.timeoutRequest(), request.requestTimeout);
  };
  request.completed = (answer) => {
    clearTimeout(timer);
    completed.call(request, answer);
  };
  request.rejected = (error) => {
    clearTimeout(timer);
    rejected.call(request, error);
  };
  return request;
}

interface SocketRequest {
  readonly requestTimeout: number;
  send: () => void;
  completed: (answer: unknown) => void;
  rejected: (error: unknown) => void;
  timeoutRequest(): void;
}

interface RequestQueue {
  readonly pending: readonly SocketRequest[];
  readonly enforceRequestTimeout: boolean;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
  createSocketRequest(pushed: unknown): SocketRequest;
}

interface RequestQueueClass {
  readonly prototype: RequestQueue;
}
