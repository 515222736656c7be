// One request while the worker serves it.
import type { Running } from './instantiate.js';

/** One request while it is served. The Go program looks at `aborted` between layers. */
export class Job {
  aborted = false;
  readonly controller = new AbortController();

  abort(): void {
    this.aborted = true;
    this.controller.abort();
  }

  /** Lets waiting messages in: settles after the event loop has turned once. */
  readonly turn = (): Promise<void> => {
    return new Promise((resolve) => {
      waiting.push(resolve);
      channel.port2.postMessage(0);
    });
  };
}

// A message to oneself is a task of its own, and unlike a timer it is not delayed.
const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Calls a function of the Go program. */
export function call(r: Running, op: string, request: object, job: Job): Promise<unknown> {
  return new Promise((resolve, reject) => r.engine.call(op, request, job, resolve, reject));
}
