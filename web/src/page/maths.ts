// Functions of vectors, with the names of transformers.js.
import { Tensor } from './tensor.js';
import { invalid } from './validate.js';

/** A vector: numbers in an array, a typed array, or a Tensor. */
export type Vector = ArrayLike<number> | Tensor<'float32'>;

function numbers(what: string, v: Vector): ArrayLike<number> {
  const data = v instanceof Tensor ? v.data : v;
  if (typeof data !== 'object' || data === null || typeof data.length !== 'number') throw invalid(`${what}: expected an array of numbers or a float32 Tensor`);
  return data;
}

function both(what: string, a: Vector, b: Vector): [ArrayLike<number>, ArrayLike<number>] {
  const [x, y] = [numbers(what, a), numbers(what, b)];
  if (x.length !== y.length) throw invalid(`${what}: ${x.length} and ${y.length} numbers, expected as many`);
  return [x, y];
}

/** The dot product Σ aᵢ·bᵢ. */
export function dot(a: Vector, b: Vector): number {
  const [x, y] = both('dot', a, b);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** The Euclidean length √(Σ aᵢ²). */
export function magnitude(a: Vector): number {
  return Math.sqrt(dot(a, a));
}

/** The cosine of the angle between two vectors: 1 for the same direction. */
export function cos_sim(a: Vector, b: Vector): number {
  both('cos_sim', a, b);
  return dot(a, b) / (magnitude(a) * magnitude(b));
}

/** The probabilities exp(aᵢ) / Σ exp(aⱼ). */
export function softmax(a: Vector): number[] {
  const x = Array.from(numbers('softmax', a));
  const top = x.reduce((m, v) => Math.max(m, v), -Infinity);
  const e = x.map((v) => Math.exp(v - top));
  const sum = e.reduce((s, v) => s + v, 0);
  return e.map((v) => v / sum);
}

/** The logarithms of softmax. */
export function log_softmax(a: Vector): number[] {
  const x = Array.from(numbers('log_softmax', a));
  const top = x.reduce((m, v) => Math.max(m, v), -Infinity);
  const log = Math.log(x.reduce((s, v) => s + Math.exp(v - top), 0));
  return x.map((v) => v - top - log);
}

/**
 * The mean of the states of each text's tokens, without padding.
 *
 * @param last_hidden_state [texts, tokens, width]
 * @param attention_mask [texts, tokens]
 * @returns [texts, width]
 */
export function mean_pooling(last_hidden_state: Tensor<'float32'>, attention_mask: Tensor<'int64'>): Tensor<'float32'> {
  const what = 'mean_pooling';
  if (!(last_hidden_state instanceof Tensor) || last_hidden_state.type !== 'float32' || last_hidden_state.dims.length !== 3) {
    throw invalid(`${what}: last_hidden_state: expected a float32 Tensor [texts, tokens, width]`);
  }
  const [rows, tokens, width] = last_hidden_state.dims as [number, number, number];
  if (!(attention_mask instanceof Tensor) || attention_mask.type !== 'int64' || attention_mask.dims.join() !== `${rows},${tokens}`) {
    throw invalid(`${what}: attention_mask: expected an int64 Tensor [${rows}, ${tokens}]`);
  }
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const sums = new Float64Array(width);
    let count = 0;
    for (let t = 0; t < tokens; t++) {
      const weight = Number(attention_mask.data[row * tokens + t]);
      if (weight === 0) continue;
      count += weight;
      const at = (row * tokens + t) * width;
      for (let i = 0; i < width; i++) sums[i]! += last_hidden_state.data[at + i]! * weight;
    }
    for (let i = 0; i < width; i++) out[row * width + i] = sums[i]! / count;
  }
  return new Tensor('float32', out, [rows, width]);
}
