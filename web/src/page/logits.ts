// Processors: functions of the page that change the logits of a step.
import { Callable } from './callable.js';
import { Tensor } from './tensor.js';
import * as check from './validate.js';

/**
 * Changes the logits of the next token: in place, or by returning others.
 *
 * @param input_ids the tokens of every open sequence so far, with the prompt
 * @param logits [sequences, vocabulary]; −Infinity forbids a token
 */
export type LogitsFunction = (
  input_ids: bigint[][],
  logits: Tensor<'float32'>,
) => Tensor<'float32'> | void | Promise<Tensor<'float32'> | void>;

/** The objects are functions of logits. */
export interface LogitsProcessor extends LogitsFunction {}

/** A LogitsFunction as a class, as in transformers.js: extend it and define `_call`. */
export class LogitsProcessor extends Callable {
  _call(_input_ids: bigint[][], _logits: Tensor<'float32'>): ReturnType<LogitsFunction> {
    throw check.invalid('LogitsProcessor: it has no _call() of its own; extend the class and define _call(input_ids, logits)');
  }
}

/** Processors that run in turn, as in transformers.js. */
export class LogitsProcessorList extends LogitsProcessor {
  readonly processors: LogitsFunction[] = [];

  push(item: LogitsFunction): void {
    this.processors.push(item);
  }

  extend(items: Iterable<LogitsFunction>): void {
    this.processors.push(...items);
  }

  override async _call(input_ids: bigint[][], logits: Tensor<'float32'>): Promise<Tensor<'float32'>> {
    let now = logits;
    for (const one of this.processors) now = (await one(input_ids, now)) ?? now;
    return now;
  }

  [Symbol.iterator](): Iterator<LogitsFunction> {
    return this.processors[Symbol.iterator]();
  }
}

/** Functions, or objects of classes that extend LogitsProcessor. */
export type LogitsProcessorOption = LogitsFunction | readonly LogitsFunction[];

/** The option logits_processor as a list. */
export function processorsOf(what: string, value: unknown): LogitsFunction[] {
  const listed: unknown = value ?? [];
  const all = (Array.isArray(listed) ? listed : [listed]) as LogitsFunction[];
  for (const p of all) check.callback(`${what}: logits_processor`, p ?? 'nothing');
  return all;
}

/** Passes the logits of a step from one processor to the next. The result may be transferred. */
export async function process(what: string, processors: readonly LogitsFunction[], rows: bigint[][], logits: Float32Array): Promise<Float32Array> {
  const dims = [rows.length, logits.length / rows.length];
  let tensor = new Tensor('float32', logits, dims);
  for (const [i, p] of processors.entries()) {
    const other = await p(rows, tensor);
    if (other === undefined || other === null) continue;
    if (!(other instanceof Tensor) || other.type !== 'float32' || other.dims.join() !== dims.join()) {
      throw check.invalid(`${what}: logits_processor ${i} returned something other than nothing or a float32 Tensor [${dims.join(', ')}]`);
    }
    tensor = other;
  }
  // The caller may keep its own tensor, so a copy of that is transferred.
  return tensor.data === logits ? logits : tensor.data.slice();
}
