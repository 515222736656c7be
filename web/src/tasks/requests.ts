// How the tasks that stand on a head ask for their results.
import type { Engine } from '../engine.js';
import type { TaskReplies, TaskRequest } from '../protocol/tasks.js';
import * as check from '../validate.js';

/** Runs a task. */
export function runTask<T extends keyof TaskReplies>(
  engine: Engine,
  request: Omit<Extract<TaskRequest, { task: T }>, 'op'> & { task: T },
  signal: AbortSignal | undefined,
): Promise<TaskReplies[T]> {
  return engine.call({ op: 'task', ...request } as unknown as TaskRequest, { signal }) as Promise<TaskReplies[T]>;
}

/** Takes columns apart into lists: `row` makes row i. */
export function rows<R>(lengths: readonly number[], row: (i: number) => R): R[][] {
  let next = 0;
  return Array.from(lengths, (length) => Array.from({ length }, () => row(next++)));
}

/** top_k, 1 to 1000. */
export function topK(what: string, value: unknown, or = ''): number | undefined {
  const k = check.count(`${what}: top_k`, value, or);
  if (k !== undefined && k > 1000) throw check.invalid(`${what}: top_k: ${k}, expected ${or}1 to 1000`);
  return k;
}
