// What the tasks have in common: how a task loads, and the members of every handle.
import type { Client } from '../page/client.js';
import { type Inspectable, inspectable } from '../page/inspect.js';
import { type ModelHandle, modelMembers } from '../page/model.js';
import type { Loaded, Parts } from '../page/options.js';
import { type PreTrainedTokenizer, tokenizer } from '../page/tokenizer.js';
import * as check from '../page/validate.js';
import type { LoadTimings } from '../protocol/load.js';

/** What every pipeline reports about its model and how it ends. */
export interface PipelineHandle<T extends string> extends ModelHandle, Inspectable {
  readonly task: T;
  /** The address of the model's folder. */
  readonly model: string;
  /** Where the model runs now: `capabilities().reasons.webgpu` says why. */
  readonly device: 'wasm' | 'webgpu';
  /** The most tokens of a text, with its template and special tokens. */
  readonly max_length: number;
  /** True if the folder has a manifest.json and every file matched it. */
  readonly verified: boolean;
  /** The time that loading took. */
  readonly timings: LoadTimings;
  /** The model's tokenizer. It runs in the same worker, so its dispose() ends the pipeline. */
  readonly tokenizer: PreTrainedTokenizer;
}

/** A task: the parts of a folder that it needs, and the function that a caller gets. */
export interface TaskDefinition<F> {
  parts: Parts;
  run(loaded: Loaded): F;
}

const clients = new WeakMap<object, Client>();

/** The client of a pipeline for a task; undefined of anything else. */
export function clientOf(pipeline: unknown, task: string): Client | undefined {
  return typeof pipeline === 'function' && (pipeline as Partial<PipelineHandle<string>>).task === task ? clients.get(pipeline) : undefined;
}

/** Makes a pipeline of a task's function. */
export function pipelineHandle<T extends string, F extends object>(task: T, run: F, loaded: Loaded): F & PipelineHandle<T> {
  const { client, info, url } = loaded;
  clients.set(run, client);
  // A property with a getter, which Object.assign would read once: the device may be lost.
  Object.defineProperty(run, 'device', { get: () => client.device, enumerable: true });
  return Object.assign(run as F & { readonly device: 'wasm' | 'webgpu' }, {
    task,
    model: url,
    max_length: info.maxLength,
    verified: info.verified,
    timings: info.timings,
    tokenizer: tokenizer(client, info),
    ...modelMembers(loaded),
    ...inspectable(client, info.maxLength),
  });
}

/** Takes the columns of a reply apart into lists: `row` makes row i. */
export function rows<R>(lengths: readonly number[], row: (i: number) => R): R[][] {
  let next = 0;
  return lengths.map((length) => Array.from({ length }, () => row(next++)));
}

/** The option top_k, 1 to 1000. */
export function topK(what: string, value: unknown, or = ''): number | undefined {
  const k = check.count(`${what}: top_k`, value, or);
  if (k !== undefined && k > 1000) throw check.invalid(`${what}: top_k: ${k}, expected ${or}1 to 1000`);
  return k;
}

/** Whether options ask for more than one result a text. */
export type Several<O> = O extends { top_k: infer K } ? ([K] extends [1] ? false : true) : false;
